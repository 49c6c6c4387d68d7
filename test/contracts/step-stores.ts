// What every store of the coupon step must do, beside what all stores of consumers do. `open`
// gives empty tables and a way to fill and read them.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Discount, Terms } from '../../src/domain/coupons/messages.ts'
import type { HeldTerms } from '../../src/domain/coupons/validity.ts'
import type { CouponFacts } from '../../src/domain/orders/coupon-step.ts'
import type { CouponRow, PaymentRow } from '../../src/domain/orders/state.ts'
import type {
  CouponChanges,
  CouponLoaded,
  CouponStepStore,
  CouponWanted,
} from '../../src/ports/orders.ts'
import { PortError } from '../../src/ports/port-error.ts'
import { testOpened } from './opened.ts'

/** When the n-th of those that are issued was won. */
export function wonAt(n: number): number {
  return 1_770_000_000_000 + n
}
export type IssuedCoupon = { couponId: string; userId: string } & Partial<Terms>
export type CouponStepUnderTest = {
  store: CouponStepStore
  /** As the issuer would write them; in partition 2, whose position is then `next`. */
  issue(coupons: readonly IssuedCoupon[], next: number): Promise<void>
  /** As the issuer would write it: that of one of those users, or of all; then it is at `next`. */
  revoke(coupon: { couponId: string; userId?: string }, next: number): Promise<void>
  close(): Promise<void>
}

const topic = 'firstcome.orders'
const none = { applied: 0, dropped: 0, postponed: 0, buried: 0, passedBy: 0 }
const half: Discount = { kind: 'percent', value: 50 }

export function couponStepContract(name: string, open: () => Promise<CouponStepUnderTest>): void {
  const test = testOpened(open)
  describe(`the coupon step's store: ${name}`, () => {
    test('knows nothing of orders and coupons that were never met', async ({ store }) => {
      const loaded = await loadCoupons(store, wantedCoupons(['a'], ['spring ann']))
      assert.deepEqual(loaded, {
        rows: new Map(),
        facts: new Map([['spring ann', fact({ issuerNext: 0, issued: null })]]),
      })
    })

    test('says who holds a coupon, what it takes off, and how far the issuer is', async (opened) => {
      await opened.issue(
        [
          { couponId: 'spring', userId: 'ann', discount: half },
          { couponId: 'plain', userId: 'ann' },
          { couponId: 'spring', userId: 'bob', discount: half },
          { couponId: 'brief', userId: 'ann', minimum: 5_000, validDays: 2 },
          { couponId: 'ended', userId: 'ann', validUntil: 7 },
        ],
        8,
      )
      const keys = ['spring ann', 'plain ann', 'plain bob', 'other ann', 'brief ann', 'ended ann']
      const { facts } = await loadCoupons(opened.store, wantedCoupons([], keys))
      assert.deepEqual(
        facts,
        factsOf(keys, {
          'spring ann': { discount: half },
          'plain ann': {},
          'brief ann': { minimum: 5_000, validUntil: wonAt(4) + 2 * 86_400_000 },
          'ended ann': { validUntil: 7 },
        }),
      )
      const elsewhere = { couponId: 'spring', userId: 'ann', partition: 1 }
      const other = await loadCoupons(opened.store, { orderIds: [], coupons: [elsewhere] })
      assert.equal(other.facts.get('spring ann')?.issuerNext, 0)
    })

    test('keeps the rows of orders, whatever they say', async ({ store }) => {
      const use = { couponId: 'spring', userId: 'ann' }
      const rows: CouponRow[] = [
        { status: 'used', orderId: 'b', ...use, discount: half },
        { status: 'unneeded', orderId: 'a' },
        { status: 'refused', orderId: 'Z', reason: 'coupon_not_held' },
        { status: 'cancelled', orderId: '-' },
      ]
      await changeCoupons(store, { rows, effects: [] })
      const released: CouponRow = { status: 'released', orderId: 'b', ...use, discount: half }
      await changeCoupons(store, { rows: [released], effects: [] })
      const loaded = await loadCoupons(store, wantedCoupons(['a', 'b', 'Z', '-', 'c'], []))
      assert.deepEqual(byId(loaded.rows), byId(idMap([...rows.slice(1), released])))
    })

    test('says whether a coupon is spent, and the same without locking it', async (opened) => {
      const { store } = opened
      await opened.issue([{ couponId: 'spring', userId: 'ann', discount: half }], 8)
      const wanted = wantedCoupons([], ['spring ann'])
      const row: CouponRow = { status: 'used', orderId: 'a', couponId: 'spring', userId: 'ann' }
      for (const isKept of [false, true]) {
        const effects = [effect(isKept ? 'keep' : 'use', 'a')]
        await changeCoupons(store, { rows: [isKept ? { ...row, kept: true } : row], effects })
        const { facts } = await loadCoupons(store, wanted)
        const expected = fact({ issued: { discount: half }, usedBy: 'a', isKept })
        assert.deepEqual(facts.get('spring ann'), expected)
        assert.deepEqual(await store.facts(wanted.coupons), facts)
      }
      const reserved = { reference: 'cart-7', until: 1_500 }
      await changeCoupons(store, { rows: [{ ...row, reserved }], effects: [] })
      const expected = fact({ issued: { discount: half }, usedBy: 'a', reserved })
      assert.deepEqual((await store.facts(wanted.coupons)).get('spring ann'), expected)
      assert.deepEqual(await store.openRows({ after: '', limit: 9 }), [])
    })

    test('remembers who uses a coupon until that order lets go of it', async ({ store, issue }) => {
      await issue([{ couponId: 'spring', userId: 'ann' }], 8)
      const usedBy = async () => {
        const { facts } = await loadCoupons(store, wantedCoupons([], ['spring ann']))
        return facts.get('spring ann')?.usedBy
      }
      await changeCoupons(store, { rows: [], effects: [effect('use', 'a')] })
      assert.equal(await usedBy(), 'a')
      const both = [effect('release', 'a'), effect('use', 'b')]
      await changeCoupons(store, { rows: [], effects: both })
      assert.equal(await usedBy(), 'b')
      const more = [effect('release', 'b'), effect('use', 'c'), effect('release', 'c')]
      await changeCoupons(store, { rows: [], effects: more })
      assert.equal(await usedBy(), null)
      await changeCoupons(store, { rows: [], effects: [effect('use', 'a')] })
      assert.equal(await usedBy(), 'a')
    })

    test('gives a spent coupon back, for another order to use', async ({ store, issue }) => {
      await issue([{ couponId: 'spring', userId: 'ann' }], 8)
      const wanted = wantedCoupons(['a'], ['spring ann'])
      const use = { orderId: 'a', couponId: 'spring', userId: 'ann' }
      const spent: CouponRow = { status: 'used', ...use, kept: true }
      await changeCoupons(store, { rows: [spent], effects: [effect('use', 'a')] })
      const back: CouponRow = { status: 'released', ...use, kept: true }
      await changeCoupons(store, { rows: [back], effects: [effect('release', 'a')] })
      const { rows, facts } = await loadCoupons(store, wanted)
      assert.deepEqual(rows.get('a'), back)
      assert.deepEqual(facts.get('spring ann'), fact({ issued: {} }))
      await changeCoupons(store, { rows: [], effects: [effect('use', 'b')] })
      const again = await loadCoupons(store, wanted)
      assert.deepEqual(again.facts.get('spring ann'), fact({ issued: {}, usedBy: 'b' }))
      // In one batch: used by the next, and for good.
      const all = [effect('release', 'b'), effect('use', 'c'), effect('keep', 'c')]
      const kept: CouponRow = { ...use, orderId: 'c', status: 'used', kept: true }
      await changeCoupons(store, { rows: [kept], effects: all })
      const last = (await store.facts(wanted.coupons)).get('spring ann')
      assert.deepEqual(last, fact({ issued: {}, usedBy: 'c', isKept: true }))
    })

    test('says what is revoked, of one and of all who had won', async (opened) => {
      const users = ['ann', 'bob', 'cid', 'dan']
      await opened.issue(
        users.map((userId) => ({ couponId: 'spring', userId })),
        8,
      )
      const wanted = wantedCoupons([], ['spring ann', 'spring bob', 'plain ann', 'spring eve'])
      const revoked = async () => {
        const { facts } = await loadCoupons(opened.store, wanted)
        assert.deepEqual(await opened.store.facts(wanted.coupons), facts)
        return [...facts].filter(([, { isRevoked }]) => isRevoked).map(([key]) => key)
      }
      assert.deepEqual(await revoked(), [])
      await opened.revoke({ couponId: 'spring', userId: 'bob' }, 9)
      assert.deepEqual(await revoked(), ['spring bob'])
      await opened.revoke({ couponId: 'spring' }, 10)
      assert.deepEqual(await revoked(), ['spring ann', 'spring bob'])
    })

    const bobs = { couponId: 'other', userId: 'ann' }
    for (const [what, constraint, wrong] of [
      ['a coupon twice', 'one_order_per_coupon', effect('use', 'b')],
      ['two coupons for one order', 'one_coupon_per_order', effect('use', 'a', bobs)],
    ] as const) {
      test(`refuses to use ${what}, and writes nothing then`, async ({ store }) => {
        await changeCoupons(store, { rows: [], effects: [effect('use', 'a')] })
        const rows: CouponRow[] = [{ status: 'unneeded', orderId: 'x' }]
        const writing = changeCoupons(store, { rows, effects: [wrong] })
        await assert.rejects(writing, firedBy(constraint))
        const loaded = await loadCoupons(store, wantedCoupons(['x'], ['spring ann', 'other ann']))
        assert.equal(loaded.rows.size, 0)
        assert.equal(loaded.facts.get('spring ann')?.usedBy, 'a')
        assert.equal(loaded.facts.get('other ann')?.usedBy, null)
      })
    }

    test('does nothing for an owner that is not the owner any more', async ({ store }) => {
      const checks = [{ topic, partition: 0, expected: 0 }]
      const moves = [{ topic, partition: 0, next: 1, published: 0, tries: 0, taken }]
      const rows: CouponRow[] = [{ status: 'unneeded', orderId: 'x' }]
      const write = () =>
        store.transact({ checks, wanted: wantedCoupons([], []) }, () => {
          return { changes: { rows, effects: [effect('use', 'x')] }, moves, result: 'done' }
        })
      assert.equal(await write(), 'done')
      assert.equal(await write(), 'fenced')
    })
  })
}

const taken = { ...none, applied: 1 }

async function loadCoupons(store: CouponStepStore, wanted: CouponWanted): Promise<CouponLoaded> {
  const loaded = await store.transact({ checks: [], wanted }, (found) => {
    return { changes: { rows: [], effects: [] }, moves: [], result: found }
  })
  assert.ok(loaded !== 'fenced')
  return loaded
}

async function changeCoupons(store: CouponStepStore, changes: CouponChanges): Promise<void> {
  const wanted = wantedCoupons(idsOf(changes.rows), [])
  await store.transact({ checks: [], wanted }, () => ({ changes, moves: [], result: null }))
}

function wantedCoupons(orderIds: string[], keys: string[]): CouponWanted {
  const coupons = keys.map((key) => {
    const [couponId = '', userId = ''] = key.split(' ')
    return { couponId, userId, partition: 2 }
  })
  return { orderIds, coupons }
}

function fact(known: Partial<CouponFacts>): CouponFacts {
  const unused = { usedBy: null, isKept: false, reserved: null }
  const issuer = { issuerNext: 8, issuerWas: 0 }
  return { ...issuer, issued: null, isRevoked: false, ...unused, ...known }
}

function factsOf(
  keys: readonly string[],
  issued: Readonly<Record<string, HeldTerms>>,
): Map<string, CouponFacts> {
  return new Map(keys.map((key) => [key, fact({ issued: issued[key] ?? null })]))
}

function effect(
  kind: 'use' | 'keep' | 'release',
  orderId: string,
  coupon = { couponId: 'spring', userId: 'ann' },
): CouponChanges['effects'][number] {
  return { kind, use: { orderId, ...coupon } }
}

export function idsOf(rows: readonly (CouponRow | PaymentRow)[]): string[] {
  return rows.flatMap((row) => ('orderId' in row ? [row.orderId] : []))
}

export function idMap<Row extends { status: string }>(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map((row) => ['orderId' in row ? String(row.orderId) : '', row]))
}

export function byId<Value>(map: ReadonlyMap<string, Value>): Record<string, Value> {
  return Object.fromEntries(map)
}

export function firedBy(constraint: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof PortError, String(error))
    assert.equal(error.code, 'store_broken')
    assert.match(error.message, new RegExp(`\\b${constraint}\\b`))
    return true
  }
}
