// The payment provider that the payment step asks, and what the built-in one keeps.

import type { NotNow, PaymentEffect, ProviderAnswer } from '../domain/orders/payment-step.ts'
import type { Charge } from '../domain/orders/state.ts'

/** The built-in wallets, or a payment service, where real money moves. */
export type PaymentTaker = 'wallets' | 'service'

/**
 * A payment provider. Its key is the order id: asked again it answers the same, and what was
 * undone is never captured later.
 */
export type Payments = {
  /**
   * An answer or a failure to each, in order, within `withinMs`. A failure leaves open what
   * happened, and is asked again; "not now" says that nothing did, and is asked again.
   */
  ask(
    questions: readonly PaymentEffect[],
    withinMs: number,
  ): Promise<(ProviderAnswer | NotNow | PaymentFailure)[]>
  /**
   * Whoever asks begins anew, and is told from now on when there may be an answer for those who
   * were told "not now". Absent: it never tells.
   */
  begin?(onMayAnswer: () => void): void
  limits: PaymentLimits
  /** What a process that ended has asked may have been done: it is not done in our own tables. */
  losesAnswers?: true
  close(): Promise<void>
}
export type PaymentLimits = {
  questionsPerCallMax: number
  /** Calls under way; whoever does not fit waits in the step's rows. */
  callsAtOnceMax: number
  /** How long one call may take; what is open then counts as one attempt. */
  answerMsMax: number
}
/** In doubt: what was asked may have been done. */
export type PaymentFailure = { kind: 'failed'; reason: string; inDoubt?: true }

/** What the built-in provider keeps. One transaction, as of ConsumerStore, without positions. */
export type WalletStore = {
  charge<Result>(
    wanted: WalletWanted,
    decide: (loaded: WalletLoaded) => { changes: WalletChanges; result: Result },
  ): Promise<Result>
}
/** `users`: by user id, how much is to be captured at most. */
export type WalletWanted = { orderIds: readonly string[]; users: ReadonlyMap<string, number> }
export type WalletLoaded = {
  charges: Map<string, Charge>
  /** Of every wanted user, 0 where there is none, locked in id order. */
  balances: Map<string, number>
  /** Of the wanted users whose balance is less than is to be captured: what may come back. */
  unsettled: Map<string, number>
}
export type WalletChanges = {
  charges: ReadonlyMap<string, { userId: string; charge: Charge }>
  balances: ReadonlyMap<string, number>
}
