// Drives the handler of one consumer as the message loop does, without topics and positions: a
// batch of messages in one transaction, and its task until that has nothing left to do.

import assert from 'node:assert/strict'
import type { ConsumerWork, Item, ItemResult, Publish } from '../../src/consumer/consumer-work.ts'
import { decodeStepMessage, type StepMessage } from '../../src/domain/orders/messages.ts'
import { PortError } from '../../src/ports/port-error.ts'

export type Driven = { kind: 'applied' | 'dropped'; said: StepMessage[] }

/** What became of each message, in order. */
export async function drive<Message, Wanted, Loaded, Changes>(
  work: ConsumerWork<Message, Wanted, Loaded, Changes>,
  messages: readonly Message[],
  source?: Item<Message>['source'],
): Promise<Driven[]> {
  const place = { topic: 'firstcome.orders', partition: 0, at: 0 }
  const items = messages.map((message) => ({ message, ...place, ...(source && { source }) }))
  const batch = { checks: [], wanted: work.wantedBy(items) }
  const { changes, results } = await persistently(() => {
    return work.store.transact(batch, (loaded) => {
      const decided = work.decide(items, loaded)
      return { changes: decided.changes, moves: [], result: decided }
    })
  })
  work.stored?.(changes)
  assert.equal(results.length, items.length)
  return results.map(({ kind, publish }: ItemResult) => ({ kind, said: saidIn(publish) }))
}

/** As the loop does where an error says that trying again can help. */
async function persistently<T>(call: () => Promise<T | 'fenced'>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await call()
      assert.ok(result !== 'fenced')
      return result
    } catch (error) {
      if (!(error instanceof PortError) || !error.retryable || attempt === 20) throw error
    }
  }
}

/**
 * A session of its task; what it publishes is given to `onPublish`. Each turn ends where the task
 * has nothing to do at once; what it is to do after a while is for the next turn.
 */
export function startTask<Message, Wanted, Loaded, Changes>(
  work: ConsumerWork<Message, Wanted, Loaded, Changes>,
  onPublish: (records: readonly Publish[]) => void,
): () => Promise<void> {
  let isWoken = true
  let isWaiting = false
  assert.ok(work.task !== undefined)
  const run = work.task.start({
    partitions: [0],
    checks: () => [],
    partitionOf: () => 0,
    publish: async (records) => onPublish(records),
    wake: (ms) => {
      if (ms === 0) isWoken = true
      else isWaiting = true
    },
    fenced: () => assert.fail('fenced'),
  })
  return async () => {
    isWoken ||= isWaiting
    isWaiting = false
    for (let turn = 0; turn < 1_000; turn++) {
      const wasWoken = isWoken
      isWoken = false
      if (wasWoken) isWaiting = (await run()) !== Number.POSITIVE_INFINITY || isWaiting
      await new Promise((resolve) => setImmediate(resolve))
      if (!isWoken) return
    }
    assert.fail('a task never rests')
  }
}

export function saidIn(records: readonly Publish[]): StepMessage[] {
  return records.flatMap(({ entry }) => {
    const decoded = decodeStepMessage(entry.value)
    return decoded.kind === 'message' ? [decoded.message] : []
  })
}
