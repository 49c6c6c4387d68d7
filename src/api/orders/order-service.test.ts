import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { orderTopics, startOrderApplier } from '../../../test/models/order-applier.ts'
import { type VirtualClock, virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { type AppendOutcome, openLogMemory } from '../../adapters/memory/log.ts'
import { ordersTopic } from '../../domain/orders/messages.ts'
import { entryOf } from '../../domain/orders/records.ts'
import type { CancelledOrder } from '../../domain/orders/state.ts'
import { crashingLog } from '../../main/roles/crash-points.ts'
import type { Log } from '../../ports/log.ts'
import type { OrdersReader } from '../../ports/orders-reader.ts'
import { PortError } from '../../ports/port-error.ts'
import type { ClaimAnswer } from '../claims/claim-answers.ts'
import { ToldRedemptions } from '../redemptions/told-redemptions.ts'
import { idOfKey } from './order-answers.ts'
import {
  type OrderServiceParts,
  type RunningOrderService,
  startOrderService,
} from './order-service.ts'

const asked = { userId: 'ann', key: 'k', lines: [{ productId: 'tea', quantity: 1 }] }
const other = { ...asked, lines: [{ productId: 'milk', quantity: 1 }] }
const orderId = idOfKey(asked.userId, asked.key)
const timedOut: CancelledOrder = {
  status: 'cancelled',
  orderId,
  userId: asked.userId,
  lines: asked.lines,
  coupon: null,
  placedAt: 0,
  deadline: 1,
  heard: { coupon: null, stock: null, payment: null, notes: [] },
  reason: 'timed_out',
  sums: null,
}
const notHeld: ClaimAnswer = { kind: 'sold_out' }

type World = {
  clock: VirtualClock
  log: ReturnType<typeof openLogMemory>
  applier: ReturnType<typeof startOrderApplier>
  outcomes: AppendOutcome['outcome'][]
  /** How long each tail takes to see what was appended. */
  tails: { delayMs: number }
  /** How many orders were placed in the log. */
  placed(): number
  node(parts?: Partial<OrderServiceParts>): Promise<RunningOrderService>
  /** What `answer` comes to within so many milliseconds of the clock. */
  soon<T>(answer: Promise<T>, ms?: number): Promise<T | 'nothing yet'>
}

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const clock = virtualClock(1_000_000)
  const outcomes: AppendOutcome['outcome'][] = []
  const tails = { delayMs: 0 }
  const log = openLogMemory({
    topics: orderTopics,
    clock,
    tailDelayMs: () => tails.delayMs,
    nextAppend: () => ({ takesMs: 1, outcome: outcomes.shift() ?? 'stored' }),
  })
  const applier = startOrderApplier(log)
  const nodes: RunningOrderService[] = []
  const world: World = {
    clock,
    log,
    applier,
    outcomes,
    tails,
    placed: () => {
      const records = log.records(ordersTopic).flat()
      return records.filter(({ value }) => value.includes('"order.placed"')).length
    },
    async node(parts = {}) {
      const node = startOrderService({
        log,
        clock,
        reader: () => applier.reader,
        claims: { mine: () => notHeld, coupon: () => undefined },
        timeLimitMs: 30_000,
        returnWithinMs: 7 * 86_400_000,
        reservationMs: 900_000,
        onTransientError: () => {},
        onError: (error) => assert.fail(String(error)),
        ...parts,
      })
      nodes.push(node)
      await clock.runUntil(clock.now() + 100)
      return node
    },
    async soon(answer, ms = 100) {
      await clock.runUntil(clock.now() + ms)
      return Promise.race([
        answer,
        new Promise<'nothing yet'>((go) => setImmediate(go, 'nothing yet')),
      ])
    },
  }
  await run(world)
  applier.release()
  const closed = Promise.all(nodes.map((node) => node.close())).then(() => applier.close())
  await clock.runUntil(clock.now() + 20_000)
  await closed
}

/** Appends to the orders topic are never answered, nor stored. */
function losing(log: Log): Log {
  const append: Log['append'] = async (topic, entries) => {
    if (topic !== ordersTopic) return log.append(topic, entries)
    throw new PortError('log_unavailable', 'no answer', { retryable: true })
  }
  return { ...log, append }
}

describe('an order', () => {
  const stored = ['stored', 'twice', 'unacknowledged'] as const
  for (const outcome of stored) {
    it(`is answered with its end, where its append is ${outcome}`, () =>
      inWorld(async ({ node, soon, outcomes, placed }) => {
        const service = await node()
        outcomes.push(outcome)
        const answer = await soon(service.place(asked))
        assert.ok(typeof answer === 'object' && answer.kind === 'ended', JSON.stringify(answer))
        assert.deepEqual([answer.first, answer.order.orderId], [true, orderId])
        assert.equal(answer.order.status, 'cancelled')
        assert.equal(placed(), outcome === 'twice' ? 2 : 1)
        const again = await soon(service.place(asked))
        assert.ok(typeof again === 'object' && again.kind === 'ended')
        assert.equal(again.first, false)
      }))
  }

  it('is refused where it is certain that nothing was stored, and may be placed again', () =>
    inWorld(async ({ node, soon, outcomes, placed }) => {
      const service = await node()
      outcomes.push('refused')
      const refused = { kind: 'unavailable', reason: 'log_unavailable', retryAfterSeconds: 1 }
      assert.deepEqual(await soon(service.place(asked)), refused)
      assert.equal(placed(), 0)
      const answer = await soon(service.place(asked))
      assert.ok(typeof answer === 'object' && answer.kind === 'ended')
    }))

  it('is pending, never refused, where nobody knows whether it was stored', () =>
    inWorld(async ({ node, soon, log }) => {
      const service = await node({ log: losing(log) })
      const answer = service.place(asked)
      assert.equal(await soon(answer, 4_900), 'nothing yet')
      assert.deepEqual(await soon(answer, 200), { kind: 'pending', orderId })
    }))

  it('is answered although the record of its end was missed', () =>
    inWorld(async ({ node, soon, applier, placed }) => {
      applier.hold()
      const service = await node()
      const answer = service.place(asked)
      assert.equal(await soon(answer), 'nothing yet')
      assert.equal(placed(), 1)
      applier.tables.orders.set(orderId, timedOut)
      const told = await soon(answer, 1_100)
      assert.ok(typeof told === 'object' && told.kind === 'ended')
    }))

  it('is answered with the end that was told, but not before that is in the log', () =>
    inWorld(async ({ node, soon, applier, log }) => {
      applier.hold()
      const told = new ToldRedemptions()
      const service = await node({ told })
      const answer = service.place(asked)
      assert.equal(await soon(answer), 'nothing yet')
      told.tell({ orders: [timedOut], spent: [] })
      assert.equal(await soon(answer), 'nothing yet')
      const end = entryOf({ type: 'order.cancelled', orderId, reason: 'timed_out' })
      void log.append(ordersTopic, [end])
      assert.deepEqual(await soon(answer), { kind: 'ended', first: true, order: timedOut })
    }))

  it('passes K25 once it is in the log, before it is answered', () =>
    inWorld(async ({ node, soon, applier, placed, log }) => {
      const passed: [string, number][] = []
      applier.hold()
      const crashPoint = (point: string) => passed.push([point, placed()])
      const service = await node({ log: crashingLog(log, crashPoint) })
      const answer = service.place(asked)
      assert.equal(await soon(answer), 'nothing yet')
      assert.deepEqual(passed, [['K25', 1]])
    }))

  it('is refused at once where too many wait, or as many are live as a node remembers', () =>
    inWorld(async ({ node, soon, applier, clock }) => {
      applier.hold()
      const key = (n: number) => ({ ...asked, key: `k${n}` })
      const narrow = await node({ limits: { atWorkMax: 1 } })
      const first = narrow.place(key(1))
      const busy = { kind: 'unavailable', reason: 'queue_full', retryAfterSeconds: 1 }
      assert.deepEqual(await narrow.place(key(2)), busy)
      const forgetful = await node({ limits: { liveOrdersMax: 2 } })
      const second = forgetful.place(key(3))
      assert.equal(await soon(second), 'nothing yet')
      assert.deepEqual(await forgetful.place(key(4)), busy)
      applier.release()
      await clock.runUntil(clock.now() + 2_000)
      for (const answer of [first, second]) assert.equal((await answer).kind, 'ended')
      const later = await soon(forgetful.place(key(4)))
      assert.ok(typeof later === 'object' && later.kind === 'ended')
    }))

  it('is refused at every node where it would take too long, and taken again when it does not', () =>
    inWorld(async ({ node, soon, applier, placed, clock }) => {
      const nodes = [await node(), await node()] as const
      applier.hold()
      const key = (n: number) => ({ ...asked, key: `k${n}` })
      const waiting = Array.from({ length: 300 }, (_, n) => nodes[0].place(key(n)))
      await clock.runUntil(clock.now() + 1_600)
      const slow = { kind: 'unavailable', reason: 'orders_slow', retryAfterSeconds: 10 }
      for (const service of nodes) {
        assert.deepEqual(await service.place(key(300)), slow)
        assert.equal(service.admission().turnedAway, 1)
        // Who has been let in may ask as often as she likes.
        assert.equal(await soon(service.place(key(1)), 10), 'nothing yet')
      }
      assert.equal(placed(), 300)
      applier.release()
      await clock.runUntil(clock.now() + 1_000)
      for (const answer of await Promise.all(waiting)) assert.equal(answer.kind, 'ended')
      for (const service of nodes) {
        const answer = await soon(service.place(key(300)))
        assert.ok(typeof answer === 'object' && answer.kind === 'ended')
      }
    }))

  it('waits until SQL is up, and until its node follows the orders', () =>
    inWorld(async ({ node, soon, applier }) => {
      const sql: { reader: OrdersReader | null } = { reader: null }
      const service = await node({ reader: () => sql.reader })
      const reasons = async () => {
        const answer = await service.place(asked)
        return 'reason' in answer ? answer.reason : answer.kind
      }
      assert.equal(await reasons(), 'database_starting')
      sql.reader = applier.reader
      assert.equal(await reasons(), 'starting')
      await soon(Promise.resolve())
      const answer = await soon(service.place(asked))
      assert.ok(typeof answer === 'object' && answer.kind === 'ended')
    }))
})

describe('an order placed through two nodes', () => {
  it('of the same content is one order', () =>
    inWorld(async ({ node, soon, clock, applier }) => {
      const nodes = [await node(), await node()]
      const answers = nodes.map((service) => service.place(asked))
      await clock.runUntil(clock.now() + 200)
      for (const answer of answers) {
        const told = await soon(answer)
        assert.ok(typeof told === 'object' && told.kind === 'ended')
        assert.equal(told.order.orderId, orderId)
      }
      assert.equal(applier.tables.orders.size, 1)
    }))

  it('of other content is one order, and the other is told so', () =>
    inWorld(async ({ node, soon, clock, applier }) => {
      const [one, two] = [await node(), await node()]
      const answers = [one.place(asked), two.place(other)]
      await clock.runUntil(clock.now() + 200)
      const kinds = (await soon(Promise.all(answers))) as { kind: string }[]
      assert.deepEqual(kinds.map(({ kind }) => kind).sort(), ['ended', 'key_reused'])
      assert.equal(applier.tables.orders.size, 1)
    }))

  it('is known to the other before SQL has it, and only to its user', () =>
    inWorld(async ({ node, soon, applier }) => {
      const [first, second] = [await node(), await node()]
      applier.hold()
      const placing = first.place(asked)
      assert.equal(await soon(placing, 5), 'nothing yet')
      const found = await soon(second.order({ orderId, userId: 'ann' }))
      assert.ok(typeof found === 'object' && found.kind === 'found')
      assert.equal(found.order.status, 'placed')
      const unknown = { kind: 'unknown_order' }
      assert.deepEqual(await soon(second.order({ orderId, userId: 'bob' })), unknown)
      assert.deepEqual(await soon(second.order({ orderId: 'x', userId: 'ann' })), unknown)
    }))

  it('is not unknown to the other because that has not read so far', () =>
    inWorld(async ({ node, soon, applier, placed, tails }) => {
      const [first, second] = [await node(), await node()]
      applier.hold()
      tails.delayMs = 500
      void first.place(asked)
      await soon(Promise.resolve(), 5)
      assert.equal(placed(), 1)
      const asking = second.order({ orderId, userId: 'ann' })
      assert.equal(await soon(asking, 300), 'nothing yet')
      const found = await soon(asking, 300)
      assert.ok(typeof found === 'object' && found.kind === 'found')
      tails.delayMs = 5_000
      void first.place({ ...asked, key: 'k2' })
      await soon(Promise.resolve(), 5)
      const away = { kind: 'unavailable', reason: 'log_unavailable', retryAfterSeconds: 1 }
      const key = { orderId: idOfKey(asked.userId, 'k2'), userId: 'ann' }
      assert.deepEqual(await soon(second.order(key), 4_500), away)
    }))

  it('has the id that its user and key give, whatever they are', () => {
    const ids = [
      ['ann', 'k'],
      ['ann', 'K'],
      ['an', 'nk'],
      ['a","b', 'c'],
      ['a', 'b","c'],
    ].map(([userId = '', key = '']) => idOfKey(userId, key))
    assert.equal(new Set(ids).size, ids.length)
    for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{43}$/)
  })
})

describe('the coupon of an order', () => {
  const couponId = 'spring'
  const issued = { slot: 1, claimId: 'c', offset: 7, appendedAt: 1 }
  const won: ClaimAnswer = {
    kind: 'issued',
    first: false,
    couponId,
    userId: 'ann',
    partition: 3,
    issued,
    code: 'CODE',
  }
  const away = { kind: 'unavailable', reason: 'log_unavailable', retryAfterSeconds: 1 } as const
  const table: [what: string, answer: ClaimAnswer | null, kind: string][] = [
    ['that is held', won, 'ended'],
    ['that is not won and open', null, 'coupon_not_held'],
    ['that is sold out', notHeld, 'coupon_not_held'],
    ['that is unknown', { kind: 'unknown_coupon' }, 'coupon_not_held'],
    ['of which this node cannot say', away, 'unavailable'],
    ['of which the log has not said', { kind: 'pending' }, 'unavailable'],
  ]
  for (const [what, answer, kind] of table) {
    it(`${what} gives ${kind}`, () =>
      inWorld(async ({ node, soon, placed, log }) => {
        const service = await node({
          claims: { mine: async () => answer, coupon: () => undefined },
        })
        const told = await soon(service.place({ ...asked, couponId }))
        assert.equal(typeof told === 'object' && told.kind, kind)
        assert.equal(placed(), kind === 'ended' ? 1 : 0)
        if (kind !== 'ended') return
        const [record] = log.records(ordersTopic).flat()
        const { coupon } = JSON.parse(String(record?.value)) as { coupon: object }
        assert.deepEqual(coupon, { couponId, partition: 3, offset: 7 })
      }))
  }
})
