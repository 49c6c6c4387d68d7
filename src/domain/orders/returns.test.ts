import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type CouponRowEvent, decideCoupon, evolveCoupon } from './coupon-step.ts'
import type { OrderMessage, OrderPlaced, StepMessage } from './messages.ts'
import { decidePayment, evolvePayment, type PaymentRowEvent } from './payment-step.ts'
import { decide, evolve, initialState, type OrderCommand } from './process.ts'
import { absent, type CouponRow, type OrderState, type PaymentRow, type StockRow } from './state.ts'
import { decideStock, evolveStock, type StockRowEvent } from './stock-step.ts'

const orderId = 'o-1'
const confirmedAt = 2_000
const withinMs = 500
const placed: OrderPlaced = {
  type: 'order.placed',
  orderId,
  userId: 'ann',
  lines: [{ productId: 'tea', quantity: 2 }],
  timeLimitMs: 1_000,
  coupon: { couponId: 'spring', partition: 0, offset: 7 },
}
const ask = { type: 'order.return_asked', orderId, by: 'ann', commandId: 'c-1' } as const
const due: OrderMessage = { type: 'order.return_due', orderId, couponId: 'spring' }
const dueBare: OrderMessage = { type: 'order.return_due', orderId }
const confirmed: OrderMessage = { type: 'order.confirmed', orderId, couponId: 'spring' }
const lines = [{ productId: 'tea', quantity: 2, unitPrice: 150 }]

function said(message: OrderMessage | StepMessage, at = confirmedAt): OrderCommand {
  return { kind: 'record', message, at }
}
function after(state: OrderState, ...commands: readonly OrderCommand[]): OrderState {
  return commands.reduce((so, command) => decide(command, so).events.reduce(evolve, so), state)
}

const paid = after(
  initialState(),
  said(placed, 1_000),
  said({ type: 'coupon.used', orderId, couponId: 'spring' }),
  said({ type: 'stock.held', orderId, lines }),
  said({ type: 'payment.captured', orderId, amount: 300 }, 1_990),
)
const written = after(paid, said(confirmed), said({ type: 'stock.sold', orderId }))
const { confirmedAt: _, ...old } = { confirmedAt: null, ...written }
const commands = {
  ask: said({ ...ask, withinMs }, confirmedAt + withinMs),
  again: said({ ...ask, withinMs }, confirmedAt + 9_999),
  other: said({ ...ask, commandId: 'c-2', withinMs }, confirmedAt + 1),
  late: said({ ...ask, commandId: 'c-3', withinMs }, confirmedAt + withinMs + 1),
  operator: said({ ...ask, commandId: 'c-4', by: 'op', reason: 'broken' }, confirmedAt + 9_999),
  writtenConfirmed: said(confirmed, confirmedAt + 7),
  writtenCancelled: said({ type: 'order.cancelled', orderId, reason: 'timed_out' }),
  writtenDue: said(due),
  writtenReturned: said({ type: 'order.returned', orderId }),
  couponReleased: said({ type: 'coupon.released', orderId, couponId: 'spring' }),
  stockReleased: said({ type: 'stock.released', orderId }),
  refunded: said({ type: 'payment.refunded', orderId, amount: 300 }),
  captured: said({ type: 'payment.captured', orderId, amount: 300 }),
  sold: said({ type: 'stock.sold', orderId }),
  time: { kind: 'time', now: 9_999_999 },
} satisfies Record<string, OrderCommand>
const returning = after(written, commands.ask)
const almost = after(returning, commands.couponReleased, commands.stockReleased)
const states = {
  placed: after(initialState(), said(placed, 1_000)),
  unwritten: paid,
  confirmed: written,
  old: old as OrderState,
  returning,
  almost,
  returned: after(almost, commands.refunded),
} satisfies Record<string, OrderState>

const dueNow = 'applied returning +order.return_due'
const process: Readonly<
  Record<keyof typeof states, Partial<Record<keyof typeof commands, string>>>
> = {
  placed: {
    ask: 'refused',
    operator: 'refused',
    writtenDue: 'contradiction',
    writtenReturned: 'contradiction',
  },
  // By the orders topic it is not confirmed yet.
  unwritten: { ask: 'refused', operator: 'refused', writtenConfirmed: 'applied confirmed' },
  confirmed: {
    ask: dueNow,
    late: 'refused',
    operator: dueNow,
    writtenConfirmed: 'ignored',
    writtenDue: 'contradiction',
    writtenReturned: 'contradiction',
  },
  // Stored before orders could be returned: the payment, 10 ms earlier, is the next best.
  old: { ask: 'refused', other: dueNow, operator: dueNow, writtenConfirmed: 'applied confirmed' },
  returning: {
    ask: 'repeated +order.return_due',
    again: 'repeated +order.return_due',
    other: 'refused',
    operator: 'refused',
    writtenConfirmed: 'ignored',
    writtenCancelled: 'contradiction',
    writtenDue: 'ignored',
    writtenReturned: 'applied returned',
    couponReleased: 'applied returning',
    captured: 'repeated +order.return_due',
    sold: 'ignored',
    time: 'ignored',
  },
  almost: {
    // The steps would repeat themselves as well, and so on for ever.
    couponReleased: 'ignored',
    stockReleased: 'ignored',
    refunded: 'applied returned +order.returned',
  },
  returned: {
    ask: 'repeated +order.returned',
    other: 'refused',
    operator: 'refused',
    writtenConfirmed: 'ignored',
    writtenCancelled: 'contradiction',
    writtenDue: 'ignored',
    writtenReturned: 'ignored',
    couponReleased: 'repeated +order.returned',
    refunded: 'repeated +order.returned',
    sold: 'ignored',
    time: 'ignored',
  },
}

describe('of its return an order that is', () => {
  for (const [name, row] of Object.entries(process)) {
    const state: OrderState = states[name as keyof typeof states]
    for (const [command, expected] of Object.entries(row)) {
      test(`${name} takes ${command}: ${expected}`, () => {
        const decision = decide(commands[command as keyof typeof commands], state)
        const { status } = decision.events.reduce(evolve, state)
        const published = decision.publish.map(({ type }) => `+${type}`)
        const changed = decision.events.length > 0 ? [status] : []
        assert.equal([decision.outcome, ...changed, ...published].join(' '), expected)
      })
    }
  }
})

describe('a return', () => {
  test('keeps who asked first, why and when, and what the order was confirmed with', () => {
    const state = after(written, commands.operator, commands.other)
    assert.ok(state.status === 'returning' && written.status === 'confirmed')
    const asked = { by: 'op', commandId: 'c-4', reason: 'broken', at: confirmedAt + 9_999 }
    assert.deepEqual(state, { ...written, status: 'returning', asked })
    assert.equal(state.confirmedAt, confirmedAt)
    assert.deepEqual(decide(commands.operator, written).publish, [due])
  })

  test('is read from the orders topic alone, before what the steps said', () => {
    const order = [
      said(placed, 1_000),
      said({
        type: 'order.payment_due',
        orderId,
        userId: 'ann',
        subtotal: 300,
        discount: 0,
        total: 300,
      }),
      said(confirmed),
      commands.late,
      commands.ask,
      commands.other,
      commands.writtenDue,
    ]
    const state = after(initialState(), ...order)
    assert.equal(state.status, 'returning')
    const end = after(state, commands.writtenReturned, commands.stockReleased, commands.refunded)
    assert.ok(end.status === 'returned' && end.asked.commandId === 'c-1')
  })

  test('of what cost nothing, and had no coupon, waits for the pieces alone', () => {
    const { coupon: __, ...bare } = placed
    const free = after(
      initialState(),
      said(bare, 1_000),
      said({ type: 'stock.held', orderId, lines: [{ ...lines[0], unitPrice: 0 }] as typeof lines }),
      said({ type: 'payment.captured', orderId, amount: 0 }),
      said({ type: 'order.confirmed', orderId }),
      commands.ask,
    )
    const { publish } = decide(commands.stockReleased, free)
    assert.deepEqual(publish, [{ type: 'order.returned', orderId }])
  })
})

const use = { orderId, couponId: 'spring', userId: 'ann' }
const hold = { orderId, lines }
const payment = { orderId, userId: 'ann', amount: 300 }
type Rows = readonly (readonly [row: CouponRow | StockRow | PaymentRow, expected: string])[]

describe('to give back for a return', () => {
  const coupon: Rows = [
    [absent, 'contradiction absent'],
    [{ status: 'used', ...use, kept: true }, 'applied released *release +coupon.released'],
    // Its confirmation is being retried, and comes later.
    [{ status: 'used', ...use }, 'applied released *release +coupon.released'],
    [{ status: 'released', ...use, kept: true }, 'repeated released +coupon.released'],
    [{ status: 'released', ...use }, 'contradiction released'],
    [{ status: 'unneeded', orderId }, 'contradiction unneeded'],
    [{ status: 'cancelled', orderId }, 'contradiction cancelled'],
  ]
  for (const [row, expected] of coupon) {
    test(`the coupon step whose row is ${JSON.stringify(row)}: ${expected}`, () => {
      assert.equal(couponText(due, row as CouponRow), expected)
    })
  }

  test('the coupon step lets go of what the order never asked for, and needs nothing else', () => {
    const other: CouponRow = { status: 'used', ...use }
    assert.equal(couponText(dueBare, other), 'applied released *release +coupon.released')
    assert.equal(couponText(dueBare, { status: 'unneeded', orderId }), 'ignored unneeded')
    assert.equal(couponText(dueBare, absent), 'applied unneeded')
  })

  test('the coupon step remembers that it was used for good, so what comes late is known', () => {
    const row: CouponRow = { status: 'used', ...use }
    const { events } = decideCoupon({ message: due, at: 7, facts: null }, row)
    const released = events.reduce<CouponRow>(evolveCoupon, row)
    assert.deepEqual(released, { status: 'released', ...use, kept: true })
    assert.equal(couponText(confirmed, released), 'ignored released')
    const cancelled = { type: 'order.cancelled', orderId, reason: 'timed_out' } as const
    assert.equal(couponText(cancelled, released), 'contradiction released')
  })

  const stock: Rows = [
    [absent, 'contradiction absent'],
    [{ status: 'sold', ...hold }, 'applied returned *return +stock.released'],
    [{ status: 'held', ...hold }, 'applied returned *sell *return +stock.sold +stock.released'],
    [{ status: 'returned', ...hold }, 'repeated returned +stock.released'],
    [{ status: 'released', ...hold }, 'contradiction released'],
    [{ status: 'cancelled', orderId }, 'contradiction cancelled'],
  ]
  for (const [row, expected] of stock) {
    test(`the stock step whose row is ${JSON.stringify(row)}: ${expected}`, () => {
      assert.equal(stockText(due, row as StockRow), expected)
    })
  }

  test('the stock step says again that it had sold, to a confirmation that comes late', () => {
    const returned: StockRow = { status: 'returned', ...hold }
    assert.equal(stockText(confirmed, returned), 'repeated returned +stock.sold')
    const cancelled = { type: 'order.cancelled', orderId, reason: 'timed_out' } as const
    assert.equal(stockText(cancelled, returned), 'contradiction returned')
    assert.equal(stockText(placed, returned), 'repeated returned +stock.held')
  })

  const money: Rows = [
    [absent, 'contradiction absent'],
    [{ status: 'captured', ...payment }, 'applied undoing *undo'],
    [{ status: 'captured', ...payment, amount: 0 }, 'ignored captured'],
    [{ status: 'undoing', ...payment, wasCaptured: true }, 'repeated undoing *undo'],
    [{ status: 'refunded', ...payment }, 'repeated refunded +payment.refunded'],
    [{ status: 'asked', ...payment }, 'contradiction asked'],
    [{ status: 'refused', orderId, reason: 'payment_declined' }, 'contradiction refused'],
    [{ status: 'cancelled', orderId }, 'contradiction cancelled'],
  ]
  for (const [row, expected] of money) {
    test(`the payment step whose row is ${JSON.stringify(row)}: ${expected}`, () => {
      assert.equal(paymentText(due, row as PaymentRow), expected)
    })
  }

  test('the other records of a return are none of the steps’ business', () => {
    for (const message of [ask, { type: 'order.returned', orderId }] as const) {
      assert.equal(couponText(message, { status: 'used', ...use }), 'ignored used')
      assert.equal(stockText(message, { status: 'sold', ...hold }), 'ignored sold')
      assert.equal(paymentText(message, { status: 'captured', ...payment }), 'ignored captured')
    }
  })
})

type Decided<Event> = {
  outcome: string
  events: readonly Event[]
  effects: readonly { kind: string }[]
  replies: readonly { type: string }[]
}

function couponText(message: OrderMessage, row: CouponRow): string {
  const decision = decideCoupon({ message, at: 7, facts: null }, row)
  return textOf<CouponRowEvent>(decision, decision.events.reduce(evolveCoupon, row))
}

function stockText(message: OrderMessage, row: StockRow): string {
  const decision = decideStock({ message, at: 7, products: new Map() }, row)
  return textOf<StockRowEvent>(decision, decision.events.reduce(evolveStock, row))
}

function paymentText(message: OrderMessage, row: PaymentRow): string {
  const decision = decidePayment({ kind: 'record', message }, row)
  return textOf<PaymentRowEvent>(decision, decision.events.reduce(evolvePayment, row))
}

function textOf<Event>(
  { outcome, effects, replies }: Decided<Event>,
  { status }: OrderState | CouponRow | StockRow | PaymentRow,
): string {
  const did = effects.map(({ kind }) => `*${kind}`)
  const told = replies.map(({ type }) => `+${type}`)
  return [outcome, status, ...did, ...told].join(' ')
}
