// The real consumer of dead letters behind a test server, over its log and tables in memory.

import type { TestContext } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { createDeadLetterStoreMemory } from '../../../src/adapters/memory/consumer-stores.ts'
import { startConsumer } from '../../../src/consumer/consumer.ts'
import type { DeadLetter } from '../../../src/domain/orders/dead-letter.ts'
import { createDeadLetterWork } from '../../../src/orders/dead-letters.ts'
import type { TestOrders } from './fixture.ts'

export async function runDeadLetters(
  t: TestContext,
  { log, applier }: TestOrders,
  buried: readonly DeadLetter[],
) {
  const { letters, commands } = applier.tables
  for (const letter of buried) letters.set(letter.id, letter)
  const running = await startConsumer({
    work: createDeadLetterWork(
      createDeadLetterStoreMemory({ letters, commands: commands['dead-letters'] }),
    ),
    log,
    clock: systemClock(),
    onError(error) {
      throw error
    },
  })
  t.after(() => running.close())
  return { letters, running }
}
