import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { OrderMessage, OrderPlaced } from './messages.ts'
import { absent, type StockRow } from './state.ts'
import { decideStock, evolveStock, type StockFacts } from './stock-step.ts'

const orderId = 'o-1'
const lines = [
  { productId: 'tea', quantity: 2 },
  { productId: 'cup', quantity: 1 },
]
const inIdOrder = lines.toReversed()
const priced = [
  { productId: 'tea', quantity: 2, unitPrice: 150 },
  { productId: 'cup', quantity: 1, unitPrice: 900 },
]
const hold = { orderId, lines: priced }
const plenty: StockFacts = new Map([
  ['tea', { price: 150, available: 2, held: 0 }],
  ['cup', { price: 900, available: 5, held: 0 }],
])

const placed: OrderPlaced = {
  type: 'order.placed',
  orderId,
  userId: 'ann',
  lines,
  timeLimitMs: 9,
}
const messages = {
  placed,
  due: {
    type: 'order.payment_due',
    orderId,
    userId: 'ann',
    subtotal: 9,
    discount: 0,
    total: 9,
  },
  cancelled: { type: 'order.cancelled', orderId, reason: 'timed_out' },
  confirmed: { type: 'order.confirmed', orderId },
} satisfies Record<string, OrderMessage>

const rows = {
  absent: absent,
  held: { status: 'held', ...hold },
  refused: { status: 'refused', orderId, reason: 'out_of_stock', productId: 'tea' },
  released: { status: 'released', ...hold },
  sold: { status: 'sold', ...hold },
  waiting: { status: 'waiting', orderId, placed, since: 7 },
  tombstone: { status: 'cancelled', orderId },
} satisfies Record<string, StockRow>

/** Outcome, the row's status after it, *effects, +replies. */
const table: Readonly<Record<keyof typeof rows, Readonly<Record<keyof typeof messages, string>>>> =
  {
    absent: {
      placed: 'applied held *hold +stock.held',
      due: 'ignored absent',
      cancelled: 'applied cancelled',
      confirmed: 'contradiction absent',
    },
    waiting: {
      placed: 'applied held *hold +stock.held',
      due: 'ignored waiting',
      cancelled: 'applied cancelled',
      confirmed: 'contradiction waiting',
    },
    held: {
      placed: 'repeated held +stock.held',
      due: 'ignored held',
      cancelled: 'applied released *release +stock.released',
      confirmed: 'applied sold *sell +stock.sold',
    },
    refused: {
      placed: 'repeated refused +stock.refused',
      due: 'ignored refused',
      cancelled: 'ignored refused',
      confirmed: 'contradiction refused',
    },
    released: {
      placed: 'repeated released +stock.held',
      due: 'ignored released',
      cancelled: 'repeated released +stock.released',
      confirmed: 'contradiction released',
    },
    sold: {
      placed: 'repeated sold +stock.held',
      due: 'ignored sold',
      cancelled: 'contradiction sold',
      confirmed: 'repeated sold +stock.sold',
    },
    tombstone: {
      placed: 'ignored cancelled',
      due: 'ignored cancelled',
      cancelled: 'ignored cancelled',
      confirmed: 'contradiction cancelled',
    },
  }

describe('the stock step', () => {
  for (const [name, expected] of Object.entries(table)) {
    for (const [record, summary] of Object.entries(expected)) {
      test(`whose row is ${name} takes ${record}: ${summary}`, () => {
        const message = messages[record as keyof typeof messages]
        const row: StockRow = rows[name as keyof typeof rows]
        const decision = decideStock({ message, at: 7, products: plenty }, row)
        const effects = decision.effects.map(({ kind }) => `*${kind}`)
        const replies = decision.replies.map(({ type }) => `+${type}`)
        const { status } = decision.events.reduce(evolveStock, row)
        assert.equal([decision.outcome, status, ...effects, ...replies].join(' '), summary)
      })
    }
  }

  test('holds every line at its price, in the order of the ids, and replies as it was asked', () => {
    const decision = decideStock({ message: placed, at: 7, products: plenty }, rows.absent)
    assert.deepEqual(decision.effects, [{ kind: 'hold', lines: inIdOrder }])
    assert.deepEqual(decision.replies, [{ type: 'stock.held', orderId, lines: priced }])
    assert.deepEqual(decision.events.reduce(evolveStock, rows.absent), rows.held)
  })

  test('releases and sells just what it held', () => {
    for (const [message, kind] of [
      [messages.cancelled, 'release'],
      [messages.confirmed, 'sell'],
    ] as const) {
      const { effects } = decideStock({ message, at: 7, products: new Map() }, rows.held)
      assert.deepEqual(effects, [{ kind, lines: inIdOrder }])
    }
  })

  const refusals: readonly (readonly [string, StockFacts, string, string])[] = [
    ['the first line', change('tea', 1), 'out_of_stock', 'tea'],
    ['the last line', change('cup', 0), 'out_of_stock', 'cup'],
    ['every line', new Map([...change('tea', 0), ...change('cup', 0, [])]), 'out_of_stock', 'tea'],
    ['an unknown product', new Map([...plenty].slice(0, 1)), 'unknown_product', 'cup'],
    [
      'an unknown product rather than a short one',
      new Map([...change('tea', 0)].slice(0, 1)),
      'unknown_product',
      'cup',
    ],
  ]
  for (const [name, products, reason, productId] of refusals) {
    test(`holds nothing at all because of ${name}, and says so`, () => {
      const decision = decideStock({ message: placed, at: 7, products }, rows.absent)
      assert.deepEqual(decision.effects, [])
      assert.deepEqual(decision.replies, [{ type: 'stock.refused', orderId, reason, productId }])
    })
  }

  const notNow: readonly (readonly [string, StockFacts, string])[] = [
    ['some pieces are held by others', held('tea', 1, 1), 'applied waiting'],
    ['all of them are', held('cup', 0, 9), 'applied waiting'],
    [
      'one line is gone for good',
      new Map([...held('tea', 0, 9), ...change('cup', 0, [])]),
      'applied refused',
    ],
    ['too few are held', held('tea', 0, 1), 'applied refused'],
  ]
  for (const [name, products, summary] of notNow) {
    test(`says neither yes nor no while a no could be wrong: ${name}`, () => {
      const command = { message: placed, at: 7, products }
      const decision = decideStock(command, rows.absent)
      const row = decision.events.reduce(evolveStock, rows.absent as StockRow)
      assert.equal(`${decision.outcome} ${row.status}`, summary)
      if (row.status !== 'waiting') return
      assert.deepEqual(row, rows.waiting)
      assert.deepEqual(decision.replies, [])
      assert.equal(decideStock(command, row).outcome, 'ignored')
    })
  }

  test('lets those wait who come after others for the same pieces, and no order for ever', () => {
    const command = { message: placed, at: 7, products: plenty, isQueued: true }
    assert.deepEqual(decideStock(command, rows.absent).events, [{ type: 'waits', placed, at: 7 }])
    assert.equal(decideStock(command, rows.waiting).events[0]?.type, 'held')
  })

  const onlyTea: StockFacts = new Map([...plenty].slice(0, 1))
  const missing: readonly (readonly [string, StockFacts, string, string])[] = [
    ['it is waited for where it may exist', onlyTea, 'cup', 'waiting'],
    ['it is unknown where it does not', onlyTea, 'tea', 'unknown_product of cup'],
    ['it is not waited for where another is unknown', new Map(), 'tea', 'unknown_product of cup'],
    ['nor where another is gone', change('tea', 0, []), 'cup', 'out_of_stock of tea'],
  ]
  for (const [name, products, unread, summary] of missing) {
    test(`tells apart what it can say of a product that is missing: ${name}`, () => {
      const mayExist = (productId: string) => productId === unread
      const decision = decideStock({ message: placed, at: 7, products, mayExist }, rows.absent)
      const row = decision.events.reduce(evolveStock, rows.absent as StockRow)
      const said = row.status === 'refused' ? `${row.reason} of ${row.productId}` : row.status
      assert.equal(said, summary)
      if (row.status !== 'waiting') return
      assert.equal(
        decideStock({ message: placed, at: 7, products: plenty }, row).outcome,
        'applied',
      )
      const [refused] = decideStock({ message: placed, at: 7, products }, row).replies
      assert.equal(refused?.type, 'stock.refused')
    })
  }

  test('given an event out of turn meets a programming error', () => {
    assert.throws(() => evolveStock(rows.sold, { type: 'released' }), { message: /released of/ })
    assert.throws(() => evolveStock(rows.absent, { type: 'sold' }), { message: /sold of/ })
    const waits = { type: 'waits', placed, at: 7 } as const
    assert.throws(() => evolveStock(rows.held, waits), { message: /waits of/ })
    assert.throws(() => evolveStock(rows.tombstone, { type: 'held', hold }), { message: /held of/ })
  })
})

function change(productId: string, available: number, among = [...plenty]): StockFacts {
  return new Map([...among, [productId, { price: 1, available, held: 0 }]])
}

function held(productId: string, available: number, byOthers: number): StockFacts {
  return new Map([...plenty, [productId, { price: 1, available, held: byOthers }]])
}
