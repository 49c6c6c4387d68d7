// Drives the handler of one consumer as the message loop does, without topics and positions: a
// batch of messages in transactions, and help for those that wait, until each is through.

import assert from 'node:assert/strict'
import type {
  Asked,
  ConsumerWork,
  HelpFailure,
  ItemResult,
} from '../../src/consumer/consumer-work.ts'
import { decodeStepMessage } from '../../src/domain/orders/decode-orders.ts'
import type { StepMessage } from '../../src/domain/orders/messages.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { PortError } from '../../src/ports/coupons.ts'

export type Driven =
  | { kind: 'applied' | 'dropped'; said: StepMessage[] }
  | { kind: 'failed'; reason: string; patient?: true }
export type DriveOptions = { clock?: Clock; withinMs?: number }

/** What became of each message, in order. */
export async function drive<Message, Wanted, Loaded, Changes, Help>(
  work: ConsumerWork<Message, Wanted, Loaded, Changes, Help>,
  messages: readonly Message[],
  { clock = { now: () => 0, after: () => () => {} }, withinMs = 1_000 }: DriveOptions = {},
): Promise<Driven[]> {
  const deadline = clock.now() + withinMs
  const driven: (Driven | undefined)[] = []
  let waiting = messages.map((message, n): { n: number; item: Asked<Message, Help> } => {
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
    const helps = await helpAll(work, still, Math.max(0, deadline - clock.now()))
    waiting = still.flatMap(({ n, item }, at) => {
      const help = helps[at] ?? null
      if (isFailure(help)) driven[n] = help
      const { help: _, ...bare } = item
      return isFailure(help) ? [] : [{ n, item: help === null ? bare : { ...bare, help } }]
    })
  }
  return messages.map((_, n) => {
    const result = driven[n]
    assert.ok(result !== undefined)
    return result
  })
}

async function decideAll<Message, Wanted, Loaded, Changes, Help>(
  work: ConsumerWork<Message, Wanted, Loaded, Changes, Help>,
  items: readonly Asked<Message, Help>[],
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

async function helpAll<Message, Wanted, Loaded, Changes, Help>(
  work: ConsumerWork<Message, Wanted, Loaded, Changes, Help>,
  waiting: readonly { item: Asked<Message, Help> }[],
  withinMs: number,
): Promise<(Help | HelpFailure | null)[]> {
  if (waiting.length === 0) return []
  assert.ok(work.help !== undefined)
  const helps = await work.help(
    waiting.map(({ item }) => item),
    withinMs,
  )
  assert.equal(helps.length, waiting.length)
  return helps
}

function isFailure(help: unknown): help is HelpFailure {
  return help !== null && typeof help === 'object' && 'kind' in help && help.kind === 'failed'
}

function said(value: Buffer): StepMessage {
  const decoded = decodeStepMessage(value)
  assert.ok(decoded.kind === 'message')
  return decoded.message
}
