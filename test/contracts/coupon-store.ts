// What every adapter of the CouponStore port must do. `open` gives an empty store.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CouponStore, HeldCoupon, IssueBatch, IssuedRow } from '../../src/ports/coupons.ts'
import { couponTests, heldTests, lookUpTests, rowTests, winnerTests } from './coupon-store-reads.ts'
import { rehearsalTests } from './coupon-store-rehearsals.ts'
import { revocation, revocationTests } from './coupon-store-revocations.ts'
import {
  batch,
  brokenBy,
  coupon,
  everything,
  fillRows,
  row,
  slots,
  type TestStore,
} from './coupon-store-samples.ts'

export type CrashPoint = (name: string) => void
/** Says that an order uses a coupon, as the coupon step does. */
export type UseCoupon = (of: { couponId: string; userId: string; orderId: string }) => Promise<void>
export type StoreUnderTest = { store: CouponStore; use: UseCoupon; close(): Promise<void> }
export type OpenStore = (crashPoint?: CrashPoint) => Promise<StoreUnderTest>

export function couponStoreContract(name: string, open: OpenStore): void {
  describe(`the coupon store contract: ${name}`, () => {
    async function withStore(run: (store: CouponStore) => Promise<void>, crashPoint?: CrashPoint) {
      const { store, close } = await open(crashPoint)
      try {
        await run(store)
      } finally {
        await close()
      }
    }

    const testStore = (title: string, run: (store: CouponStore) => Promise<void>) => {
      it(title, () => withStore(run))
    }

    describe('positions', () => positionTests(testStore))
    describe('coupons', () => couponTests(testStore))
    describe('winners', () => winnerTests(testStore))
    describe('constraints', () => constraintTests(testStore))
    describe('issued rows', () => rowTests(testStore))
    describe('what a user holds', () => heldTests(testStore))
    describe('revokes', () => revocationTests(testStore))
    describe('rehearsals', () => rehearsalTests(testStore))
    describe('a look-up', () => lookUpTests(testStore))
    describe('what an order uses', () => usedTests(open))
    describe('coupons of a revoke', () => unspentTests(open))
    describe('a snapshot', () => snapshotTests(testStore))
    describe('a crash', () => crashTests(withStore))
  })
}

function usedTests(open: OpenStore): void {
  it('is told of the coupon that it uses, of no other and of no other user’s', async () => {
    const { store, use, close } = await open()
    try {
      const coupons = ['a', 'b'].map((couponId) => coupon({ couponId }))
      const issued = [
        row({ couponId: 'a', slot: 1, userId: 'ann', offset: 0 }),
        row({ couponId: 'b', slot: 1, userId: 'ann', offset: 1 }),
        row({ couponId: 'a', slot: 2, userId: 'bob', offset: 2 }),
      ]
      await store.apply(batch({ next: 3, coupons, issued }))
      await use({ couponId: 'b', userId: 'ann', orderId: 'order-1' })
      await use({ couponId: 'a', userId: 'bob', orderId: 'order-2' })
      const held = async (userId: string) => {
        const found = await store.heldBy(userId, { limit: 9 })
        return found.map(({ couponId, orderId }) => [couponId, orderId ?? 'unused'])
      }
      assert.deepEqual(await held('ann'), [
        ['a', 'unused'],
        ['b', 'order-1'],
      ])
      assert.deepEqual(await held('bob'), [['a', 'order-2']])
      const users = ({ slot, orderId }: HeldCoupon) => `${slot} ${orderId ?? 'unused'}`
      const winners = await store.winners('a', { limit: 9 })
      assert.deepEqual(winners.map(users), ['1 unused', '2 order-2'])
      assert.deepEqual((await store.byCode(['CODE-2'])).map(users), ['2 order-2'])
    } finally {
      await close()
    }
  })
}

function unspentTests(open: OpenStore): void {
  it('are counted that nobody had spent when they were revoked', async () => {
    const { store, use, close } = await open()
    try {
      const coupons = [coupon({ quantity: 9 })]
      const issued = slots('spring', { from: 1, to: 5, offset: 0 })
      await store.apply(batch({ next: 5, coupons, issued }))
      const of = (userId?: string) => store.unspent({ couponId: 'spring', userId })
      assert.deepEqual([await of('user-1'), await of(), await of('user-9')], [1, 5, 0])
      await use({ couponId: 'spring', userId: 'user-1', orderId: 'order-1' })
      await use({ couponId: 'spring', userId: 'user-2', orderId: 'order-2' })
      assert.deepEqual([await of('user-1'), await of()], [0, 3])
      const revocations = [
        revocation({ offset: 5, userId: 'user-1', taken: { from: 1, to: 1 } }),
        revocation({ offset: 6, userId: 'user-3', taken: { from: 3, to: 3 } }),
        revocation({ offset: 7, taken: { from: 1, to: 5 } }),
        revocation({ offset: 8, userId: 'user-4' }),
      ]
      await store.apply(batch({ expected: 5, next: 9, coupons, revocations }))
      const found = await store.revocations({ partition: 0, from: 0, to: 99 })
      assert.deepEqual(
        found.map(({ unspent }) => unspent),
        [0, 1, 2, 0],
      )
      assert.deepEqual([await of('user-4'), await of()], [0, 0])
    } finally {
      await close()
    }
  })
}

function positionTests(test: TestStore): void {
  test('are none where nothing was written', async (store) => {
    assert.deepEqual(await store.positions(), new Map())
  })

  test('move with what is applied, each partition on its own', async (store) => {
    assert.equal(await store.apply(batch({ partition: 3, next: 7 })), 'applied')
    assert.equal(await store.apply(batch({ partition: 0, next: 1 })), 'applied')
    assert.equal(await store.apply(batch({ partition: 3, expected: 7, next: 9 })), 'applied')
    const expected = new Map([
      [0, { next: 1, published: 0 }],
      [3, { next: 9, published: 0 }],
    ])
    assert.deepEqual(await store.positions(), expected)
  })

  test('hold offsets up to 2^53', async (store) => {
    await store.apply(batch({ next: Number.MAX_SAFE_INTEGER }))
    assert.equal((await store.positions()).get(0)?.next, Number.MAX_SAFE_INTEGER)
  })

  const strangers: readonly (readonly [string, Partial<IssueBatch>])[] = [
    ['the same batch again', { expected: 0, next: 5 }],
    ['a batch from before', { expected: 3, next: 6 }],
    ['a batch from beyond', { expected: 6, next: 9 }],
    ['a first batch of a partition that was written', { expected: 0, next: 1 }],
    ['a later batch of a partition that was not', { partition: 1, expected: 5, next: 6 }],
  ]
  for (const [what, place] of strangers) {
    test(`fence ${what}, which has no effect`, async (store) => {
      await store.apply(batch({ next: 5, coupons: [coupon()] }))
      const before = await everything(store)
      const changed = coupon({ quantity: 9 })
      const issued = [row({ slot: 1, partition: place.partition ?? 0 })]
      const late = batch({ ...place, coupons: [changed, coupon({ couponId: 'x' })], issued })
      assert.equal(await store.apply(late), 'fenced')
      assert.deepEqual(await everything(store), before)
    })
  }

  test('fence all but one of several that go on from the same place at once', async (store) => {
    const attempts = Array.from({ length: 5 }, (_, n) => {
      return store.apply(batch({ next: 10 + n, coupons: [coupon({ couponId: `c${n}` })] }))
    })
    const results = await Promise.all(attempts)
    assert.equal(results.filter((result) => result === 'applied').length, 1)
    const winner = results.indexOf('applied')
    const { positions, coupons } = await store.snapshot()
    assert.equal(positions.get(0)?.next, 10 + winner)
    assert.deepEqual(
      coupons.map(({ couponId }) => couponId),
      [`c${winner}`],
    )
  })

  test('remember how far events were published, and never go back', async (store) => {
    await store.apply(batch({ next: 5 }))
    for (const [next, published] of [
      [3, 3],
      [2, 3],
      [5, 5],
    ] as const) {
      await store.markPublished(0, next)
      assert.deepEqual((await store.positions()).get(0), { next: 5, published })
    }
    await store.apply(batch({ expected: 5, next: 8 }))
    assert.deepEqual((await store.positions()).get(0), { next: 8, published: 5 })
  })

  test('of a partition that was never written cannot be published', async (store) => {
    await store.markPublished(4, 1)
    assert.deepEqual(await store.positions(), new Map())
  })

  test('cannot be published further than they were applied, as where rows were put back', async (store) => {
    await store.apply(batch({ next: 5 }))
    await store.markPublished(0, 6)
    assert.deepEqual((await store.positions()).get(0), { next: 5, published: 0 })
  })
}

type Violation = readonly [what: string, constraint: string, rows: readonly IssuedRow[]]

/** After spring (quantity 3) has issued slot 1 to user-1 by record 0. */
const violations: readonly Violation[] = [
  ['a slot twice', 'one_per_slot', [row({ slot: 1, userId: 'b', offset: 8 })]],
  ['a user twice', 'one_per_user', [row({ slot: 2, userId: 'user-1', offset: 8 })]],
  ['a record twice', 'one_per_record', [row({ slot: 2, userId: 'b', offset: 0 })]],
  ['slot 0', 'slot_from_one', [row({ slot: 0, userId: 'b', offset: 8 })]],
  ['a slot above the quantity', 'slot_within_quantity', [row({ slot: 4, offset: 8 })]],
  ['a slot of no coupon', 'slot_within_quantity', [row({ couponId: 'z', slot: 1, offset: 8 })]],
  [
    'a slot twice in one batch',
    'one_per_slot',
    [row({ slot: 2, userId: 'b', offset: 8 }), row({ slot: 2, userId: 'c', offset: 9 })],
  ],
  [
    'a user twice in one batch',
    'one_per_user',
    [row({ slot: 2, userId: 'b', offset: 8 }), row({ slot: 3, userId: 'b', offset: 9 })],
  ],
  [
    'the last of many rows above the quantity',
    'slot_within_quantity',
    [row({ slot: 2, offset: 8 }), row({ slot: 3, offset: 9 }), row({ slot: 4, offset: 10 })],
  ],
]

function constraintTests(test: TestStore): void {
  for (const [what, constraint, issued] of violations) {
    test(`${constraint} refuses ${what}, and the whole batch with it`, async (store) => {
      const other = coupon({ couponId: 'other', quantity: 3 })
      const first = { coupons: [coupon(), other], issued: [row({ slot: 1 })] }
      await store.apply(batch({ next: 5, ...first }))
      const before = await everything(store)
      const good = row({ couponId: 'other', slot: 1, offset: 7 })
      const changed = [coupon({ couponId: 'new' }), { ...other, paused: true }]
      const bad = batch({ expected: 5, next: 20, coupons: changed, issued: [good, ...issued] })
      await assert.rejects(store.apply(bad), brokenBy(constraint))
      assert.deepEqual(await everything(store), before)
      const after = batch({ expected: 5, next: 20, coupons: changed, issued: [good] })
      assert.equal(await store.apply(after), 'applied')
    })
  }

  test('let a slot pass whose restock is in the same batch', async (store) => {
    await store.apply(batch({ next: 1, coupons: [coupon({ quantity: 1 })] }))
    const issued = slots('spring', { from: 1, to: 2, offset: 1 })
    const coupons = [coupon({ quantity: 2 })]
    assert.equal(await store.apply(batch({ expected: 1, next: 3, coupons, issued })), 'applied')
  })

  test('let a user hold several coupons, and a slot number be of several', async (store) => {
    const coupons = ['a', 'b'].map((couponId) => coupon({ couponId }))
    const issued = coupons.map(({ couponId }, offset) => row({ couponId, slot: 1, offset }))
    assert.equal(await store.apply(batch({ next: 2, coupons, issued })), 'applied')
  })
}

function snapshotTests(test: TestStore): void {
  test('has the coupons in id order, without winners, and the positions', async (store) => {
    await fillRows(store)
    const { positions, coupons } = await store.snapshot()
    assert.deepEqual([...positions.keys()].sort(), [0, 1])
    assert.deepEqual(
      coupons.map(({ couponId, winners }) => [couponId, winners.size]),
      ['a-b', 'a0', 'aa', 'ab'].map((couponId) => [couponId, 0]),
    )
  })

  test('says of each partition of which generation its rows are, which batches keep', async (store) => {
    await fillRows(store)
    const { generations } = await store.snapshot()
    assert.deepEqual([...(generations?.keys() ?? [])].sort(), [0, 1])
    const { next = 0 } = (await store.positions()).get(0) ?? {}
    assert.equal(await store.apply(batch({ expected: next, next: next + 1 })), 'applied')
    assert.deepEqual((await store.snapshot()).generations, generations)
  })

  test('is empty where nothing was written', async (store) => {
    assert.deepEqual(await store.snapshot(), {
      positions: new Map(),
      coupons: [],
      generations: new Map(),
    })
  })

  test('is of one moment, whatever is applied meanwhile', async (store) => {
    let applied = Promise.resolve()
    for (let n = 1; n <= 50; n++) {
      applied = applied.then(async () => {
        const coupons = ['a', 'b'].map((couponId) => coupon({ couponId, quantity: n }))
        await store.apply(batch({ expected: n - 1, next: n, coupons }))
      })
    }
    let seen = 0
    while (seen < 50) {
      const { positions, coupons } = await store.snapshot()
      seen = positions.get(0)?.next ?? 0
      const quantities = coupons.map(({ quantity }) => quantity)
      assert.deepEqual(quantities, seen === 0 ? [] : [seen, seen])
    }
    await applied
  })
}

type WithStore = (
  run: (store: CouponStore) => Promise<void>,
  crashPoint?: CrashPoint,
) => Promise<void>

function crashTests(withStore: WithStore): void {
  const whole = batch({ next: 5, coupons: [coupon()], issued: [row({ slot: 1 })] })

  it('can be made at each of the points, in this order', async () => {
    const passed: string[] = []
    const crashPoint = (name: string) => void passed.push(name)
    await withStore(async (store) => {
      await store.apply(whole)
      assert.deepEqual(passed.splice(0), ['K16', 'K17', 'K18', 'K19'])
      await store.apply(whole)
      assert.deepEqual(passed, ['K16'], 'a batch that is fenced writes nothing')
    }, crashPoint)
  })

  for (const point of ['K16', 'K17', 'K18', 'K19']) {
    const left = point === 'K19' ? 'everything' : 'nothing'
    it(`at ${point} leaves ${left} written`, async () => {
      const crash = new Error('crashed here')
      let armed = true
      await withStore(
        async (store) => {
          const before = await everything(store)
          await assert.rejects(store.apply(whole), crash)
          armed = false
          if (left === 'everything') assert.equal(await store.apply(whole), 'fenced')
          else {
            assert.deepEqual(await everything(store), before)
            assert.equal(await store.apply(whole), 'applied')
          }
          assert.deepEqual((await everything(store)).rows, whole.issued)
        },
        (name) => {
          if (armed && name === point) throw crash
        },
      )
    })
  }
}
