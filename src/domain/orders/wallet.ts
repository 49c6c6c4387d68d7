// The built-in payment provider: a balance for every user, moved by top-ups and by charges. What
// was answered to a charge is kept by order id and answered again, so asking twice moves nothing
// twice, and an order that was undone is never charged later.

import { balanceMax, type WalletMessage } from './messages.ts'
import type { ProviderAnswer } from './payment-step.ts'
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
/** The charge as it is from now on, what to add to the balance, and what to tell the step. */
export type ChargeDecision = { charge: Charge; add: number; answer: ProviderAnswer }

export function decideTopUp({ message, before }: TopUpCommand, balance: number): TopUpDecision {
  const { amount } = message
  if (before !== null) return { outcome: before === amount ? 'done' : 'conflict', add: 0 }
  if (balance + amount > balanceMax) return { outcome: 'balance_limit', add: 0 }
  return { outcome: 'done', add: amount }
}

/** `balance` is 0 for a user who never topped up. */
export function decideCharge(
  command: ChargeCommand,
  charge: Charge,
  balance: number,
): ChargeDecision {
  return command.kind === 'undo'
    ? decideUndo(charge)
    : decideCapture(command.amount, charge, balance)
}

function decideCapture(amount: number, charge: Charge, balance: number): ChargeDecision {
  switch (charge.status) {
    case 'absent': {
      if (amount <= balance) {
        const captured: Charge = { status: 'captured', amount }
        return { charge: captured, add: -amount, answer: { kind: 'captured' } }
      }
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
