import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { OrderMessage, OrderPlaced, StepMessage } from './messages.ts'
import { decide, decisionOf, evolve, initialState, type OrderCommand } from './process.ts'
import type { OrderState } from './state.ts'

const orderId = 'o-1'
const [placedAt, timeLimitMs] = [1_000, 500]
const deadline = placedAt + timeLimitMs
const bare: OrderPlaced = {
  type: 'order.placed',
  orderId,
  userId: 'ann',
  lines: [{ productId: 'tea', quantity: 2 }],
  timeLimitMs,
}
const placed: OrderPlaced = { ...bare, coupon: { couponId: 'spring', partition: 0, offset: 7 } }
const sums = { subtotal: 300, discount: 100, total: 200 }
const lines = [{ productId: 'tea', quantity: 2, unitPrice: 150 }]
const used: StepMessage = {
  type: 'coupon.used',
  orderId,
  couponId: 'spring',
  discount: { kind: 'amount', value: 100 },
}
const held: StepMessage = { type: 'stock.held', orderId, lines }
const captured: StepMessage = { type: 'payment.captured', orderId, amount: 200 }
const due: OrderMessage = { type: 'order.payment_due', orderId, userId: 'ann', ...sums }
const cancelled: OrderMessage = { type: 'order.cancelled', orderId, reason: 'timed_out' }

function said(message: OrderMessage | StepMessage, at = placedAt + 1): OrderCommand {
  return { kind: 'record', message, at }
}

const commands = {
  placed: said(placed, placedAt),
  otherLines: said({ ...placed, lines: [{ productId: 'tea', quantity: 3 }] }),
  otherCoupon: said(bare),
  used: said(used),
  couponRefused: said({ type: 'coupon.refused', orderId, reason: 'coupon_not_held' }),
  held: said(held),
  stockRefused: said({
    type: 'stock.refused',
    orderId,
    reason: 'out_of_stock',
    productId: 'tea',
  }),
  captured: said(captured),
  paymentRefused: said({ type: 'payment.refused', orderId, reason: 'insufficient_funds' }),
  couponReleased: said({ type: 'coupon.released', orderId, couponId: 'spring' }),
  sold: said({ type: 'stock.sold', orderId }),
  refunded: said({ type: 'payment.refunded', orderId, amount: 200 }),
  early: { kind: 'time', now: deadline - 1 },
  late: { kind: 'time', now: deadline },
  writtenDue: said(due),
  writtenConfirmed: said({ type: 'order.confirmed', orderId, couponId: 'spring' }),
  writtenCancelled: said(cancelled),
} satisfies Record<string, OrderCommand>
type Name = keyof typeof commands

const states = {
  absent: after(),
  awaited: after('held'),
  placed: after('placed'),
  used: after('placed', 'used'),
  held: after('placed', 'held'),
  due: after('placed', 'used', 'held'),
  confirmed: after('placed', 'used', 'held', 'captured'),
  refused: after('placed', 'used', 'stockRefused'),
  timedOut: after('placed', 'used', 'held', 'late'),
} satisfies Record<string, OrderState>

/** What comes of every command in every state: outcome, status and reason after, published. */
const table: Readonly<Record<keyof typeof states, Readonly<Record<Name, string>>>> = {
  absent: {
    placed: 'applied placed',
    otherLines: 'applied placed',
    otherCoupon: 'applied placed',
    used: 'applied awaited',
    couponRefused: 'applied awaited',
    held: 'applied awaited',
    stockRefused: 'applied awaited',
    captured: 'applied awaited',
    paymentRefused: 'applied awaited',
    couponReleased: 'applied awaited',
    sold: 'applied awaited',
    refunded: 'applied awaited',
    early: 'ignored',
    late: 'ignored',
    writtenDue: 'contradiction',
    writtenConfirmed: 'contradiction',
    writtenCancelled: 'contradiction',
  },
  awaited: {
    placed: 'applied placed',
    otherLines: 'applied cancelled mixed_up +order.cancelled',
    otherCoupon: 'applied due +order.payment_due',
    used: 'applied awaited',
    couponRefused: 'applied awaited',
    held: 'repeated',
    stockRefused: 'contradiction',
    captured: 'applied awaited',
    paymentRefused: 'applied awaited',
    couponReleased: 'applied awaited',
    sold: 'applied awaited',
    refunded: 'applied awaited',
    early: 'ignored',
    late: 'ignored',
    writtenDue: 'contradiction',
    writtenConfirmed: 'contradiction',
    writtenCancelled: 'contradiction',
  },
  placed: {
    placed: 'repeated',
    otherLines: 'conflict',
    otherCoupon: 'conflict',
    used: 'applied placed',
    couponRefused: 'applied cancelled coupon_not_held +order.cancelled',
    held: 'applied placed',
    stockRefused: 'applied cancelled out_of_stock +order.cancelled',
    captured: 'applied placed',
    paymentRefused: 'applied placed',
    couponReleased: 'applied placed',
    sold: 'applied placed',
    refunded: 'applied placed',
    early: 'ignored',
    late: 'applied cancelled timed_out +order.cancelled',
    writtenDue: 'applied due',
    writtenConfirmed: 'contradiction',
    writtenCancelled: 'applied cancelled timed_out',
  },
  used: {
    placed: 'repeated',
    otherLines: 'conflict',
    otherCoupon: 'conflict',
    used: 'repeated',
    couponRefused: 'contradiction',
    held: 'applied due +order.payment_due',
    stockRefused: 'applied cancelled out_of_stock +order.cancelled',
    captured: 'applied placed',
    paymentRefused: 'applied placed',
    couponReleased: 'applied placed',
    sold: 'applied placed',
    refunded: 'applied placed',
    early: 'ignored',
    late: 'applied cancelled timed_out +order.cancelled',
    writtenDue: 'applied due',
    writtenConfirmed: 'contradiction',
    writtenCancelled: 'applied cancelled timed_out',
  },
  held: {
    placed: 'repeated',
    otherLines: 'conflict',
    otherCoupon: 'conflict',
    used: 'applied due +order.payment_due',
    couponRefused: 'applied cancelled coupon_not_held +order.cancelled',
    held: 'repeated',
    stockRefused: 'contradiction',
    captured: 'applied placed',
    paymentRefused: 'applied placed',
    couponReleased: 'applied placed',
    sold: 'applied placed',
    refunded: 'applied placed',
    early: 'ignored',
    late: 'applied cancelled timed_out +order.cancelled',
    writtenDue: 'applied due',
    writtenConfirmed: 'contradiction',
    writtenCancelled: 'applied cancelled timed_out',
  },
  due: {
    placed: 'repeated +order.payment_due',
    otherLines: 'conflict',
    otherCoupon: 'conflict',
    used: 'repeated +order.payment_due',
    couponRefused: 'contradiction',
    held: 'repeated +order.payment_due',
    stockRefused: 'contradiction',
    captured: 'applied confirmed +order.confirmed',
    paymentRefused: 'applied cancelled insufficient_funds +order.cancelled',
    couponReleased: 'applied due',
    sold: 'applied due',
    refunded: 'applied due',
    early: 'ignored',
    late: 'applied cancelled timed_out +order.cancelled',
    writtenDue: 'ignored',
    writtenConfirmed: 'applied confirmed',
    writtenCancelled: 'applied cancelled timed_out',
  },
  confirmed: {
    placed: 'repeated +order.confirmed',
    otherLines: 'conflict',
    otherCoupon: 'conflict',
    used: 'repeated +order.confirmed',
    couponRefused: 'contradiction',
    held: 'repeated +order.confirmed',
    stockRefused: 'contradiction',
    captured: 'repeated +order.confirmed',
    paymentRefused: 'contradiction',
    couponReleased: 'applied confirmed',
    sold: 'applied confirmed',
    refunded: 'applied confirmed',
    early: 'ignored',
    late: 'ignored',
    writtenDue: 'ignored',
    writtenConfirmed: 'applied confirmed',
    writtenCancelled: 'contradiction',
  },
  refused: {
    placed: 'repeated +order.cancelled',
    otherLines: 'conflict',
    otherCoupon: 'conflict',
    used: 'repeated +order.cancelled',
    couponRefused: 'contradiction',
    held: 'contradiction',
    stockRefused: 'repeated +order.cancelled',
    captured: 'applied cancelled out_of_stock',
    paymentRefused: 'applied cancelled out_of_stock',
    couponReleased: 'applied cancelled out_of_stock',
    sold: 'applied cancelled out_of_stock',
    refunded: 'applied cancelled out_of_stock',
    early: 'ignored',
    late: 'ignored',
    writtenDue: 'ignored',
    writtenConfirmed: 'contradiction',
    writtenCancelled: 'contradiction',
  },
  timedOut: {
    placed: 'repeated +order.cancelled',
    otherLines: 'conflict',
    otherCoupon: 'conflict',
    used: 'repeated +order.cancelled',
    couponRefused: 'contradiction',
    held: 'repeated +order.cancelled',
    stockRefused: 'contradiction',
    captured: 'applied cancelled timed_out',
    paymentRefused: 'applied cancelled timed_out',
    couponReleased: 'applied cancelled timed_out',
    sold: 'applied cancelled timed_out',
    refunded: 'applied cancelled timed_out',
    early: 'ignored',
    late: 'ignored',
    writtenDue: 'ignored',
    writtenConfirmed: 'contradiction',
    writtenCancelled: 'ignored',
  },
}

describe('an order that is', () => {
  for (const [name, row] of Object.entries(table)) {
    const state = states[name as keyof typeof states]
    for (const [command, expected] of Object.entries(row)) {
      test(`${name} takes ${command}: ${expected}`, () => {
        const before = structuredClone(state)
        const decision = decide(commands[command as Name], state)
        const next = decision.events.reduce(evolve, state)
        const status = next.status === 'cancelled' ? `cancelled ${next.reason}` : next.status
        const published = decision.publish.map(({ type }) => `+${type}`)
        const changed = decision.events.length > 0 ? [status] : []
        assert.equal([decision.outcome, ...changed, ...published].join(' '), expected)
        assert.deepEqual(state, before, 'the state that judged is not changed')
      })
    }
  }
})

describe('an order', () => {
  test('keeps what was placed, and when it must be over by the clock of the log', () => {
    assert.deepEqual(after('placed'), {
      status: 'placed',
      orderId,
      userId: 'ann',
      lines: placed.lines,
      coupon: placed.coupon,
      placedAt,
      deadline,
      heard: { coupon: null, stock: null, payment: null, notes: [] },
    })
  })

  test('owes held prices × quantities less the discount of the coupon', () => {
    const decision = decide(commands.held, states.used)
    assert.deepEqual(decision.publish, [due])
    assert.deepEqual(decisionOf(states.due), due)
  })

  test('without a coupon waits for the stock alone', () => {
    const state = then(initialState(), said(bare))
    const total = { subtotal: 300, discount: 0, total: 300 }
    assert.deepEqual(decide(commands.held, state).publish, [{ ...due, ...total }])
  })

  test('whose coupon takes nothing off still uses it', () => {
    const plain = said({ type: 'coupon.used', orderId, couponId: 'spring' })
    const decision = decide(commands.held, then(after('placed'), plain))
    assert.deepEqual(decision.publish, [{ ...due, discount: 0, total: 300, subtotal: 300 }])
  })

  test('that costs nothing is paid like any other: 0 is due, and 0 is captured', () => {
    const gift = said({ ...used, discount: { kind: 'percent', value: 100 } })
    const free = then(after('placed', 'held'), gift)
    assert.deepEqual(decisionOf(free), { ...due, discount: 300, total: 0 })
    const paid = then(free, said({ type: 'payment.captured', orderId, amount: 0 }))
    assert.equal(paid.status, 'confirmed')
  })

  test('is decided at once when every answer was there before it', () => {
    const state = after('held', 'used', 'captured')
    const decision = decide(commands.placed, state)
    const published = decision.publish.map(({ type }) => type)
    assert.deepEqual(published, ['order.payment_due', 'order.confirmed'])
    assert.equal(decision.events.reduce(evolve, state).status, 'confirmed')
  })

  test('that both steps have refused before it is cancelled for what the coupon step says', () => {
    const { events } = decide(commands.placed, after('stockRefused', 'couponRefused'))
    assert.deepEqual(events.at(-1), { type: 'cancelled', reason: 'coupon_not_held' })
  })

  test('says which coupon it has spent when it is confirmed', () => {
    const confirmed = { type: 'order.confirmed', orderId, couponId: 'spring' }
    assert.deepEqual(decisionOf(states.confirmed), confirmed)
  })

  test('notes what its steps say after its end, and stays as it ended', () => {
    const ended = states.timedOut
    const late = then(then(ended, said(captured, 1_600)), commands.refunded)
    assert.ok(late.status === 'cancelled' && ended.status === 'cancelled')
    assert.deepEqual({ ...late, heard: null }, { ...ended, heard: null })
    assert.deepEqual(late.heard.notes.slice(2), [
      { step: 'payment', outcome: 'captured', at: 1_600 },
      { step: 'payment', outcome: 'refunded', at: placedAt + 1 },
    ])
  })

  test('repeats nothing for what a step says again about its end, or the two would never stop', () => {
    for (const name of ['sold', 'couponReleased', 'refunded'] as const) {
      const noted = then(states.confirmed, commands[name])
      const decision = decide(commands[name], noted)
      assert.deepEqual(decision, { outcome: 'ignored', events: [], publish: [] })
    }
  })

  test('is cancelled when a step did something for other content under its id', () => {
    const otherUse = said({ ...used, couponId: 'autumn' })
    const otherLines = said({ ...held, lines: [...lines, ...linesOf('cup')] })
    const otherProduct = said({ ...held, lines: linesOf('cup') })
    const paid = [199, 201].map((amount) => [states.due, said({ ...captured, amount })] as const)
    const bareDue = then(then(initialState(), said(bare)), commands.held)
    const rows: readonly (readonly [OrderState, OrderCommand])[] = [
      [after('placed', 'held'), otherUse],
      [after('placed', 'used'), otherLines],
      [after('placed', 'used'), otherProduct],
      [then(initialState(), said(bare)), commands.used],
      [then(initialState(), said(bare)), commands.couponRefused],
      [bareDue, commands.used],
    ]
    for (const [state, command] of [...rows, ...paid]) {
      const next = then(state, command)
      assert.ok(next.status === 'cancelled' && next.reason === 'mixed_up')
    }
  })

  test('is not what its own record says when that contradicts it', () => {
    for (const state of [states.due, states.confirmed]) {
      assert.equal(decide(said({ ...due, subtotal: 301 }), state).outcome, 'contradiction')
      assert.equal(decide(said({ ...due, total: 201 }), state).outcome, 'contradiction')
    }
  })

  test('read from the orders topic first ends as it had ended, whatever the steps say then', () => {
    const rebuilt = after('placed', 'writtenDue', 'writtenCancelled', 'used', 'held', 'captured')
    assert.ok(rebuilt.status === 'cancelled' && rebuilt.reason === 'timed_out')
    assert.deepEqual(rebuilt.sums, sums)
  })

  test('refuses events that cannot follow, as programming errors', () => {
    const wrong: readonly (readonly [OrderState, Parameters<typeof evolve>[1]])[] = [
      [states.placed, { type: 'placed', placed, at: 1 }],
      [states.absent, { type: 'due', sums }],
      [states.placed, { type: 'confirmed' }],
      [states.timedOut, { type: 'confirmed' }],
      [states.confirmed, { type: 'cancelled', reason: 'timed_out' }],
    ]
    for (const [state, event] of wrong) {
      assert.throws(() => evolve(state, event), { message: /of an order that is/ })
    }
  })
})

function linesOf(productId: string): typeof lines {
  return [{ productId, quantity: 2, unitPrice: 1 }]
}

function then(state: OrderState, command: OrderCommand): OrderState {
  return decide(command, state).events.reduce(evolve, state)
}

function after(...names: Name[]): OrderState {
  return names.reduce((state, name) => then(state, commands[name]), initialState())
}
