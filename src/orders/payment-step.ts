// The payment step: captures what an order owes, gives it back if the order is cancelled, and
// tops up wallets. What the provider is to do is stored first, then it is asked, then its answer
// is stored and told (docs/decisions/0022). Records of one order are taken one at a time, so
// a cancellation right behind a payment waits until that one's answer is known.

import type {
  Asked,
  ConsumerWork,
  Item,
  ItemResult,
  LookupFailure,
} from '../consumer/consumer-work.ts'
import { decodeOrderMessage } from '../domain/orders/decode-orders.ts'
import { decodeWalletMessage } from '../domain/orders/decode-supplies.ts'
import {
  type OrderMessage,
  ordersTopic,
  type WalletMessage,
  walletsTopic,
} from '../domain/orders/messages.ts'
import {
  decidePayment,
  evolvePayment,
  initialPaymentRow,
  type PaymentCommand,
  type PaymentDecision,
  type PaymentEffect,
  type ProviderAnswer,
} from '../domain/orders/payment-step.ts'
import { readAt } from '../domain/orders/records.ts'
import type { PaymentRow } from '../domain/orders/state.ts'
import { decideTopUp } from '../domain/orders/wallet.ts'
import {
  commandKey,
  type DoneCommand,
  type PaymentChanges,
  type PaymentLoaded,
  type PaymentStepStore,
  type Payments,
  type PaymentWanted,
} from '../ports/orders.ts'
import { stepResult } from './step-result.ts'

export type PaymentStepMessage = OrderMessage | WalletMessage
export type PaymentStepWork = ConsumerWork<
  PaymentStepMessage,
  PaymentWanted,
  PaymentLoaded,
  PaymentChanges,
  ProviderAnswer
>
/** Test-only. K28, twice an undoing: stored, and not yet asked for; done, and not yet stored. */
export type CrashPoint = ((name: string) => void) | undefined

export function createPaymentStep(
  store: PaymentStepStore,
  payments: Payments,
  crashPoint?: CrashPoint,
): PaymentStepWork {
  /** What the provider is to be asked for a record that waits, as it was decided last. */
  const questions: Questions = new WeakMap()
  return {
    name: 'payment-step',
    store,
    inputs: [
      {
        topic: ordersTopic,
        decode: (value, place) => readAt(decodeOrderMessage(value), place),
      },
      {
        topic: walletsTopic,
        decode: (value, place) => readAt(decodeWalletMessage(value), place),
      },
    ],
    wantedBy,
    decide(items, loaded) {
      const batch: Batch = {
        loaded,
        rows: new Map(),
        balances: new Map(),
        commands: [],
        waiting: new Set(),
        questions,
      }
      const results = items.map(({ message, found }) => {
        return message.type === 'wallet.topped_up'
          ? topUp(message, batch)
          : takeOrder({ message, found }, batch)
      })
      const { rows, balances, commands } = batch
      return { changes: { rows: [...rows.values()], balances, commands }, results }
    },
    async lookUp(items, withinMs) {
      const asked = items.flatMap(({ message }) => questions.get(message) ?? [])
      const undoes = asked.some(({ kind }) => kind === 'undo')
      if (undoes) crashPoint?.('K28')
      const answers = asked.length === 0 ? [] : await payments.ask(asked, withinMs)
      if (undoes) crashPoint?.('K28')
      let next = 0
      return items.map(({ message }): ProviderAnswer | LookupFailure | null => {
        return questions.has(message) ? (answers[next++] ?? null) : null
      })
    },
  }
}

type Questions = WeakMap<PaymentStepMessage, PaymentEffect>
/** What a batch has decided so far. */
type Batch = {
  loaded: PaymentLoaded
  rows: Map<string, PaymentRow>
  balances: Map<string, number>
  commands: DoneCommand[]
  /** Orders of which an earlier record waits for the provider. */
  waiting: Set<string>
  questions: Questions
}
type OrderItem = Pick<Asked<OrderMessage, ProviderAnswer>, 'message'> & {
  found: ProviderAnswer | undefined
}

function wantedBy(items: readonly Item<PaymentStepMessage>[]): PaymentWanted {
  const orderIds = new Set<string>()
  const userIds = new Set<string>()
  const commands = new Map<string, PaymentWanted['commands'][number]>()
  for (const { message } of items) {
    if (message.type === 'wallet.topped_up') {
      const command = { key: message.userId, commandId: message.commandId }
      userIds.add(message.userId)
      commands.set(commandKey(command), command)
    } else if (message.type === 'order.payment_due' || message.type === 'order.cancelled') {
      orderIds.add(message.orderId)
    }
  }
  return { orderIds: [...orderIds], userIds: [...userIds], commands: [...commands.values()] }
}

function takeOrder({ message, found }: OrderItem, batch: Batch): ItemResult {
  const { orderId } = message
  const { questions, waiting } = batch
  questions.delete(message)
  if (waiting.has(orderId)) return { kind: 'waiting' }
  if (found !== undefined) {
    const answered = decideOrder({ kind: 'answer', answer: found }, message, batch)
    // Else the row had moved on already, and says by itself what follows from the record.
    if (answered.outcome !== 'ignored') return stepResult(answered, message)
  }
  const decision = decideOrder({ kind: 'record', message }, message, batch)
  const [question] = decision.effects
  if (question === undefined) return stepResult(decision, message)
  questions.set(message, question)
  waiting.add(orderId)
  return { kind: 'waiting' }
}

function decideOrder(
  command: PaymentCommand,
  { orderId }: OrderMessage,
  { loaded, rows }: Batch,
): PaymentDecision {
  const row = loaded.rows.get(orderId) ?? initialPaymentRow()
  const decision = decidePayment(command, row)
  if (decision.events.length > 0) {
    const changed = decision.events.reduce(evolvePayment, row)
    loaded.rows.set(orderId, changed)
    rows.set(orderId, changed)
  }
  return decision
}

/** A command that is known keeps its first outcome, whatever a second record of it says. */
function topUp(message: WalletMessage, batch: Batch): ItemResult {
  const { userId, commandId, amount } = message
  const { loaded, balances, commands } = batch
  const name = commandKey({ key: userId, commandId })
  if (loaded.commands.has(name)) return { kind: 'dropped', publish: [] }
  const balance = loaded.balances.get(userId) ?? 0
  const { outcome, add } = decideTopUp({ message, before: null }, balance)
  if (add !== 0) {
    loaded.balances.set(userId, balance + add)
    balances.set(userId, balance + add)
  }
  const done: DoneCommand = { key: userId, commandId, amount, outcome }
  loaded.commands.set(name, done)
  commands.push(done)
  return { kind: 'applied', publish: [] }
}
