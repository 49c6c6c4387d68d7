// The built-in payment provider: the wallets that the payment step tops up. What it answered to a
// charge is stored with the balance and answered again, so it may be asked as often as is needed.
// Who has too little waits until the top-ups are read as far as they went (docs/decisions/0082).

import { walletsTopic } from '../domain/orders/messages.ts'
import type { NotNow, PaymentEffect, ProviderAnswer } from '../domain/orders/payment-step.ts'
import { absent, type Charge, type Payment } from '../domain/orders/state.ts'
import { type ChargeCommand, decideCharge, unsettledOf } from '../domain/orders/wallet.ts'
import type { Payments, WalletChanges, WalletLoaded, WalletStore } from '../ports/payments.ts'
import { Working } from './step-work.ts'
import { UnreadRecords, type UnreadRecordsParts } from './unread-records.ts'

/** How far the rows of the step go in the topic of top-ups, and how far that goes. */
export type TopUpsParts = Pick<UnreadRecordsParts, 'log' | 'store'>

/**
 * Rejects with the store's PortError while the database is away: nothing was moved, or all.
 * Without `topUps` all of them are taken to be read.
 */
export function createWallet(store: WalletStore, topUps: TopUpsParts | null = null): Payments {
  let onMayAnswer = () => {}
  const onEnds = () => onMayAnswer()
  const unread = topUps && new UnreadRecords({ ...topUps, topic: walletsTopic, onEnds })
  const mayHaveMore = ({ orderId, userId }: Payment) => unread?.mayExist(orderId, userId) ?? false
  return {
    async ask(questions) {
      const orderIds = [...new Set(questions.map(({ payment }) => payment.orderId))]
      const wanted = { orderIds, users: sumsOf(questions) }
      const waiting = questions.filter(({ payment }) => unread?.isWaiting(payment.orderId))
      await unread?.look(waiting.map(({ payment }) => [payment.orderId, [payment.userId]]))
      const answers = await store.charge(wanted, (loaded) => {
        return chargeAll(questions, { ...loaded, mayHaveMore })
      })
      const waits = new Set(waiting.map(({ payment }) => payment.orderId))
      await unread?.look(
        unreadOf(questions, answers).filter(([orderId, missing]) => {
          return missing.length === 0 || !waits.has(orderId)
        }),
      )
      return answers
    },
    begin(told) {
      onMayAnswer = told
      unread?.clear()
    },
    // One transaction for many, one after the other: they share balances.
    limits: { questionsPerCallMax: 1_000, callsAtOnceMax: 1, answerMsMax: 4_000 },
    async close() {},
  }
}

/** By order, whose top-ups it waits for; nobody's where there was another answer. */
function unreadOf(
  questions: readonly PaymentEffect[],
  answers: readonly (ProviderAnswer | NotNow)[],
): (readonly [string, readonly string[]])[] {
  return questions.map(({ payment: { orderId, userId } }, n) => {
    const answer = answers[n]
    const isUnread = answer?.kind === 'not_now' && answer.isUnread === true
    return [orderId, isUnread ? [userId] : []]
  })
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
  { charges, balances, unsettled, mayHaveMore }: WalletLoaded & Pick<Purses, 'mayHaveMore'>,
): { changes: WalletChanges; result: (ProviderAnswer | NotNow)[] } {
  const charged: Purses['charged'] = new Map()
  const purses = { charges, unsettled, mayHaveMore, charged, balances: new Working(balances) }
  const result = questions.map((question) => chargeOne(question, purses))
  return { changes: { charges: charged, balances: purses.balances.changed }, result }
}

/** What a transaction has loaded of wallets, and what was made of it. */
export type Purses = Pick<WalletLoaded, 'charges' | 'unsettled'> & {
  charged: Map<string, { userId: string; charge: Charge }>
  balances: Working<number>
  /** Whether top-ups of the user may be unread that came before the order. */
  mayHaveMore(payment: Payment): boolean
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
  const funds = { balance, unsettled: mayComeBack, mayHaveMore: purses.mayHaveMore(payment) }
  const { charge, add, answer } = decideCharge(command, before, funds)
  if (charge !== before) charged.set(orderId, { userId, charge })
  unsettled.set(userId, mayComeBack - unsettledOf(before) + unsettledOf(charge))
  if (add !== 0) balances.put(userId, balance + add)
  return answer
}
