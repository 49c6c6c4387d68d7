// Restores what the consumers of orders keep, from the log, where it was lost: the rows of the
// embedded profile are never synced. Run before the consumers, by the one process that owns all
// partitions. Nothing is decided anew that the log says; what a step may still have to act upon it
// is given again through the retry topics (docs/decisions/0025).

import type { OrderHistory } from '../../domain/orders/history.ts'
import { ordersTopic } from '../../domain/orders/messages.ts'
import { orderTopics } from '../../domain/orders/records.ts'
import { retryTopics } from '../../domain/orders/retries.ts'
import type { Charge, CouponRow, PaymentRow, StockRow } from '../../domain/orders/state.ts'
import type { Log, LogBounds } from '../../ports/log.ts'
import {
  type ConsumerName,
  type CouponStepStore,
  consumerNames,
  type DeadLetterStore,
  type OrderChange,
  type OrderStore,
  type PaymentStepStore,
  type StockStepStore,
  topicsReadBy,
} from '../../ports/orders.ts'
import type { WalletStore } from '../../ports/payments.ts'
import { type LogAsItStood, type LogEnds, readForwarded, readOrders } from './read-log.ts'
import {
  chargeOf,
  type RestoredRow,
  restoreCoupon,
  restorePayment,
  restoreStock,
} from './restore-steps.ts'
import {
  createTally,
  readLetters,
  readProducts,
  readTopUps,
  type Tally,
} from './restore-supplies.ts'
import { couponChanges, type TakenAgain, takeAgain, targetOf, writeCharges } from './write-rows.ts'

export type RestoreParts = { log: Log; stores: RestoredStores }
export type RestoredStores = {
  orders: OrderStore
  coupons: CouponStepStore
  stock: StockStepStore
  payments: PaymentStepStore
  letters: DeadLetterStore
  /** Of the built-in wallet; null: another provider is used. */
  wallet: WalletStore | null
}
/** `takenAgain`: records of which the log does not say what a step did about them. */
export type RestoredOrders = { orders: number; letters: number; takenAgain: number }

/** Null where nothing was lost. Rejects with a PortError; run again it starts over. */
export async function restoreOrders({ log, stores }: RestoreParts): Promise<RestoredOrders | null> {
  const ends = new Map<string, LogBounds[]>()
  for (const topic of orderTopics) ends.set(topic, await log.bounds(topic))
  const lost = await lostOf(targetsOf(stores), ends)
  if (Object.keys(lost).length === 0) return null
  const restoring: Restoring = {
    from: { log, ends },
    stores,
    lost,
    tally: createTally(),
    again: [],
    orders: 0,
  }
  for (const partition of ends.get(ordersTopic)?.keys() ?? []) {
    await restorePartition(partition, restoring)
  }
  const letters = await restoreSupplies(restoring)
  // Before the positions, and behind the ends that they are moved to.
  await takeAgain(log, restoring.again)
  const forwarded = await readForwarded(restoring.from)
  for (const name of consumerNames) {
    const counted = { ends, forwarded: forwarded.bind(null, name) }
    await lost[name]?.moveToEnds([...topicsReadBy[name], ...retryTopics], counted)
  }
  return { orders: restoring.orders, letters, takenAgain: restoring.again.length }
}

type Targets = ReturnType<typeof targetsOf>
type Restoring = {
  from: LogAsItStood
  stores: RestoredStores
  /** Of consumers that have nothing. */
  lost: Partial<Targets>
  tally: Tally
  again: TakenAgain[]
  orders: number
}
type Rows = {
  orders: OrderChange[]
  coupons: CouponRow[]
  stock: StockRow[]
  payments: PaymentRow[]
  charges: Map<string, { userId: string; charge: Charge }>
}

function targetsOf({ orders, coupons, stock, payments, letters }: RestoredStores) {
  return {
    'order-process': targetOf(orders, { wanted: { orderIds: [] }, changes: [] }),
    'coupon-step': targetOf(coupons, {
      wanted: { orderIds: [], coupons: [] },
      changes: { rows: [], effects: [] },
    }),
    'stock-step': targetOf(stock, {
      wanted: { orderIds: [], productIds: [], commands: [] },
      changes: { rows: [], products: [], commands: [] },
    }),
    'payment-step': targetOf(payments, {
      wanted: { orderIds: [], userIds: [], commands: [] },
      changes: { rows: [], balances: new Map(), commands: [] },
    }),
    'dead-letters': targetOf(letters, {
      wanted: { ids: [], commands: [] },
      changes: { letters: [], commands: [] },
    }),
  }
}

/** Rows are written with positions, so who has no position has no rows. */
async function lostOf(targets: Targets, ends: LogEnds): Promise<Partial<Targets>> {
  const lost: Partial<Record<ConsumerName, Targets[ConsumerName]>> = {}
  for (const name of consumerNames) {
    const bounds = topicsReadBy[name].flatMap((topic) => ends.get(topic) ?? [])
    if (bounds.every(({ end }) => end === 0)) continue
    if (!(await targets[name].hasPositions())) lost[name] = targets[name]
  }
  return lost as Partial<Targets>
}

async function restorePartition(partition: number, restoring: Restoring): Promise<void> {
  const { from, stores, lost } = restoring
  const orders = await readOrders(from, partition)
  const rows = rowsOf(orders.values(), partition, restoring)
  restoring.orders += orders.size
  await lost['order-process']?.write(rows.orders, (changes) => changes)
  await lost['coupon-step']?.write(rows.coupons, couponChanges)
  await lost['stock-step']?.write(rows.stock, (page) => ({ rows: page }))
  await lost['payment-step']?.write(rows.payments, (page) => ({ rows: page }))
  if (lost['payment-step'] && stores.wallet) await writeCharges(stores.wallet, rows.charges)
}

function rowsOf(orders: Iterable<OrderHistory>, partition: number, restoring: Restoring): Rows {
  const { stores, lost, tally, again } = restoring
  const isWallet = stores.wallet !== null
  const rows: Rows = { orders: [], coupons: [], stock: [], payments: [], charges: new Map() }
  function take<Row extends { status: string }>(
    consumer: ConsumerName,
    restored: RestoredRow<Row>,
    all: Row[],
  ): Row {
    if (restored.again !== null && lost[consumer] !== undefined) {
      again.push({ consumer, logged: restored.again })
    }
    if (restored.row.status !== 'absent') all.push(restored.row)
    return restored.row
  }
  for (const order of orders) {
    const { state, unannounced, due } = order
    if (state.status !== 'absent') rows.orders.push({ state, partition, unannounced })
    take('coupon-step', restoreCoupon(order), rows.coupons)
    tally.addStock(take('stock-step', restoreStock(order), rows.stock))
    const payment = take('payment-step', restorePayment(order, isWallet), rows.payments)
    if (isWallet) tally.addPayment(payment)
    const charge = chargeOf(payment, order)
    if (charge === null || due === null) continue
    rows.charges.set(due.message.orderId, { userId: due.message.userId, charge })
  }
  return rows
}

async function restoreSupplies({ from, lost, tally }: Restoring): Promise<number> {
  const { 'stock-step': stock, 'payment-step': payments, 'dead-letters': deadLetters } = lost
  if (stock) {
    const { products, commands } = await readProducts(from, tally)
    await stock.write(products.values(), (page) => ({ products: page }))
    await stock.write(commands.values(), (page) => ({ commands: page }))
  }
  if (payments) {
    const { balances, commands } = await readTopUps(from, tally)
    await payments.write(balances, (page) => ({ balances: new Map(page) }))
    await payments.write(commands.values(), (page) => ({ commands: page }))
  }
  if (!deadLetters) return 0
  const { letters, commands } = await readLetters(from)
  await deadLetters.write(letters.values(), (page) => ({ letters: page }))
  await deadLetters.write(commands.values(), (page) => ({ commands: page }))
  return letters.size
}
