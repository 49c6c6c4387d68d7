// The payment step's row of one order. Money is moved by a provider that may be slow, away or
// leave its answer unknown, so what it is asked is stored before it is asked: `asked` and
// `undoing`. The provider's key is the order id, so asking again is harmless; an undone order is
// one for which the provider never again captures anything.

import {
  isOfRedemption,
  type OrderMessage,
  type PaymentRefusal,
  type StepMessage,
} from './messages.ts'
import type { Payment, PaymentRow } from './state.ts'
import { applied, contradiction, ignored, repeated, type StepDecision } from './step.ts'

export type ProviderAnswer =
  | { kind: 'captured' }
  /** In doubt: an earlier answer to the same question was lost. */
  | { kind: 'refused'; reason: PaymentRefusal; inDoubt?: true }
  | { kind: 'undone'; refunded: number } // how much had been captured; 0: nothing had
/**
 * Neither yes nor no for now: to be asked again, which is no attempt. `isUnread`: for a top-up
 * that may stand in the log already.
 */
export type NotNow = { kind: 'not_now'; isUnread?: true }
/** A record of the orders topic, or what the provider answered to the effect of one. */
export type PaymentCommand =
  | { kind: 'record'; message: OrderMessage }
  | { kind: 'answer'; answer: ProviderAnswer }
export type PaymentRowEvent =
  | { type: 'asked'; payment: Payment }
  | { type: 'captured' }
  | { type: 'refused'; reason: PaymentRefusal; inDoubt?: true }
  | { type: 'undoing' }
  | { type: 'undone'; refunded: number }
  | { type: 'cancelled'; orderId: string }
/** Asked of the provider once the events are stored; its answer is the next command. */
export type PaymentEffect = { kind: 'capture' | 'undo'; payment: Payment }
export type PaymentDecision = StepDecision<PaymentRowEvent, PaymentEffect>

export function decidePayment(command: PaymentCommand, row: PaymentRow): PaymentDecision {
  if (command.kind === 'answer') return decideAnswer(command.answer, row)
  const { message } = command
  if (isOfRedemption(message)) return ignored
  switch (message.type) {
    case 'order.placed':
    case 'order.confirmed':
    case 'order.return_asked':
    case 'order.returned':
      return ignored
    case 'order.payment_due':
      return decideDue(message, row)
    case 'order.cancelled':
      return decideCancelled(message.orderId, row)
    case 'order.return_due':
      return decideReturnDue(row)
  }
}

export function evolvePayment(row: PaymentRow, event: PaymentRowEvent): PaymentRow {
  switch (event.type) {
    case 'asked':
      if (row.status !== 'absent') break
      return { status: 'asked', ...event.payment }
    case 'cancelled':
      if (row.status !== 'absent') break
      return { status: 'cancelled', orderId: event.orderId }
    case 'captured':
      if (row.status !== 'asked') break
      return { status: 'captured', ...paymentOf(row) }
    case 'refused':
      if (row.status !== 'asked') break
      return refusedRow(row, event)
    case 'undoing':
      return undoingRow(row) ?? illegal(row, event)
    case 'undone':
      if (row.status !== 'undoing') break
      if (event.refunded !== 0) return { status: 'refunded', ...paymentOf(row) }
      if (row.wasRefused === undefined) return { status: 'cancelled', orderId: row.orderId }
      return { status: 'refused', orderId: row.orderId, reason: row.wasRefused }
  }
  return illegal(row, event)
}

function illegal({ status }: PaymentRow, { type }: PaymentRowEvent): never {
  throw new Error(`${type} of a payment row that is ${status}`)
}

function refusedRow(
  row: Payment,
  { reason, inDoubt }: PaymentRowEvent & { type: 'refused' },
): PaymentRow {
  const refused = { status: 'refused', orderId: row.orderId, reason } as const
  return inDoubt === true ? { ...refused, inDoubt: paymentOf(row) } : refused
}

/** With what the provider has said of it, which it may contradict. */
function undoingRow(row: PaymentRow): PaymentRow | null {
  const payment = undoable(row)
  if (payment === null) return null
  const undoing = { status: 'undoing', ...payment } as const
  if (row.status === 'captured') return { ...undoing, wasCaptured: true }
  return row.status === 'refused' ? { ...undoing, wasRefused: row.reason } : undoing
}

/** What may have been captured. */
function undoable(row: PaymentRow): Payment | null {
  if (row.status === 'asked' || row.status === 'captured') return paymentOf(row)
  return row.status === 'refused' ? (row.inDoubt ?? null) : null
}

function decideDue(
  { orderId, userId, total }: OrderMessage<'order.payment_due'>,
  row: PaymentRow,
): PaymentDecision {
  switch (row.status) {
    case 'absent': {
      const payment: Payment = { orderId, userId, amount: total }
      const asked: PaymentRowEvent = { type: 'asked', payment }
      if (total > 0) return applied(asked, [{ kind: 'capture', payment }], [])
      // Providers refuse to charge nothing; that nothing was paid needs nobody's word.
      const events: PaymentRowEvent[] = [asked, { type: 'captured' }]
      return { outcome: 'applied', events, effects: [], replies: [capturedReply(payment)] }
    }
    case 'asked':
      return askAgain('capture', row)
    case 'captured':
    case 'refunded':
      return repeated(capturedReply(row))
    case 'refused':
      return repeated({ type: 'payment.refused', orderId, reason: row.reason })
    case 'undoing':
    case 'cancelled':
      return ignored
  }
}

function decideCancelled(orderId: string, row: PaymentRow): PaymentDecision {
  switch (row.status) {
    case 'absent':
      return applied({ type: 'cancelled', orderId }, [], [])
    case 'asked':
    case 'captured':
    case 'refused': {
      const payment = undoable(row)
      if (payment === null) return ignored
      if (payment.amount > 0) {
        return applied({ type: 'undoing' }, [{ kind: 'undo', payment }], [])
      }
      const events: PaymentRowEvent[] = [{ type: 'undoing' }, { type: 'undone', refunded: 0 }]
      return { outcome: 'applied', events, effects: [], replies: [] }
    }
    case 'undoing':
      return askAgain('undo', row)
    case 'refunded':
      return repeated(refundedReply(row))
    case 'cancelled':
      return ignored
  }
}

/** As of an order that is cancelled, but that it was captured is certain. */
function decideReturnDue(row: PaymentRow): PaymentDecision {
  switch (row.status) {
    case 'captured': {
      // Nothing was paid: nothing comes back, and nobody is asked.
      if (row.amount === 0) return ignored
      return applied({ type: 'undoing' }, [{ kind: 'undo', payment: paymentOf(row) }], [])
    }
    case 'undoing':
      return askAgain('undo', row)
    case 'refunded':
      return repeated(refundedReply(row))
    case 'absent':
    case 'asked':
    case 'refused':
    case 'cancelled':
      return contradiction
  }
}

/** An answer may come twice, or after the order was cancelled: then it changes nothing. */
function decideAnswer(answer: ProviderAnswer, row: PaymentRow): PaymentDecision {
  const over = row.status === 'refunded' || row.status === 'cancelled'
  switch (answer.kind) {
    case 'captured':
      if (row.status === 'asked') {
        return applied({ type: 'captured' }, [], [capturedReply(row)])
      }
      return over || row.status === 'captured' || row.status === 'undoing' ? ignored : contradiction
    case 'refused':
      if (row.status === 'asked') {
        const { reason } = answer
        const reply = { type: 'payment.refused', orderId: row.orderId, reason } as const
        const isInDoubt = answer.inDoubt === true || row.inDoubt === true
        const doubt = isInDoubt ? { inDoubt: true as const } : {}
        return applied({ type: 'refused', reason, ...doubt }, [], [reply])
      }
      return over || row.status === 'refused' || row.status === 'undoing' ? ignored : contradiction
    case 'undone':
      if (row.status === 'undoing') return decideUndone(answer.refunded, row)
      return over ? ignored : contradiction
  }
}

/** All or nothing was captured, so all or nothing comes back: as the provider has said before. */
function decideUndone(
  refunded: number,
  row: Payment & { wasCaptured?: true; wasRefused?: PaymentRefusal },
): PaymentDecision {
  if (refunded !== 0 && refunded !== row.amount) return contradiction
  if (refunded === 0 && row.amount > 0 && row.wasCaptured === true) return contradiction
  if (refunded !== 0 && row.wasRefused !== undefined) return contradiction
  return applied({ type: 'undone', refunded }, [], refunded === 0 ? [] : [refundedReply(row)])
}

function askAgain(kind: PaymentEffect['kind'], row: PaymentRow & Payment): PaymentDecision {
  return { ...ignored, outcome: 'repeated', effects: [{ kind, payment: paymentOf(row) }] }
}

function paymentOf({ orderId, userId, amount }: Payment): Payment {
  return { orderId, userId, amount }
}

function capturedReply({ orderId, amount }: Payment): StepMessage {
  return { type: 'payment.captured', orderId, amount }
}

function refundedReply({ orderId, amount }: Payment): StepMessage {
  return { type: 'payment.refunded', orderId, amount }
}
