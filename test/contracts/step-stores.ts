// What every store of the coupon step, the payment step and the wallet must do, beside what all
// stores of consumers do. `open` gives empty tables and a way to fill and read them.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Discount, Terms } from '../../src/domain/coupons/messages.ts'
import type { HeldTerms } from '../../src/domain/coupons/validity.ts'
import type { CouponFacts } from '../../src/domain/orders/coupon-step.ts'
import type { Charge, CouponRow, PaymentRow } from '../../src/domain/orders/state.ts'
import type {
  CouponChanges,
  CouponLoaded,
  CouponStepStore,
  CouponWanted,
  DoneCommand,
  PaymentChanges,
  PaymentLoaded,
  PaymentStepStore,
  PaymentWanted,
} from '../../src/ports/orders.ts'
import type { WalletStore } from '../../src/ports/payments.ts'
import { PortError } from '../../src/ports/port-error.ts'

/** When the n-th of those that are issued was won. */
export function wonAt(n: number): number {
  return 1_770_000_000_000 + n
}
export type IssuedCoupon = { couponId: string; userId: string } & Partial<Terms>
export type CouponStepUnderTest = {
  store: CouponStepStore
  /** As the issuer would write them; in partition 2, whose position is then `next`. */
  issue(coupons: readonly IssuedCoupon[], next: number): Promise<void>
  close(): Promise<void>
}
export type PaymentUnderTest = {
  store: PaymentStepStore
  wallet: WalletStore
  close(): Promise<void>
}

const topic = 'firstcome.orders'
const none = { applied: 0, dropped: 0, postponed: 0, buried: 0, passedBy: 0 }
const half: Discount = { kind: 'percent', value: 50 }

export function couponStepContract(name: string, open: () => Promise<CouponStepUnderTest>): void {
  const test = (title: string, run: (opened: CouponStepUnderTest) => Promise<void>) => {
    it(title, async () => {
      const opened = await open()
      try {
        await run(opened)
      } finally {
        await opened.close()
      }
    })
  }
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

export function paymentContract(name: string, open: () => Promise<PaymentUnderTest>): void {
  const test = (title: string, run: (opened: PaymentUnderTest) => Promise<void>) => {
    it(title, async () => {
      const opened = await open()
      try {
        await run(opened)
      } finally {
        await opened.close()
      }
    })
  }
  describe(`the stores of the payment step and of the wallet: ${name}`, () => {
    test('know nothing at first', async ({ store, wallet }) => {
      assert.deepEqual(await loadPayments(store, ['a'], ['ann']), {
        rows: new Map(),
        balances: new Map(),
        commands: new Map(),
      })
      assert.deepEqual(await loadWallet(wallet, ['a'], ['ann']), {
        charges: new Map(),
        balances: new Map([['ann', 0]]),
        unsettled: new Map(),
      })
    })

    test('keep the rows of orders, whatever they say', async ({ store }) => {
      const payment = { userId: 'ann', amount: 5_000_000_000_000_000 }
      const rows: PaymentRow[] = [
        { status: 'asked', orderId: 'b', ...payment },
        { status: 'undoing', orderId: 'a', ...payment },
        { status: 'refused', orderId: 'Z', reason: 'payment_declined' },
        { status: 'cancelled', orderId: '-' },
      ]
      await changePayments(store, { rows })
      const refunded: PaymentRow = { status: 'refunded', orderId: 'a', ...payment }
      await changePayments(store, { rows: [refunded] })
      const loaded = await loadPayments(store, ['a', 'b', 'Z', '-', 'c'], [])
      const kept = rows.filter((row) => row.status !== 'undoing')
      assert.deepEqual(byId(loaded.rows), byId(idMap([...kept, refunded])))
    })

    test('keep the first outcome of a command', async ({ store }) => {
      const command = { key: 'ann', commandId: 'op:1', amount: 7, outcome: 'done' }
      const other = { ...command, commandId: 'op:2', outcome: 'balance_limit' }
      await changePayments(store, { commands: [command, other] })
      await changePayments(store, { commands: [{ ...command, amount: 8 }] })
      const { commands } = await loadPayments(store, [], [], [command, other])
      assert.deepEqual([...commands.values()].sort(byCommand), [command, other])
      const strange = { ...command, key: 'bob' }
      assert.equal((await loadPayments(store, [], [], [strange])).commands.size, 0)
    })

    test('share the balances', async ({ store, wallet }) => {
      const most = 1_000_000_000_000_000
      await changePayments(store, { balances: new Map(Object.entries({ bob: 1, ann: most })) })
      const seen = await loadWallet(wallet, [], ['ann', 'bob', 'cat'])
      assert.deepEqual(byId(seen.balances), { ann: most, bob: 1, cat: 0 })
      const balances = new Map([['ann', 3]])
      await wallet.charge({ orderIds: [], users: new Map([['ann', 0]]) }, () => {
        return { changes: { charges: new Map(), balances }, result: null }
      })
      const { balances: left } = await loadPayments(store, [], ['ann', 'bob', 'cat'])
      assert.deepEqual(byId(left), { ann: 3, bob: 1 })
    })

    test('keep what was done about each order', async ({ wallet }) => {
      const charges: Record<string, Charge> = {
        a: { status: 'captured', amount: 5 },
        B: { status: 'refused', reason: 'insufficient_funds' },
        c: { status: 'undone', refunded: 0 },
      }
      await changeCharges(wallet, charges)
      const undone: Charge = { status: 'undone', refunded: 5 }
      await changeCharges(wallet, { a: undone })
      const { charges: kept } = await loadWallet(wallet, ['a', 'B', 'c', 'd'], [])
      assert.deepEqual(byId(kept), { ...charges, a: undone })
    })

    test('tell what was captured and may come back, to whom has too little', async (opened) => {
      const { store, wallet } = opened
      await changePayments(store, { balances: new Map([['ann', 4]]) })
      const unsettled: Charge = { status: 'captured', amount: 5, unsettled: true }
      const settled: Charge = { status: 'captured', amount: 7 }
      await changeCharges(wallet, { a: unsettled, b: { ...unsettled, amount: 20 }, c: settled })
      const told = async (wanted: number) => {
        return byId((await loadWallet(wallet, [], ['ann', 'bob'], wanted)).unsettled)
      }
      assert.deepEqual(await told(4), {})
      assert.deepEqual(await told(5), { ann: 25 })
      await changePayments(store, { settled: ['c', 'b', 'nobody', 'b'] })
      assert.deepEqual(await told(5), { ann: 5 })
      const { charges } = await loadWallet(wallet, ['a', 'b', 'c', 'nobody'], [])
      assert.deepEqual(byId(charges), { a: unsettled, b: { ...settled, amount: 20 }, c: settled })
      await changeCharges(wallet, { a: { status: 'undone', refunded: 5 } })
      await changePayments(store, { settled: ['a'] })
      assert.deepEqual(await told(5), {})
      const { charges: undone } = await loadWallet(wallet, ['a'], [])
      assert.deepEqual(byId(undone), { a: { status: 'undone', refunded: 5 } })
    })

    test('overdraw nobody, and write nothing then', async ({ store, wallet }) => {
      const charged = { userId: 'ann', charge: { status: 'captured', amount: 5 } } as const
      const changes = { charges: new Map([['a', charged]]), balances: new Map([['ann', -1]]) }
      const users = new Map([['ann', 5]])
      const charging = wallet.charge({ orderIds: ['a'], users }, () => {
        return { changes, result: null }
      })
      await assert.rejects(charging, firedBy('not_overdrawn'))
      assert.equal((await loadWallet(wallet, ['a'], [])).charges.size, 0)
      assert.equal((await loadPayments(store, [], ['ann'])).balances.size, 0)
    })

    test('spend a balance once, however many charge it at the same time', async (opened) => {
      await changePayments(opened.store, {
        balances: new Map(Object.entries({ ann: 10, bob: 10 })),
      })
      const charging = Array.from({ length: 12 }, (_, n) => {
        // In both orders, so that whoever locked as asked would meet another halfway.
        const userIds = n % 2 === 0 ? ['ann', 'bob'] : ['bob', 'ann']
        const users = new Map(userIds.map((userId) => [userId, 2]))
        return opened.wallet.charge({ orderIds: [`o-${n}`], users }, ({ balances }) => {
          const left = new Map([...balances].map(([userId, had]) => [userId, had - 2]))
          const isPoor = [...left.values()].some((balance) => balance < 0)
          const changes = { charges: new Map(), balances: isPoor ? new Map() : left }
          return { changes, result: !isPoor }
        })
      })
      const charged = (await Promise.all(charging)).filter((isCharged) => isCharged)
      assert.equal(charged.length, 5)
      const { balances } = await loadPayments(opened.store, [], ['ann', 'bob'])
      assert.deepEqual(byId(balances), { ann: 0, bob: 0 })
    })
  })
}

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
  return { issuerNext: 8, issued: null, usedBy: null, isKept: false, ...known }
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

async function loadPayments(
  store: PaymentStepStore,
  ...[orderIds, userIds, commands = []]: [string[], string[], PaymentWanted['commands']?]
): Promise<PaymentLoaded> {
  const wanted = { orderIds, userIds, commands }
  const loaded = await store.transact({ checks: [], wanted }, (found) => {
    return { changes: { rows: [], balances: new Map(), commands: [] }, moves: [], result: found }
  })
  assert.ok(loaded !== 'fenced')
  return loaded
}

async function changePayments(
  store: PaymentStepStore,
  some: Partial<PaymentChanges>,
): Promise<void> {
  const changes = { rows: [], balances: new Map(), commands: [], ...some }
  const userIds = [...changes.balances.keys()]
  const wanted = { orderIds: idsOf(changes.rows), userIds, commands: [] }
  await store.transact({ checks: [], wanted }, () => ({ changes, moves: [], result: null }))
}

function loadWallet(
  wallet: WalletStore,
  ...[orderIds, userIds, wanted = 0]: [string[], string[], number?]
) {
  const users = new Map(userIds.map((userId) => [userId, wanted]))
  return wallet.charge({ orderIds, users }, (found) => {
    return { changes: { charges: new Map(), balances: new Map() }, result: found }
  })
}

async function changeCharges(wallet: WalletStore, some: Record<string, Charge>): Promise<void> {
  const charges = new Map(
    Object.entries(some).map(([orderId, charge]) => [orderId, { userId: 'ann', charge }]),
  )
  await wallet.charge({ orderIds: Object.keys(some), users: new Map() }, () => {
    return { changes: { charges, balances: new Map() }, result: null }
  })
}

function idsOf(rows: readonly (CouponRow | PaymentRow)[]): string[] {
  return rows.flatMap((row) => ('orderId' in row ? [row.orderId] : []))
}

function idMap<Row extends { status: string }>(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map((row) => ['orderId' in row ? String(row.orderId) : '', row]))
}

function byId<Value>(map: ReadonlyMap<string, Value>): Record<string, Value> {
  return Object.fromEntries(map)
}

function byCommand(a: DoneCommand, b: DoneCommand): number {
  return a.commandId < b.commandId ? -1 : 1
}

function firedBy(constraint: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof PortError, String(error))
    assert.equal(error.code, 'store_broken')
    assert.match(error.message, new RegExp(`\\b${constraint}\\b`))
    return true
  }
}
