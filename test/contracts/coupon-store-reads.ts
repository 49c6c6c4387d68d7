// The half of the coupon store contract that says how what was stored comes back.

import assert from 'node:assert/strict'
import { columnsOfRows } from '../../src/adapters/memory/issued-columns.ts'
import { quantityMax } from '../../src/domain/coupons/quantity.ts'
import type { Coupon } from '../../src/domain/coupons/state.ts'
import type { CouponStore, IssuedRow, RowsQuery } from '../../src/ports/coupons.ts'
import { PortError } from '../../src/ports/port-error.ts'
import {
  batch,
  coupon,
  everything,
  fillRows,
  row,
  slots,
  type TestStore,
  terms,
} from './coupon-store-samples.ts'

const names = ['봄 쿠폰 🎟', `"it's" {a,b} \\ NULL\n\t`, 'x'.repeat(200)]
const discount = { kind: 'percent', value: 100 } as const
const variants: readonly (readonly [string, Partial<Coupon>])[] = [
  ['without closing time or discount', {}],
  ['scheduled, with all terms', { status: 'scheduled', terms: { ...terms(), discount } }],
  ['edited', { name: '여름 쿠폰', commands: new Map([['e', '{"name":"여름 쿠폰"}']]) }],
  ['paused', { paused: true, commands: new Map([['pause', 0]]) }],
  ['closed', { status: 'closed', closesAt: 2_000, terms: { ...terms(), closesAt: 2_000 } }],
  ['of another partition and rules', { partition: 11, rules: Number.MAX_SAFE_INTEGER }],
  ['of the largest quantity', { quantity: quantityMax, terms: terms({ quantity: quantityMax }) }],
  ['that opened before 1970', { opensAt: -62_135_596_800_000 }],
  ['that closes in the year 9999', { closesAt: 253_402_300_799_999 }],
  ...names.map((name): [string, Partial<Coupon>] => {
    return [`named ${JSON.stringify(name.slice(0, 20))}`, { terms: terms({ name }) }]
  }),
  [
    'with commands in their order, whatever their ids',
    {
      quantity: 12,
      commands: new Map([
        ['z', 3],
        ['__proto__', 4],
        ['1', 0],
        ['op:"키"\\,{}', 5],
      ]),
    },
  ],
]

export function couponTests(test: TestStore): void {
  for (const [what, changes] of variants) {
    test(`come back whole: one ${what}`, async (store) => {
      const stored = coupon(changes)
      const { partition } = stored
      await store.apply(batch({ partition, next: 1, coupons: [stored] }))
      const loaded = await store.load([stored.couponId])
      assert.deepEqual([...loaded], [[stored.couponId, stored]])
      assert.deepEqual(
        [...(loaded.get(stored.couponId)?.commands ?? [])],
        [...stored.commands],
        'the commands in another order',
      )
      assert.deepEqual((await store.snapshot()).coupons, [stored])
    })
  }

  test('are stored as they were last', async (store) => {
    const first = coupon({ status: 'scheduled' })
    const last = coupon({ paused: true, quantity: 7, commands: new Map([['r', 4]]) })
    await store.apply(batch({ next: 1, coupons: [first, coupon({ couponId: 'other' })] }))
    await store.apply(batch({ expected: 1, next: 2, coupons: [last] }))
    assert.deepEqual((await store.load(['spring'])).get('spring'), last)
  })

  test('are loaded as asked, and those without rows are missing', async (store) => {
    const coupons = ['a', 'b', 'c'].map((couponId) => coupon({ couponId }))
    await store.apply(batch({ next: 1, coupons }))
    assert.deepEqual([...(await store.load(['c', 'no-such', 'a'])).keys()].sort(), ['a', 'c'])
    assert.deepEqual(await store.load([]), new Map())
  })

  test('are not shared with the caller, neither when stored nor when loaded', async (store) => {
    const mine = coupon()
    const row1 = row({ slot: 1 })
    await store.apply(batch({ next: 1, coupons: [mine], issued: [row1] }))
    mine.commands.set('later', 1)
    mine.terms.name = 'later'
    row1.userId = 'later'
    const read = await everything(store)
    for (const loaded of [...read.loaded.values(), ...read.coupons]) {
      loaded.commands.set('later', 1)
      loaded.terms.name = 'later'
      const slot = loaded.winners.size + 1
      loaded.winners.set('later', { slot, claimId: 'later', offset: 9, appendedAt: 9 })
    }
    for (const stored of read.rows) stored.userId = 'later'
    for (const position of read.positions.values()) position.next = 99
    const { coupons, rows, positions, loaded } = await everything(store)
    assert.deepEqual(coupons, [coupon()])
    assert.deepEqual(rows, [row({ slot: 1 })])
    assert.equal(positions.get(0)?.next, 1)
    assert.deepEqual([...(loaded.get('spring')?.winners.keys() ?? [])], ['user-1'])
  })
}

export function winnerTests(test: TestStore): void {
  test('are found by user, with how far the rows are', async (store) => {
    const asked = (couponId: string, userId: string) => ({ couponId, userId })
    assert.deepEqual(await store.issuedTo([asked('spring', 'user-1')]), {
      issued: [],
      next: new Map(),
    })
    const coupons = [coupon(), coupon({ couponId: 'autumn' })]
    const wanted = row({ slot: 2, userId: '"it\'s" {a,b}', claimId: 'c"\\' })
    const others = slots('autumn', { from: 1, to: 2, offset: 7 })
    const issued = [...others, row({ slot: 1 }), wanted]
    await store.apply(batch({ next: 9, coupons, issued }))
    await store.apply(batch({ partition: 3, next: 4 }))
    const found = await store.issuedTo([
      asked('spring', wanted.userId),
      asked('spring', 'nobody'),
      asked('autumn', 'user-2'),
      asked('no-such', 'user-1'),
    ])
    const next = new Map([
      [0, 9],
      [3, 4],
    ])
    assert.deepEqual(found.next, next)
    const wonOf = ({ slot, claimId, offset, appendedAt }: IssuedRow) => {
      return { slot, claimId, offset, appendedAt }
    }
    const expected = [wanted, row({ couponId: 'autumn', slot: 2, offset: 8 })].map((one) => {
      return { couponId: one.couponId, userId: one.userId, issued: wonOf(one) }
    })
    assert.deepEqual(
      found.issued.toSorted((a, b) => (a.couponId < b.couponId ? 1 : -1)),
      expected,
    )
    assert.deepEqual((await store.issuedTo([])).next, next)
  })

  test('come back in slot order with all that their record says', async (store) => {
    const appendedAt = 1_770_000_000_123
    const claimId = `${'클'.repeat(100)}"\\{},NULL`
    const issued = [
      row({ slot: 1, userId: 'zoe', offset: 40, appendedAt, claimId }),
      row({ slot: 2, userId: '!"{},\\~', offset: 41, appendedAt: appendedAt - 500 }),
      row({ slot: 3, userId: 'ann', offset: Number.MAX_SAFE_INTEGER, appendedAt: 0 }),
    ]
    await store.apply(batch({ next: 1, coupons: [coupon()], issued }))
    const winners = (await store.load(['spring'])).get('spring')?.winners ?? new Map()
    assert.deepEqual(
      [...winners],
      issued.map((it) => [
        it.userId,
        { slot: it.slot, claimId: it.claimId, offset: it.offset, appendedAt: it.appendedAt },
      ]),
    )
  })

  test('come back all, of many coupons and of large ones', async (store) => {
    const counts = new Map([
      ['large', 10_001],
      ['page', 10_000],
      ['one', 1],
      ['none', 0],
    ])
    for (let n = 0; n < 1_100; n++) counts.set(`small-${n}`, 2)
    const quantity = 20_000
    const coupons = [...counts.keys()].map((couponId) => coupon({ couponId, quantity }))
    await store.apply(batch({ next: 0, coupons }))
    let next = 0
    for (const [couponId, count] of counts) {
      const issued = slots(couponId, { from: 1, to: count, offset: next })
      await store.apply(batch({ expected: next, next: next + count, issued }))
      next += count
    }
    for (const ids of [['large'], ['page', 'none'], [...counts.keys()]]) {
      const loaded = await store.load(ids)
      assert.equal(loaded.size, ids.length)
      for (const [couponId, { winners }] of loaded) {
        const found = [...winners.values()].map(({ slot }) => slot)
        const expected = Array.from({ length: counts.get(couponId) ?? 0 }, (_, n) => n + 1)
        assert.deepEqual(found, expected, couponId)
      }
    }
  })

  for (const missing of [1, 10_000, 10_001]) {
    test(`of which slot ${missing} has no row but later ones have are refused`, async (store) => {
      const issued = slots('spring', { from: 1, to: 10_002, offset: 0 })
      const holed = issued.filter(({ slot }) => slot !== missing)
      const coupons = [coupon({ quantity: 10_002 })]
      await store.apply(batch({ next: 10_002, coupons, issued: holed }))
      await assert.rejects(store.load(['spring']), (error) => {
        assert(error instanceof PortError)
        assert.equal(error.code, 'store_broken')
        assert.match(error.message, new RegExp(`slot ${missing} of coupon spring`))
        return true
      })
    })
  }
}

export function rowTests(test: TestStore): void {
  for (const limit of [1, 3, 4, 15, 16, 17, 1_000]) {
    test(`come in pages of ${limit}: all, each once, in order`, async (store) => {
      const rows = await fillRows(store)
      assert.deepEqual(await pages(store, { limit }), rows)
    })
  }

  const queries: readonly [string, Omit<RowsQuery, 'limit'>, (row: IssuedRow) => boolean][] = [
    ['of one coupon', { couponId: 'a0' }, (it) => it.couponId === 'a0'],
    ['of a coupon without rows', { couponId: 'zz' }, () => false],
    [
      'won by a range of offsets, its end excluded',
      { won: { partition: 0, from: 2, to: 7 } },
      (it) => it.partition === 0 && it.offset >= 2 && it.offset < 7,
    ],
    ['won by an empty range', { won: { partition: 0, from: 5, to: 5 } }, () => false],
    [
      'won by a range, of one coupon',
      { couponId: 'a0', won: { partition: 0, from: 0, to: 6 } },
      (it) => it.couponId === 'a0' && it.offset < 6,
    ],
    [
      'won in another partition',
      { won: { partition: 1, from: 1, to: 100 } },
      (it) => it.partition === 1 && it.offset >= 1,
    ],
  ]
  for (const [what, query, wanted] of queries) {
    for (const limit of [2, 100]) {
      test(`${what} come in pages of ${limit}`, async (store) => {
        const expected = (await fillRows(store)).filter(wanted)
        assert.deepEqual(await pages(store, { ...query, limit }), expected)
      })
    }
  }

  test('come as columns: a coupon and partition in one piece, in slot order', async (store) => {
    const rows = await fillRows(store)
    for (const query of [{ limit: 100 }, { limit: 3 }, { limit: 3, couponId: 'a0' }]) {
      for (const after of [undefined, { couponId: 'a0', slot: 1 }]) {
        const page = await store.issuedRows({ ...query, ...(after && { after }) })
        const found = await store.issuedColumns({ ...query, ...(after && { after }) })
        assert.deepEqual(found, columnsOfRows(page))
      }
    }
    assert.deepEqual(await store.issuedColumns({ limit: 9, couponId: 'zz' }), [])
    assert.ok(rows.length > 3)
  })

  test('of one coupon begin after a place in another as the order says', async (store) => {
    await fillRows(store)
    const read = async (after: RowsQuery['after']) => {
      const found = await store.issuedRows({ couponId: 'a0', limit: 9, ...(after && { after }) })
      return found.map(({ slot }) => slot)
    }
    assert.deepEqual(await read({ couponId: 'a-b', slot: 3 }), [1, 2, 3, 4])
    assert.deepEqual(await read({ couponId: 'a0', slot: 3 }), [4])
    assert.deepEqual(await read({ couponId: 'aa', slot: 1 }), [])
  })
}

export function heldTests(test: TestStore): void {
  async function fill(store: CouponStore): Promise<void> {
    const couponIds = ['a-b', 'a0', 'ab', 'b']
    const coupons = couponIds.map((couponId, n) => {
      const amount = { kind: 'amount', value: 1_000_000_000_000 } as const
      const named = terms({ name: `쿠폰 ${couponId}` })
      const audience = { attribute: 'tier', values: ['gold'] }
      return coupon({ couponId, terms: n === 1 ? { ...named, discount: amount, audience } : named })
    })
    const issued = couponIds.map((couponId, offset) => {
      return row({ couponId, slot: 1, userId: offset === 2 ? 'bob' : 'ann', offset })
    })
    await store.apply(batch({ next: 4, coupons, issued }))
  }

  test('is every row of theirs, with the name and discount of its coupon', async (store) => {
    await fill(store)
    const held = await store.heldBy('ann', { limit: 10 })
    assert.deepEqual(held[1], {
      ...row({ couponId: 'a0', slot: 1, userId: 'ann', offset: 1 }),
      name: 'Summer',
      terms: terms({
        name: '쿠폰 a0',
        discount: { kind: 'amount', value: 1_000_000_000_000 },
      }),
    })
    assert.deepEqual(
      held.map(({ couponId, terms: { discount: given } }) => [couponId, given?.kind ?? null]),
      [
        ['a-b', null],
        ['a0', 'amount'],
        ['b', null],
      ],
    )
  })

  test('is what they have of one coupon, where only that is asked for', async (store) => {
    await fill(store)
    const ids = async (couponId: string) => {
      const held = await store.heldBy('ann', { limit: 10, couponId })
      return held.map((one) => one.couponId)
    }
    assert.deepEqual(await ids('a0'), ['a0'])
    assert.deepEqual(await ids('ab'), [])
  })

  test('comes in pages, in coupon id order', async (store) => {
    await fill(store)
    const ids = async (limit: number, after?: string) => {
      const held = await store.heldBy('ann', { limit, ...(after !== undefined && { after }) })
      return held.map(({ couponId }) => couponId)
    }
    assert.deepEqual(await ids(2), ['a-b', 'a0'])
    assert.deepEqual(await ids(2, 'a0'), ['b'])
    assert.deepEqual(await ids(2, 'a1'), ['b'])
    assert.deepEqual(await ids(2, 'b'), [])
  })

  test('is nothing for a user who has won nothing', async (store) => {
    await fill(store)
    assert.deepEqual(await store.heldBy('eve', { limit: 10 }), [])
  })
}

export function lookUpTests(test: TestStore): void {
  test('finds who holds one coupon in slot order, in pages', async (store) => {
    await fillRows(store)
    const found = async (couponId: string, limit: number, after?: number) => {
      const page = await store.winners(couponId, { limit, ...(after !== undefined && { after }) })
      return page.map((one) => `${one.couponId} ${one.slot} ${one.userId} ${one.name}`)
    }
    const all = [1, 2, 3, 4].map((slot) => `a0 ${slot} user-${slot} Summer`)
    assert.deepEqual(await found('a0', 9), all)
    assert.deepEqual(await found('a0', 2), all.slice(0, 2))
    assert.deepEqual(await found('a0', 2, 2), all.slice(2))
    assert.deepEqual(await found('a0', 2, 4), [])
    assert.deepEqual(await found('a', 9), [])
    assert.deepEqual(
      (await store.winners('a0', { limit: 1 }))[0],
      (await store.heldBy('user-1', { limit: 1, couponId: 'a0' }))[0],
    )
  })

  test('finds what has a code, of whatever coupon', async (store) => {
    await fillRows(store)
    const found = async (...codes: string[]) => {
      const held = await store.byCode(codes)
      return held.map(({ couponId, slot, code }) => `${couponId} ${slot} ${code}`)
    }
    const four = ['a-b', 'a0', 'aa', 'ab'].map((couponId) => `${couponId} 2 CODE-2`)
    assert.deepEqual(await found('CODE-2', 'CODE-99'), four)
    assert.deepEqual(await found('code-2'), [])
    assert.deepEqual(await found(), [])
  })
}

async function pages(store: CouponStore, query: RowsQuery): Promise<IssuedRow[]> {
  const found: IssuedRow[] = []
  for (;;) {
    const after = found.at(-1)
    const page = await store.issuedRows({ ...query, ...(after && { after }) })
    assert(page.length <= query.limit, `a page of ${page.length}`)
    found.push(...page)
    if (page.length < query.limit) return found
  }
}
