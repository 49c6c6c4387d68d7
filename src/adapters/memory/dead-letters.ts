// The memory twin of what the consumer of dead letters keeps.

import {
  commandKey,
  type DeadLetterChanges,
  type DeadLetterLoaded,
  type DeadLetterWanted,
} from '../../ports/orders.ts'
import { createConsumerStoreMemory, pick, writeCommands } from './consumer-store.ts'

/** May be read by others: all that the store keeps, as it is now. */
export type DeadLetterTables = DeadLetterLoaded

export function createDeadLetterStoreMemory(
  tables: DeadLetterTables = { letters: new Map(), commands: new Map() },
) {
  return createConsumerStoreMemory(tables, {
    load: ({ ids, commands }: DeadLetterWanted): DeadLetterLoaded => ({
      letters: pick(tables.letters, ids),
      commands: pick(tables.commands, commands.map(commandKey)),
    }),
    write({ letters, commands }: DeadLetterChanges) {
      for (const letter of letters) tables.letters.set(letter.id, letter)
      writeCommands(tables.commands, commands)
    },
  })
}
