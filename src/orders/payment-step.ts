// The payment step: captures what an order owes, gives it back if the order is cancelled or
// returned, and tops up wallets. What the provider is to do is stored first, then it is asked, then
// its answer is stored and published (docs/decisions/0022). Nothing waits for the provider but its
// own order. Where that is the built-in one, what it captures is decided with the record that asks.

import {
  type ConsumerWork,
  type Item,
  type ItemResult,
  type Publish,
  publishing,
} from '../consumer/consumer-work.ts'
import type { OrderMessage, WalletMessage } from '../domain/orders/messages.ts'
import {
  decidePayment,
  evolvePayment,
  type PaymentCommand,
  type PaymentEffect,
} from '../domain/orders/payment-step.ts'
import { ordersInput, walletsInput } from '../domain/orders/records.ts'
import type { Payment, PaymentAsking, PaymentRow } from '../domain/orders/state.ts'
import { decideTopUp } from '../domain/orders/wallet.ts'
import type {
  CommandName,
  PaymentChanges,
  PaymentLoaded,
  PaymentStepStore,
  PaymentWanted,
} from '../ports/orders.ts'
import type { Payments } from '../ports/payments.ts'
import type { DecidedRows } from './open-rows.ts'
import {
  type Answered,
  type AskingRow,
  isAsking,
  PaymentAsks,
  passedOn,
  questionOf,
} from './payment-asking.ts'
import {
  type Batch,
  batchOf,
  decideRow,
  patienceOfStep,
  stepResult,
  suppliesFirst,
  takeCommand,
} from './step-work.ts'
import { chargeOne, type Purses, sumsOf } from './wallet.ts'

export type PaymentStepMessage = OrderMessage | WalletMessage
export type PaymentStepWork = ConsumerWork<
  PaymentStepMessage,
  PaymentWanted,
  PaymentLoaded,
  PaymentChanges
>

/**
 * `capturesItself`: the provider is the built-in one, over the tables of this step. What it can
 * answer at once is then one transaction with the record that asks.
 */
export function createPaymentStep(
  store: PaymentStepStore,
  payments: Payments,
  { capturesItself = false } = {},
): PaymentStepWork {
  const asks = new PaymentAsks({ store, payments, repliesOf, passOn, decide: decideAnswers })
  return {
    name: 'payment-step',
    store,
    inputs: [{ ...ordersInput, patienceMs: patienceOfStep(notOfPayments) }, walletsInput],
    wantedBy: capturesItself ? withCaptures : wantedBy,
    decide(items, loaded) {
      const batch = paymentBatch(loaded, capturesItself)
      const settled: string[] = []
      const results = suppliesFirst(items, (item): ItemResult => {
        const { message } = item
        if (message.type === 'wallet.topped_up') return takeTopUp(message, batch)
        if (message.type !== 'order.confirmed') return takeOrder({ ...item, message }, batch)
        settled.push(message.orderId)
        return { kind: 'applied', publish: [] }
      })
      return { changes: { ...changesOf(batch), settled, said: asks.said() }, results }
    },
    stored: (changes) => asks.stored(changes),
    task: { start: (task) => asks.start(task) },
  }
}

type PaymentBatch = Batch<PaymentLoaded> & {
  /** Of the built-in provider, where it is charged at once. */
  purses: Purses | null
}

function paymentBatch(loaded: PaymentLoaded, capturesItself = false): PaymentBatch {
  const batch = batchOf(loaded)
  const { charges, unsettled } = loaded
  const purses: Purses = {
    charges,
    unsettled,
    charged: new Map(),
    balances: batch.balances,
    // Only the provider itself knows whether there are top-ups that are not read yet.
    mayHaveMore: () => true,
  }
  return { ...batch, purses: capturesItself ? purses : null }
}

function changesOf({ rows, balances, commands, purses }: PaymentBatch): PaymentChanges {
  const charges = purses === null ? {} : { charges: purses.charged }
  const changed = { balances: balances.changed, commands: commands.changes(), ...charges }
  return { rows: rows.changes(), ...changed }
}

const ofPayments: readonly OrderMessage['type'][] = [
  'order.payment_due',
  'order.cancelled',
  'order.return_due',
]

/** And no redemption. */
const notOfPayments: readonly OrderMessage['type'][] = [
  'order.placed',
  'order.return_asked',
  'order.returned',
]

function wantedBy(items: readonly Item<PaymentStepMessage>[]): PaymentWanted {
  const orderIds = new Set<string>()
  const userIds = new Set<string>()
  const commands: CommandName[] = []
  for (const { message } of items) {
    if (message.type === 'wallet.topped_up') {
      userIds.add(message.userId)
      commands.push({ key: message.userId, commandId: message.commandId })
    } else if (ofPayments.includes(message.type)) {
      orderIds.add(message.orderId)
    }
  }
  return { orderIds: [...orderIds], userIds: [...userIds], commands }
}

function withCaptures(items: readonly Item<PaymentStepMessage>[]): PaymentWanted {
  const wanted = wantedBy(items)
  const captures = items.flatMap(({ message }): PaymentEffect[] => {
    if (message.type !== 'order.payment_due') return []
    const { orderId, userId, total: amount } = message
    return [{ kind: 'capture', payment: { orderId, userId, amount } }]
  })
  const users = sumsOf(captures)
  const userIds = [...new Set([...wanted.userIds, ...users.keys()])]
  const orderIds = captures.map(({ payment }) => payment.orderId)
  return { ...wanted, userIds, captures: { orderIds, users } }
}

function takeOrder(item: Item<OrderMessage>, { rows, purses }: PaymentBatch): ItemResult {
  const { message } = item
  const { orderId } = message
  const before = rows.get(orderId)
  const decision = decide({ rows, orderId }, { kind: 'record', message })
  if (decision.effects.length === 0) return stepResult(decision, message)
  const isAsked = before !== undefined && isAsking(before)
  const [effect] = decision.effects
  if (purses !== null && before === undefined && effect?.kind === 'capture') {
    const answer = chargeOne(effect, purses)
    // Else it waits for money that may come, as for any other provider.
    if (answer.kind !== 'not_now') {
      return stepResult(decide({ rows, orderId }, { kind: 'answer', answer }), message)
    }
  }
  const isKnown = decision.outcome === 'repeated' && (isAsked || item.isRepeated === true)
  if (isKnown) return { kind: 'dropped', publish: [] }
  const row = rows.get(orderId)
  if (row?.status !== 'asked' && row?.status !== 'undoing')
    throw new Error('nothing is to be asked')
  rows.put(orderId, {
    ...asked(row, item),
    record: askingOf({ ...item, message: message as Asked }),
  })
  return { kind: 'applied', publish: [] }
}

/** People who try again what was in dispute have looked: then its answer is the last word. */
function asked(row: AskedRow, { source }: Item<OrderMessage>): AskedRow {
  const { disputed, ...rest } = row
  if (disputed !== true || (source?.redrives ?? 0) === 0) return rest
  const { wasRefused: _, ...settled } = rest
  return settled
}

type AskedRow = Extract<PaymentRow, Payment>
type Asked = PaymentAsking['message']

function askingOf({ message, topic, partition, at, source }: Item<Asked>): PaymentAsking {
  const origin = { topic, partition, offset: 0, appendedAt: at }
  return { message, ...(source ?? { origin, attempts: 0, redrives: 0 }) }
}

/** An answer, or a failure, to what is still asked; what comes late or twice changes nothing. */
function decideAnswers(
  answers: readonly Answered[],
  loaded: PaymentLoaded,
): DecidedRows<PaymentChanges> {
  const batch = paymentBatch(loaded)
  const { rows } = batch
  const publish = answers.flatMap((answered) => {
    const { orderId, kind } = answered
    const row = rows.get(orderId)
    if (row === undefined || !isAsking(row) || questionOf(row).kind !== kind) return []
    const { record: _, ...bare } = row
    rows.put(orderId, bare)
    if ('failure' in answered) {
      if (answered.failure.inDoubt === true) rows.put(orderId, inDoubt(bare))
      return []
    }
    const { answer } = answered
    const { outcome, replies } = decide({ rows, orderId }, { kind: 'answer', answer })
    if (outcome === 'contradiction') rows.put(orderId, { ...bare, disputed: true })
    return publishing(replies)
  })
  return { changes: changesOf(batch), publish }
}

/** Only of a capture: an undo answers whatever was before it. */
function inDoubt(row: AskedRow): AskedRow {
  return row.status === 'asked' ? { ...row, inDoubt: true } : row
}

function passOn(answered: Answered, { record, ...row }: AskingRow): Publish | null {
  if ('failure' in answered) return passedOn(record, answered.failure.reason)
  const { outcome } = decidePayment({ kind: 'answer', answer: answered.answer }, row)
  if (outcome !== 'contradiction') return null
  const reason = `the answer to ${record.message.type} contradicts what this step has stored`
  return passedOn(record, reason, true)
}

function decide(
  of: { rows: PaymentBatch['rows']; orderId: string },
  command: PaymentCommand,
): ReturnType<typeof decidePayment> {
  return decideRow(of, evolvePayment, (row) => decidePayment(command, row))
}

/** What a row has said already. */
function repliesOf(row: PaymentRow): ReturnType<typeof decidePayment>['replies'] {
  if (row.status === 'absent') return []
  const { orderId } = row
  if (row.status === 'refunded') {
    const cancelled = { type: 'order.cancelled', orderId, reason: 'timed_out' } as const
    return decidePayment({ kind: 'record', message: cancelled }, row).replies
  }
  const sums = { subtotal: 0, discount: 0, total: 0 }
  const due = { type: 'order.payment_due', orderId, userId: '', ...sums } as const
  return decidePayment({ kind: 'record', message: due }, row).replies
}

export function takeTopUp(
  message: WalletMessage,
  { balances, commands }: Pick<Batch<PaymentLoaded>, 'balances' | 'commands'>,
): ItemResult {
  const { userId, commandId, amount } = message
  return takeCommand(commands, { key: userId, commandId, amount }, () => {
    const balance = balances.get(userId) ?? 0
    const { outcome, add } = decideTopUp({ message, before: null }, balance)
    if (add !== 0) balances.put(userId, balance + add)
    return outcome
  })
}
