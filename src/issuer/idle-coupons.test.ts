import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { anyLog, createdAs, partitions } from '../../test/models/any-log.ts'
import { recordsOf } from '../../test/models/folding-nodes.ts'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import { createCouponStoreMemory } from '../adapters/memory/coupon-store.ts'
import { openLogMemory } from '../adapters/memory/log.ts'
import type { Command } from '../domain/coupons/decide.ts'
import {
  type CouponMessage,
  claimsTopic,
  couponEventsTopic,
  encodeMessage,
  newestRules,
} from '../domain/coupons/messages.ts'
import { type Coupon, newCoupon } from '../domain/coupons/state.ts'
import type { CouponStore } from '../ports/coupons.ts'
import type { LogRecord } from '../ports/log.ts'
import { PortError } from '../ports/port-error.ts'
import { IdleCoupons } from './idle-coupons.ts'
import { createIssueFold, type Issue } from './issue-fold.ts'
import { startIssuer } from './issuer.ts'

const clock = virtualClock(0)
const codeSecret = 'a secret that is used in tests only'
const hourMs = 3_600_000
const minuteMs = 60_000

function couponOf(couponId: string, changes: Partial<Coupon>): Coupon {
  const terms = { name: couponId, quantity: 1 }
  const of = { couponId, partition: 0, rules: newestRules, terms, at: 0, offset: 0 }
  return { ...newCoupon({ type: 'created', ...of }), status: 'open', ...changes }
}

function recordOf(couponId: string, appendedAt: number): Command {
  const claim = { type: 'coupon.claimed', couponId, userId: 'kim', claimId: 'c' } as const
  return { message: claim, partition: 0, offset: 1, appendedAt }
}

describe('a coupon leaves the issuer’s memory', () => {
  const cases: readonly (readonly [string, Partial<Coupon>, number, boolean])[] = [
    ['is open', {}, 10 * hourMs, false],
    ['is open, and closes later', { closesAt: 20 * hourMs }, 10 * hourMs, false],
    ['was closed less than an hour ago', { status: 'closed' }, hourMs - 1, false],
    ['was closed an hour ago, and nothing came since', { status: 'closed' }, hourMs, true],
    ['closed by its time less than an hour ago', { closesAt: hourMs }, 2 * hourMs - 1, false],
    ['closed by its time an hour ago', { closesAt: hourMs }, 2 * hourMs, true],
    ['had a record after its time', { closesAt: -hourMs }, hourMs - 1, false],
  ]
  for (const [what, changes, passedMs, goes] of cases) {
    it(`${goes ? 'where' : 'not where'} it ${what}`, async () => {
      const time = virtualClock(0)
      const coupons = new Map([['sale', couponOf('sale', changes)]])
      const idle = new IdleCoupons({ coupons, clock: time, afterMs: hourMs })
      idle.took(recordOf('sale', 0))
      await time.runUntil(passedMs)
      idle.letGo()
      assert.equal(coupons.has('sale'), !goes)
    })
  }

  it('by the clock of the log, whatever time the last record has', () => {
    const all = ['first', 'second', 'third']
    const coupons = new Map(all.map((id) => [id, couponOf(id, { status: 'closed' })]))
    const idle = new IdleCoupons({ coupons, clock: virtualClock(0), afterMs: hourMs })
    idle.took(recordOf('first', 0))
    idle.took(recordOf('second', 2 * hourMs))
    idle.took(recordOf('third', hourMs / 2))
    idle.letGo()
    assert.deepEqual([...coupons.keys()], ['second'])
  })
})

/** `afterMs`: 0 lets go of all that are closed, after each batch. */
function startFold(afterMs: number) {
  const store = createCouponStoreMemory()
  const loaded: string[] = []
  const fold = createIssueFold({
    partitions,
    codeSecret,
    clock,
    afterMs,
    async load(couponIds) {
      loaded.push(...couponIds)
      return store.load(couponIds)
    },
    lookUpLastActs: async () => assert.fail(),
  })
  return {
    loaded,
    async apply(record: LogRecord): Promise<Issue> {
      const decoded = fold.reading.decode(record)
      assert.ok(decoded.kind === 'message')
      fold.reading.onMessage(decoded.message, record)
      const issue = await fold.apply()
      const { partition, offset: expected } = record
      const next = expected + 1
      const batch = { ...issue, partition, expected, next, fingerprint: null }
      assert.equal(await store.apply(batch), 'applied')
      await store.markPublished(partition, next, { endsRehearsals: true })
      fold.letGo()
      return issue
    },
  }
}

describe('coupons that have left the issuer’s memory', () => {
  it('are decided as if they had never gone, whatever comes of them', async () => {
    let loadedAgain = 0
    await fc.assert(
      fc.asyncProperty(anyLog(), async (entries) => {
        const [keeps, letsGo] = [startFold(Number.POSITIVE_INFINITY), startFold(0)]
        for (const record of recordsOf(entries)) {
          const expected = withWinners(await keeps.apply(record))
          assert.deepEqual(withWinners(await letsGo.apply(record)), expected)
        }
        loadedAgain += letsGo.loaded.length - new Set(letsGo.loaded).size
      }),
      { numRuns: 100 },
    )
    assert.ok(loadedAgain > 0)
  })
})

function withWinners({ coupons, ...others }: Issue) {
  const all = coupons.map((coupon) => ({ ...coupon, winners: [...coupon.winners] }))
  return { ...others, coupons: all }
}

const by = { by: 'op', commandId: 'by an operator' }
const ended = (couponId: string): CouponMessage[] => [
  createdAs(couponId, 3),
  claimOf(couponId, 'kim'),
  { type: 'coupon.closed', couponId, ...by },
]
const claimOf = (couponId: string, userId: string): CouponMessage => {
  return { type: 'coupon.claimed', couponId, userId, claimId: `${couponId} ${userId}` }
}

/** An issuer that lets go of coupons that were closed an hour ago. */
async function startWorld(t: TestContext) {
  const time = virtualClock(0)
  const topics = { [claimsTopic]: 1, [couponEventsTopic]: 1 }
  const log = openLogMemory({ topics, clock: time })
  const rows = createCouponStoreMemory()
  const loads = { away: false, of: [] as string[] }
  const store: CouponStore = {
    ...rows,
    async load(couponIds) {
      if (loads.away) throw new PortError('store_unavailable', 'away', { retryable: true })
      loads.of.push(...couponIds)
      return rows.load(couponIds)
    },
  }
  const errors: unknown[] = []
  const onError = (error: unknown) => errors.push(error)
  const parts = { log, store, clock: time, codeSecret, closedCouponMs: hourMs, onError }
  const issuer = await startIssuer(parts)
  t.after(() => issuer.close())
  return {
    loads,
    errors,
    pass: (ms: number) => time.runUntil(time.now() + ms),
    async append(...messages: CouponMessage[]) {
      const entries = messages.map((one) => ({ key: one.couponId, value: encodeMessage(one) }))
      await log.append(claimsTopic, entries)
    },
    async revoked() {
      const done = await rows.revocations({ partition: 0, from: 0, to: 1_000 })
      return done.map(({ couponId, taken }) => [couponId, taken])
    },
  }
}

describe('an issuer', () => {
  it('loads what it has let go of when a record of it comes, and what it has not, once', async (t) => {
    const { append, pass, loads, revoked, errors } = await startWorld(t)
    await append(...ended('sale'), createdAs('open', 9), claimOf('open', 'kim'))
    await pass(hourMs + 2 * minuteMs)
    const revoke = { type: 'coupon.revoked', couponId: 'sale', reason: 'r', ...by } as const
    await append({ ...revoke, userId: 'kim' }, claimOf('open', 'lee'))
    await pass(100)
    await append({ ...revoke, all: true, commandId: 'again' })
    await pass(100)
    assert.deepEqual(loads.of, ['sale', 'open', 'sale'])
    assert.deepEqual(await revoked(), [
      ['sale', { from: 1, to: 1 }],
      ['sale', null],
    ])
    assert.deepEqual(errors, [])
  })

  it('lets go of nothing while a batch waits for the rows, and of the rest right after', async (t) => {
    const { append, pass, loads, revoked, errors } = await startWorld(t)
    await append(...ended('sale'), ...ended('old'))
    await pass(hourMs - minuteMs / 2)
    loads.away = true
    const revoke = { type: 'coupon.revoked', couponId: 'sale', userId: 'kim' } as const
    await append({ ...revoke, reason: 'r', ...by }, createdAs('new', 1))
    await pass(2 * minuteMs)
    assert.deepEqual(await revoked(), [])
    loads.away = false
    await pass(5_000)
    assert.deepEqual(await revoked(), [['sale', { from: 1, to: 1 }]])
    await append(claimOf('old', 'lee'), claimOf('sale', 'lee'))
    await pass(100)
    assert.deepEqual(loads.of, ['sale', 'old', 'new', 'old'])
    assert.deepEqual(errors, [])
  })
})
