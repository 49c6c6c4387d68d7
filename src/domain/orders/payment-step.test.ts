import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { OrderMessage } from './messages.ts'
import {
  decidePayment,
  evolvePayment,
  type PaymentCommand,
  type ProviderAnswer,
} from './payment-step.ts'
import { absent, type PaymentRow } from './state.ts'

const orderId = 'o-1'
const payment = { orderId, userId: 'ann', amount: 200 }
const dueOf = (total: number): OrderMessage => {
  return { type: 'order.payment_due', orderId, userId: 'ann', subtotal: 200, discount: 0, total }
}
const said = (message: OrderMessage): PaymentCommand => ({ kind: 'record', message })
const answered = (answer: ProviderAnswer): PaymentCommand => ({ kind: 'answer', answer })

const commands = {
  placed: said({
    type: 'order.placed',
    orderId,
    userId: 'ann',
    lines: [{ productId: 'tea', quantity: 1 }],
    timeLimitMs: 9,
  }),
  due: said(dueOf(200)),
  confirmed: said({ type: 'order.confirmed', orderId }),
  cancelled: said({ type: 'order.cancelled', orderId, reason: 'timed_out' }),
  yes: answered({ kind: 'captured' }),
  no: answered({ kind: 'refused', reason: 'payment_declined' }),
  noInDoubt: answered({ kind: 'refused', reason: 'payment_declined', inDoubt: true }),
  undone: answered({ kind: 'undone', refunded: 200 }),
  undoneNothing: answered({ kind: 'undone', refunded: 0 }),
  undonePart: answered({ kind: 'undone', refunded: 199 }),
} satisfies Record<string, PaymentCommand>

const rows = {
  absent: absent,
  asked: { status: 'asked', ...payment },
  captured: { status: 'captured', ...payment },
  refused: { status: 'refused', orderId, reason: 'insufficient_funds' },
  askedInDoubt: { status: 'asked', ...payment, inDoubt: true },
  refusedInDoubt: { status: 'refused', orderId, reason: 'payment_declined', inDoubt: payment },
  undoing: { status: 'undoing', ...payment },
  undoingCaptured: { status: 'undoing', ...payment, wasCaptured: true },
  undoingRefused: { status: 'undoing', ...payment, wasRefused: 'payment_declined' },
  refunded: { status: 'refunded', ...payment },
  tombstone: { status: 'cancelled', orderId },
} satisfies Record<string, PaymentRow>

const never = { placed: 'ignored', confirmed: 'ignored' }
/** Outcome, the row's status if it changed, *effects, +replies. */
const table: Readonly<Record<keyof typeof rows, Readonly<Record<keyof typeof commands, string>>>> =
  {
    absent: {
      ...never,
      due: 'applied asked *capture',
      cancelled: 'applied cancelled',
      yes: 'contradiction',
      no: 'contradiction',
      noInDoubt: 'contradiction',
      undone: 'contradiction',
      undoneNothing: 'contradiction',
      undonePart: 'contradiction',
    },
    asked: {
      ...never,
      due: 'repeated *capture',
      cancelled: 'applied undoing *undo',
      yes: 'applied captured +payment.captured',
      no: 'applied refused +payment.refused',
      noInDoubt: 'applied refused in doubt +payment.refused',
      undone: 'contradiction',
      undoneNothing: 'contradiction',
      undonePart: 'contradiction',
    },
    captured: {
      ...never,
      due: 'repeated +payment.captured',
      cancelled: 'applied undoing *undo',
      yes: 'ignored',
      no: 'contradiction',
      noInDoubt: 'contradiction',
      undone: 'contradiction',
      undoneNothing: 'contradiction',
      undonePart: 'contradiction',
    },
    refused: {
      ...never,
      due: 'repeated +payment.refused',
      cancelled: 'ignored',
      yes: 'contradiction',
      no: 'ignored',
      noInDoubt: 'ignored',
      undone: 'contradiction',
      undoneNothing: 'contradiction',
      undonePart: 'contradiction',
    },
    askedInDoubt: {
      ...never,
      due: 'repeated *capture',
      cancelled: 'applied undoing *undo',
      yes: 'applied captured +payment.captured',
      no: 'applied refused in doubt +payment.refused',
      noInDoubt: 'applied refused in doubt +payment.refused',
      undone: 'contradiction',
      undoneNothing: 'contradiction',
      undonePart: 'contradiction',
    },
    refusedInDoubt: {
      ...never,
      due: 'repeated +payment.refused',
      cancelled: 'applied undoing *undo',
      yes: 'contradiction',
      no: 'ignored',
      noInDoubt: 'ignored',
      undone: 'contradiction',
      undoneNothing: 'contradiction',
      undonePart: 'contradiction',
    },
    undoingCaptured: {
      ...never,
      due: 'ignored',
      cancelled: 'repeated *undo',
      yes: 'ignored',
      no: 'ignored',
      noInDoubt: 'ignored',
      undone: 'applied refunded +payment.refunded',
      undoneNothing: 'contradiction',
      undonePart: 'contradiction',
    },
    undoingRefused: {
      ...never,
      due: 'ignored',
      cancelled: 'repeated *undo',
      yes: 'ignored',
      no: 'ignored',
      noInDoubt: 'ignored',
      undone: 'contradiction',
      undoneNothing: 'applied refused',
      undonePart: 'contradiction',
    },
    undoing: {
      ...never,
      due: 'ignored',
      cancelled: 'repeated *undo',
      yes: 'ignored',
      no: 'ignored',
      noInDoubt: 'ignored',
      undone: 'applied refunded +payment.refunded',
      undoneNothing: 'applied cancelled',
      undonePart: 'contradiction',
    },
    refunded: {
      ...never,
      due: 'repeated +payment.captured',
      cancelled: 'repeated +payment.refunded',
      yes: 'ignored',
      no: 'ignored',
      noInDoubt: 'ignored',
      undone: 'ignored',
      undoneNothing: 'ignored',
      undonePart: 'ignored',
    },
    tombstone: {
      ...never,
      due: 'ignored',
      cancelled: 'ignored',
      yes: 'ignored',
      no: 'ignored',
      noInDoubt: 'ignored',
      undone: 'ignored',
      undoneNothing: 'ignored',
      undonePart: 'ignored',
    },
  }

describe('the payment step', () => {
  for (const [name, expected] of Object.entries(table)) {
    for (const [record, summary] of Object.entries(expected)) {
      test(`whose row is ${name} takes ${record}: ${summary}`, () => {
        const command = commands[record as keyof typeof commands]
        assert.equal(summaryOf(command, rows[name as keyof typeof rows]), summary)
      })
    }
  }

  test('asks for the total under the order id, and replies with what it got', () => {
    const asked = decidePayment(commands.due, rows.absent)
    assert.deepEqual(asked.effects, [{ kind: 'capture', payment }])
    const captured = decidePayment(commands.yes, rows.asked)
    assert.deepEqual(captured.replies, [{ type: 'payment.captured', orderId, amount: 200 }])
    const refused = decidePayment(commands.no, rows.asked)
    const reply = { type: 'payment.refused', orderId, reason: 'payment_declined' }
    assert.deepEqual(refused.replies, [reply])
    const undone = decidePayment(commands.undone, rows.undoing)
    assert.deepEqual(undone.replies, [{ type: 'payment.refunded', orderId, amount: 200 }])
  })

  test('captures nothing, and gives nothing back, without asking the provider', () => {
    const free = said(dueOf(0))
    assert.equal(summaryOf(free, rows.absent), 'applied captured +payment.captured')
    const row: PaymentRow = { ...rows.captured, amount: 0 }
    assert.equal(summaryOf(free, row), 'repeated +payment.captured')
    assert.equal(summaryOf(commands.cancelled, row), 'applied cancelled')
  })

  test('asks to capture and to give back the least amount that there is', () => {
    const row: PaymentRow = { ...rows.captured, amount: 1 }
    assert.equal(summaryOf(said(dueOf(1)), rows.absent), 'applied asked *capture')
    assert.equal(summaryOf(commands.cancelled, row), 'applied undoing *undo')
  })

  test('remembers while it undoes what the provider had said, which it may contradict', () => {
    const undoing = (row: PaymentRow) => {
      return decidePayment(commands.cancelled, row).events.reduce(evolvePayment, row)
    }
    assert.deepEqual(undoing(rows.asked), rows.undoing)
    assert.deepEqual(undoing(rows.captured), rows.undoingCaptured)
    assert.deepEqual(undoing(rows.refusedInDoubt), rows.undoingRefused)
  })

  test('given an event out of turn meets a programming error', () => {
    assert.throws(() => evolvePayment(rows.tombstone, { type: 'asked', payment }))
    assert.throws(() => evolvePayment(rows.refunded, { type: 'undoing' }))
    assert.throws(() => evolvePayment(rows.captured, { type: 'undone', refunded: 200 }))
    assert.throws(() => evolvePayment(rows.undoing, { type: 'captured' }))
    assert.throws(() => evolvePayment(rows.refunded, { type: 'cancelled', orderId }))
    assert.throws(() =>
      evolvePayment(rows.undoing, { type: 'refused', reason: 'payment_declined' }),
    )
  })
})

function summaryOf(command: PaymentCommand, row: PaymentRow): string {
  const decision = decidePayment(command, row)
  const effects = decision.effects.map(({ kind }) => `*${kind}`)
  const replies = decision.replies.map(({ type }) => `+${type}`)
  const { status, ...rest } = decision.events.reduce(evolvePayment, row)
  const doubt = status === 'refused' && 'inDoubt' in rest ? ' in doubt' : ''
  const changed = decision.events.length > 0 ? [status + doubt] : []
  return [decision.outcome, ...changed, ...effects, ...replies].join(' ')
}
