// Drives the handler of one consumer as the message loop does, without topics and positions: a
// batch of messages in transactions, and lookups for those that wait, until each is through.

import assert from 'node:assert/strict'
import type {
  Asked,
  ConsumerWork,
  ItemResult,
  LookupFailure,
} from '../../src/consumer/consumer-work.ts'
import { decodeStepMessage, type StepMessage } from '../../src/domain/orders/messages.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { PortError } from '../../src/ports/port-error.ts'

export type Driven =
  | { kind: 'applied' | 'dropped'; said: StepMessage[] }
  | { kind: 'failed'; reason: string; onlyWaits?: true }
export type DriveOptions = { clock?: Clock; withinMs?: number }

/** What became of each message, in order. */
export async function drive<Message, Wanted, Loaded, Changes, Found>(
  work: ConsumerWork<Message, Wanted, Loaded, Changes, Found>,
  messages: readonly Message[],
  {
    clock = { now: () => 0, monotonic: () => 0, after: () => () => {} },
    withinMs = 1_000,
  }: DriveOptions = {},
): Promise<Driven[]> {
  const deadline = clock.monotonic() + withinMs
  const driven: (Driven | undefined)[] = []
  let waiting = messages.map((message, n): { n: number; item: Asked<Message, Found> } => {
    return { n, item: { message, topic: 'firstcome.orders', partition: 0, at: 0 } }
  })
  for (let round = 0; waiting.length > 0; round++) {
    assert.ok(round < 1_000, 'a handler waits for ever')
    const items = waiting.map(({ item }) => item)
    const results = await decideAll(work, items)
    const still = waiting.filter(({ n }, at) => {
      const result = results[at]
      assert.ok(result !== undefined)
      if (result.kind === 'waiting') return true
      driven[n] = { kind: result.kind, said: result.publish.map(({ entry }) => said(entry.value)) }
      return false
    })
    const looked = await lookUpAll(work, still, Math.max(0, deadline - clock.monotonic()))
    waiting = still.flatMap(({ n, item }, at) => {
      const found = looked[at] ?? null
      if (isFailure(found)) driven[n] = found
      const { found: _, ...bare } = item
      return isFailure(found) ? [] : [{ n, item: found === null ? bare : { ...bare, found } }]
    })
  }
  return messages.map((_, n) => {
    const result = driven[n]
    assert.ok(result !== undefined)
    return result
  })
}

async function decideAll<Message, Wanted, Loaded, Changes, Found>(
  work: ConsumerWork<Message, Wanted, Loaded, Changes, Found>,
  items: readonly Asked<Message, Found>[],
): Promise<readonly ItemResult[]> {
  const batch = { checks: [], wanted: work.wantedBy(items) }
  const results = await persistently(() => {
    return work.store.transact(batch, (loaded) => {
      const { changes, results: result } = work.decide(items, loaded)
      return { changes, moves: [], result }
    })
  })
  assert.ok(results !== 'fenced')
  assert.equal(results.length, items.length)
  return results
}

/** As the loop does where an error says that trying again can help. */
async function persistently<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof PortError) || !error.retryable || attempt === 20) throw error
    }
  }
}

async function lookUpAll<Message, Wanted, Loaded, Changes, Found>(
  work: ConsumerWork<Message, Wanted, Loaded, Changes, Found>,
  waiting: readonly { item: Asked<Message, Found> }[],
  withinMs: number,
): Promise<(Found | LookupFailure | null)[]> {
  if (waiting.length === 0) return []
  assert.ok(work.lookUp !== undefined)
  const looked = await work.lookUp(
    waiting.map(({ item }) => item),
    withinMs,
  )
  assert.equal(looked.length, waiting.length)
  return looked
}

function isFailure(found: unknown): found is LookupFailure {
  return found !== null && typeof found === 'object' && 'kind' in found && found.kind === 'failed'
}

function said(value: Buffer): StepMessage {
  const decoded = decodeStepMessage(value)
  assert.ok(decoded.kind === 'message')
  return decoded.message
}
