// The payment step: captures what an order owes, gives it back if the order is cancelled, and
// tops up wallets. What the provider is to do is stored first, then it is asked, then its answer
// is stored and published (docs/decisions/0022). Records of one order are taken one at a time, so
// a cancellation right behind a payment waits until that one's answer is known.

import type { ConsumerWork, Item, ItemResult, LookupFailure } from '../consumer/consumer-work.ts'
import type { OrderMessage, WalletMessage } from '../domain/orders/messages.ts'
import {
  decidePayment,
  evolvePayment,
  type PaymentCommand,
  type PaymentEffect,
  type ProviderAnswer,
} from '../domain/orders/payment-step.ts'
import { ordersInput, walletsInput } from '../domain/orders/records.ts'
import { decideTopUp } from '../domain/orders/wallet.ts'
import type {
  CommandName,
  PaymentChanges,
  PaymentLoaded,
  PaymentStepStore,
  PaymentWanted,
} from '../ports/orders.ts'
import type { Payments } from '../ports/payments.ts'
import { type Batch, batchOf, decideRow, stepResult, takeCommand } from './step-work.ts'

export type PaymentStepMessage = OrderMessage | WalletMessage
export type PaymentStepWork = ConsumerWork<
  PaymentStepMessage,
  PaymentWanted,
  PaymentLoaded,
  PaymentChanges,
  ProviderAnswer
>

export function createPaymentStep(store: PaymentStepStore, payments: Payments): PaymentStepWork {
  /** What the provider is to be asked for a record that waits, as it was decided last. */
  const questions: Questions = new WeakMap()
  return {
    name: 'payment-step',
    store,
    inputs: [ordersInput, walletsInput],
    wantedBy,
    decide(items, loaded) {
      const batch = { ...batchOf(loaded), waiting: new Set<string>(), questions }
      const results = items.map(({ message, found }) => {
        if (message.type === 'wallet.topped_up') return takeTopUp(message, batch)
        return takeOrder(message, found, batch)
      })
      const { rows, balances, commands } = batch
      const changed = { balances: balances.changed, commands: commands.changes() }
      return { changes: { rows: rows.changes(), ...changed }, results }
    },
    async lookUp(items, withinMs) {
      const asked = items.flatMap(({ message }) => questions.get(message) ?? [])
      const answers = asked.length === 0 ? [] : await payments.ask(asked, withinMs)
      let next = 0
      return items.map(({ message }): ProviderAnswer | LookupFailure | null => {
        return questions.has(message) ? (answers[next++] ?? null) : null
      })
    },
  }
}

type Questions = WeakMap<PaymentStepMessage, PaymentEffect>
/** What a batch has decided so far. */
type PaymentBatch = Batch<PaymentLoaded> & {
  /** Orders of which an earlier record waits for the provider. */
  waiting: Set<string>
  questions: Questions
}

function wantedBy(items: readonly Item<PaymentStepMessage>[]): PaymentWanted {
  const orderIds = new Set<string>()
  const userIds = new Set<string>()
  const commands: CommandName[] = []
  for (const { message } of items) {
    if (message.type === 'wallet.topped_up') {
      userIds.add(message.userId)
      commands.push({ key: message.userId, commandId: message.commandId })
    } else if (message.type === 'order.payment_due' || message.type === 'order.cancelled') {
      orderIds.add(message.orderId)
    }
  }
  return { orderIds: [...orderIds], userIds: [...userIds], commands }
}

function takeOrder(
  message: OrderMessage,
  found: ProviderAnswer | undefined,
  { rows, waiting, questions }: PaymentBatch,
): ItemResult {
  const { orderId } = message
  const decide = (command: PaymentCommand) => {
    return decideRow({ rows, orderId }, evolvePayment, (row) => decidePayment(command, row))
  }
  questions.delete(message)
  if (waiting.has(orderId)) return { kind: 'waiting' }
  if (found !== undefined) {
    const answered = decide({ kind: 'answer', answer: found })
    // Else the row had moved on already, and says by itself what follows from the record.
    if (answered.outcome !== 'ignored') return stepResult(answered, message)
  }
  const decision = decide({ kind: 'record', message })
  const [question] = decision.effects
  if (question === undefined) return stepResult(decision, message)
  questions.set(message, question)
  waiting.add(orderId)
  return { kind: 'waiting' }
}

export function takeTopUp(
  message: WalletMessage,
  { balances, commands }: Omit<Batch<PaymentLoaded>, 'rows'>,
): ItemResult {
  const { userId, commandId, amount } = message
  return takeCommand(commands, { key: userId, commandId, amount }, () => {
    const balance = balances.get(userId) ?? 0
    const { outcome, add } = decideTopUp({ message, before: null }, balance)
    if (add !== 0) balances.put(userId, balance + add)
    return outcome
  })
}
