// The built-in payment provider: the wallets that the payment step tops up. What it answered to a
// charge is stored with the balance and answered again, so it may be asked as often as is needed.

import type { NotNow, PaymentEffect, ProviderAnswer } from '../domain/orders/payment-step.ts'
import { absent, type Charge } from '../domain/orders/state.ts'
import { type ChargeCommand, decideCharge, unsettledOf } from '../domain/orders/wallet.ts'
import type { Payments, WalletChanges, WalletLoaded, WalletStore } from '../ports/payments.ts'
import { Working } from './step-work.ts'

/** Rejects with the store's PortError while the database is away: nothing was moved, or all. */
export function createWallet(store: WalletStore): Payments {
  return {
    ask(questions) {
      const orderIds = [...new Set(questions.map(({ payment }) => payment.orderId))]
      const wanted = { orderIds, users: sumsOf(questions) }
      return store.charge(wanted, (loaded) => chargeAll(questions, loaded))
    },
    // One transaction for many, one after the other: they share balances.
    limits: { questionsPerCallMax: 1_000, callsAtOnceMax: 1, answerMsMax: 4_000 },
    async close() {},
  }
}

/** By user, how much is to be captured at most. */
export function sumsOf(questions: readonly PaymentEffect[]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { kind, payment } of questions) {
    const { userId, amount } = payment
    sums.set(userId, (sums.get(userId) ?? 0) + (kind === 'capture' ? amount : 0))
  }
  return sums
}

/** One after the other: two orders of a user share one balance. */
function chargeAll(
  questions: readonly PaymentEffect[],
  { charges, balances, unsettled }: WalletLoaded,
): { changes: WalletChanges; result: (ProviderAnswer | NotNow)[] } {
  const purses = { charges, unsettled, charged: new Map(), balances: new Working(balances) }
  const result = questions.map((question) => chargeOne(question, purses))
  return { changes: { charges: purses.charged, balances: purses.balances.changed }, result }
}

/** What a transaction has loaded of wallets, and what was made of it. */
export type Purses = Pick<WalletLoaded, 'charges' | 'unsettled'> & {
  charged: Map<string, { userId: string; charge: Charge }>
  balances: Working<number>
}

export function chargeOne(
  { kind, payment }: PaymentEffect,
  purses: Purses,
): ProviderAnswer | NotNow {
  const { orderId, userId, amount } = payment
  const { charges, charged, balances, unsettled } = purses
  const before = charged.get(orderId)?.charge ?? charges.get(orderId) ?? absent
  const balance = balances.get(userId) ?? 0
  const command: ChargeCommand = kind === 'undo' ? { kind } : { kind, amount }
  const mayComeBack = unsettled.get(userId) ?? 0
  const { charge, add, answer } = decideCharge(command, before, { balance, unsettled: mayComeBack })
  if (charge !== before) charged.set(orderId, { userId, charge })
  unsettled.set(userId, mayComeBack - unsettledOf(before) + unsettledOf(charge))
  if (add !== 0) balances.put(userId, balance + add)
  return answer
}
