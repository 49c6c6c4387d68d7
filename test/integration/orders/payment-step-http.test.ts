// The payment step with a provider over HTTP that breaks whatever it can: however often records
// come, and in whichever order, each order pays once or not at all.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { createPaymentStepStoreMemory } from '../../../src/adapters/memory/payment-stores.ts'
import { createPaymentsHttp } from '../../../src/adapters/payments-http.ts'
import {
  decodeOrderMessage,
  type OrderMessage,
  orderStepsTopic,
} from '../../../src/domain/orders/messages.ts'
import { deadLettersTopic } from '../../../src/domain/orders/retries.ts'
import { createPaymentStep } from '../../../src/orders/payment-step.ts'
import { sleep } from '../../../src/ports/clock.ts'
import { drive, startTask } from '../../models/work-driver.ts'
import { type Random, seededRandom } from '../../simulation/random.ts'
import { type Mischief, type PaymentProvider, startPaymentProvider } from './payment-provider.ts'

const seeds = [1, 2, 3, 4, 5, 6]
const ordersCount = 40
const amount = 10
/** Enough for three orders in four. */
const funds = 300
/** Room for two requests, so that some records are given up and come again. */
const withinMs = 210

describe('Orders that are paid at a provider which breaks', () => {
  for (const seed of seeds) {
    it(`pay once or not at all (seed ${seed})`, async () => {
      const provider = await startPaymentProvider()
      const payments = createPaymentsHttp({ url: provider.url, clock: systemClock() })
      try {
        await sell({ provider, payments, random: seededRandom(seed) })
      } finally {
        await payments.close()
        await provider.close()
      }
    })
  }
})

type Sale = {
  provider: PaymentProvider
  payments: ReturnType<typeof createPaymentsHttp>
  random: Random
}

async function sell({ provider, payments, random }: Sale): Promise<void> {
  const store = createPaymentStepStoreMemory()
  const limits = { ...payments.limits, answerMsMax: withinMs }
  const step = createPaymentStep(store, { ...payments, limits })
  provider.funds.set('ann', funds)
  const { records, cancelled } = recordsOf(random)
  let waiting = records
  const turn = startTask(step, (published) => {
    // What is to be tried again, also what an operator would re-drive.
    const failed = published.filter(({ topic }) => topic !== orderStepsTopic)
    for (const { topic, entry } of failed) {
      const letter = topic === deadLettersTopic ? JSON.parse(entry.value.toString()) : null
      const value = letter === null ? entry.value : Buffer.from(letter.value, 'base64')
      const decoded = decodeOrderMessage(value)
      assert.ok(decoded.kind === 'message')
      waiting.push(decoded.message)
    }
  })
  for (let round = 0; waiting.length > 0; round++) {
    assert.ok(round < 100, 'an order does not end')
    const batch = waiting.slice(0, random.int(1, 30))
    waiting = waiting.slice(batch.length)
    // In the end the provider behaves, so that all is settled.
    provider.mischief.length = 0
    if (round < 8) provider.mischief.push(...mischiefOf(random, 2 * batch.length))
    await drive(step, batch)
    await answered(store, turn)
  }

  let captured = 0
  for (const [orderId, row] of store.tables.rows) {
    const moves = provider.moves.filter((move) => move.orderId === orderId)
    const kinds = moves.map(({ kind }) => kind).join()
    if (row.status === 'captured') captured++
    if (cancelled.has(orderId)) assert.match(row.status, /^(cancelled|refunded|refused)$/, orderId)
    else assert.match(row.status, /^(captured|refused)$/, orderId)
    const expected = { captured: 'captured', refunded: 'captured,refunded' }
    const moved = row.status in expected ? expected[row.status as keyof typeof expected] : ''
    assert.equal(kinds, moved, `${orderId} is ${row.status}`)
  }
  assert.equal(store.tables.rows.size, ordersCount)
  assert.equal(provider.funds.get('ann'), funds - captured * amount)
}

/** Until nothing is to be asked any more. */
async function answered(
  { tables }: ReturnType<typeof createPaymentStepStoreMemory>,
  turn: () => Promise<void>,
): Promise<void> {
  const clock = systemClock()
  const until = clock.monotonic() + 20_000
  while ([...tables.rows.values()].some((row) => 'record' in row)) {
    assert.ok(clock.monotonic() < until, 'the provider is asked for ever')
    await turn()
    await sleep(clock, 5)
  }
}

/** Each order once or twice, its cancellation anywhere behind its first record, also repeated. */
function recordsOf(random: Random): { records: OrderMessage[]; cancelled: Set<string> } {
  const cancelled = new Set<string>()
  const placed: { at: number; message: OrderMessage }[] = []
  for (let n = 0; n < ordersCount; n++) {
    const orderId = `order-${n}`
    const sums = { subtotal: amount, discount: 0, total: amount }
    const due: OrderMessage = { type: 'order.payment_due', orderId, userId: 'ann', ...sums }
    const at = random.next()
    placed.push({ at, message: due })
    if (random.chance(0.3)) placed.push({ at: at + random.next() / 2, message: { ...due } })
    if (!random.chance(0.4)) continue
    cancelled.add(orderId)
    const end: OrderMessage = { type: 'order.cancelled', orderId, reason: 'timed_out' }
    placed.push({ at: at + random.next() / 10, message: end })
    if (random.chance(0.3)) placed.push({ at: at + random.next(), message: { ...end } })
  }
  return { records: placed.sort((a, b) => a.at - b.at).map(({ message }) => message), cancelled }
}

function mischiefOf(random: Random, count: number): (Mischief | null)[] {
  const kinds: (Mischief | null)[] = [
    null,
    null,
    null,
    'lose',
    'cut',
    'hang',
    'twice',
    { status: 500, body: 'oh' },
    { status: 200, body: '{"status":"perhaps"}' },
    { status: 403, body: '{}' },
  ]
  return Array.from({ length: count }, () => kinds[random.int(0, kinds.length - 1)] ?? null)
}
