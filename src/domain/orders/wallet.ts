// The built-in payment provider: a balance for every user, moved by top-ups and by charges. What
// was answered to a charge is kept by order id and answered again, so asking twice moves nothing
// twice, and an order that was undone is never charged later. Nobody is refused what money that is
// merely captured would pay, as long as it may come back: its order has not been confirmed yet; nor
// what a top-up may pay that came before, and is not read yet.

import { balanceMax, type WalletMessage } from './messages.ts'
import type { NotNow, ProviderAnswer } from './payment-step.ts'
import type { Charge } from './state.ts'

/** `before`: what the same command added earlier, if it did; the caller looks it up by its id. */
export type TopUpCommand = { message: WalletMessage; before: number | null }
export type TopUpDecision = {
  outcome:
    | 'done' // also where the same command was done before; then `add` is 0
    | 'conflict' // the command id is taken by another amount
    | 'balance_limit' // refused: more than balanceMax
  add: number
}
export type ChargeCommand = { kind: 'capture'; amount: number } | { kind: 'undo' }
/**
 * Of a user, 0 where nothing is known. `unsettled`: captured for orders that may be cancelled.
 * `mayHaveMore`: top-ups that came before the order may be unread.
 */
export type Funds = { balance: number; unsettled: number; mayHaveMore?: boolean }
/** The charge as it is from now on, what to add to the balance, and what to tell the step. */
export type ChargeDecision = { charge: Charge; add: number; answer: ProviderAnswer | NotNow }

export function decideTopUp({ message, before }: TopUpCommand, balance: number): TopUpDecision {
  const { amount } = message
  if (before !== null) return { outcome: before === amount ? 'done' : 'conflict', add: 0 }
  if (balance + amount > balanceMax) return { outcome: 'balance_limit', add: 0 }
  return { outcome: 'done', add: amount }
}

export function decideCharge(command: ChargeCommand, charge: Charge, funds: Funds): ChargeDecision {
  return command.kind === 'undo' ? decideUndo(charge) : decideCapture(command.amount, charge, funds)
}

/** Of a charge, what may still come back. */
export function unsettledOf(charge: Charge): number {
  return charge.status === 'captured' && charge.unsettled === true ? charge.amount : 0
}

function decideCapture(
  amount: number,
  charge: Charge,
  { balance, unsettled, mayHaveMore = false }: Funds,
): ChargeDecision {
  switch (charge.status) {
    case 'absent': {
      if (amount <= balance) {
        const captured: Charge = { status: 'captured', amount, unsettled: true }
        return { charge: captured, add: -amount, answer: { kind: 'captured' } }
      }
      if (amount <= balance + unsettled) return { charge, add: 0, answer: { kind: 'not_now' } }
      if (mayHaveMore) return { charge, add: 0, answer: { kind: 'not_now', isUnread: true } }
      const reason = 'insufficient_funds'
      return { charge: { status: 'refused', reason }, add: 0, answer: { kind: 'refused', reason } }
    }
    case 'captured':
      return { charge, add: 0, answer: { kind: 'captured' } }
    case 'refused':
      return { charge, add: 0, answer: { kind: 'refused', reason: charge.reason } }
    case 'undone':
      return { charge, add: 0, answer: { kind: 'refused', reason: 'payment_declined' } }
  }
}

function decideUndo(charge: Charge): ChargeDecision {
  switch (charge.status) {
    case 'absent':
    case 'refused':
      return undone(0, 0)
    case 'captured':
      return undone(charge.amount, charge.amount)
    case 'undone':
      return undone(charge.refunded, 0)
  }
}

function undone(refunded: number, add: number): ChargeDecision {
  return { charge: { status: 'undone', refunded }, add, answer: { kind: 'undone', refunded } }
}
