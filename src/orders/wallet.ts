// The built-in payment provider: the wallets that the payment step tops up. What it answered to a
// charge is stored with the balance and answered again, so it may be asked as often as is needed.

import type { PaymentEffect, ProviderAnswer } from '../domain/orders/payment-step.ts'
import { absent, type Charge } from '../domain/orders/state.ts'
import { type ChargeCommand, decideCharge } from '../domain/orders/wallet.ts'
import type { Payments, WalletChanges, WalletLoaded, WalletStore } from '../ports/payments.ts'

/** Rejects with the store's PortError while the database is away: nothing was moved, or all. */
export function createWallet(store: WalletStore): Payments {
  return {
    ask(questions) {
      const payments = questions.map(({ payment }) => payment)
      const orderIds = [...new Set(payments.map(({ orderId }) => orderId))]
      const userIds = [...new Set(payments.map(({ userId }) => userId))]
      return store.charge({ orderIds, userIds }, (loaded) => chargeAll(questions, loaded))
    },
    // One transaction for many, one after the other: they share balances.
    limits: { questionsPerCallMax: 1_000, callsAtOnceMax: 1, answerMsMax: 4_000 },
    async close() {},
  }
}

/** One after the other: two orders of a user share one balance. */
function chargeAll(
  questions: readonly PaymentEffect[],
  { charges, balances }: WalletLoaded,
): { changes: WalletChanges; result: ProviderAnswer[] } {
  const charged = new Map<string, { userId: string; charge: Charge }>()
  const moved = new Map<string, number>()
  const result = questions.map(({ kind, payment }) => {
    const { orderId, userId, amount } = payment
    const before = charged.get(orderId)?.charge ?? charges.get(orderId) ?? absent
    const balance = moved.get(userId) ?? balances.get(userId) ?? 0
    const command: ChargeCommand = kind === 'undo' ? { kind } : { kind, amount }
    const { charge, add, answer } = decideCharge(command, before, balance)
    if (charge !== before) charged.set(orderId, { userId, charge })
    if (add !== 0) moved.set(userId, balance + add)
    return answer
  })
  return { changes: { charges: charged, balances: moved }, result }
}
