// Restores what the consumers of orders keep, from the log, where it was lost: the rows of the
// embedded profile are never synced. Run before the consumers, by the one process that owns all
// partitions. Nothing is decided anew that was said; what a step may still have to act upon it is
// given again through the retry topics (docs/decisions/0025).

import {
  orderStepsTopic,
  ordersTopic,
  productsTopic,
  walletsTopic,
} from '../../domain/orders/messages.ts'
import { deadLettersTopic, retryTopics } from '../../domain/orders/retries.ts'
import type { CouponRow, StockRow } from '../../domain/orders/state.ts'
import type { Log, LogBounds } from '../../ports/coupons.ts'
import {
  type ConsumerName,
  type ConsumerPosition,
  type CouponStepStore,
  consumerNames,
  type DeadLetterStore,
  type OrderChange,
  type OrderStore,
  type PaymentStepStore,
  type StockStepStore,
  type WalletStore,
} from '../../ports/orders.ts'
import { type LogAsItStood, type LogEnds, readOrders, type ToldOrder } from './read-log.ts'
import { type RestoredRow, restoreCoupon, restorePayment, restoreStock } from './restore-steps.ts'
import { readLetters, readProducts, readTopUps } from './restore-supplies.ts'
import { countPayment, countStock, createTally, type Tally } from './restore-tally.ts'
import {
  type PaidOrder,
  type TakenAgain,
  takeAgain,
  writeCoupons,
  writeLetters,
  writeOrders,
  writePayments,
  writePositions,
  writeProducts,
  writeStock,
  writeTopUps,
} from './write-rows.ts'

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

/** Besides the retry topics. */
export const topicsReadBy: Readonly<Record<ConsumerName, readonly string[]>> = {
  'order-process': [ordersTopic, orderStepsTopic],
  'coupon-step': [ordersTopic],
  'stock-step': [ordersTopic, productsTopic],
  'payment-step': [ordersTopic, walletsTopic],
  'dead-letters': [deadLettersTopic],
}

/** Null where nothing was lost. Rejects with a PortError; run again it starts over. */
export async function restoreOrders({ log, stores }: RestoreParts): Promise<RestoredOrders | null> {
  const ends = await endsOf(log)
  const lost = await lostBy(stores, ends)
  if (lost.size === 0) return null
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
  await movePositions(restoring)
  return { orders: restoring.orders, letters, takenAgain: restoring.again.length }
}

type Restoring = {
  from: LogAsItStood
  stores: RestoredStores
  /** Consumers that have nothing. */
  lost: ReadonlySet<ConsumerName>
  tally: Tally
  again: TakenAgain[]
  orders: number
}
type Rows = {
  orders: OrderChange[]
  coupons: CouponRow[]
  stock: StockRow[]
  payments: PaidOrder[]
}

async function endsOf(log: Log): Promise<LogEnds> {
  const topics = new Set([...Object.values(topicsReadBy).flat(), ...retryTopics])
  const ends = new Map<string, LogBounds[]>()
  for (const topic of topics) ends.set(topic, await log.bounds(topic))
  return ends
}

/** Rows are written with positions, so who has no position has no rows. */
async function lostBy(stores: RestoredStores, ends: LogEnds): Promise<Set<ConsumerName>> {
  const lost = new Set<ConsumerName>()
  const { orders, coupons, stock, payments, letters } = stores
  const storeOf: Record<ConsumerName, { positions(): Promise<ConsumerPosition[]> }> = {
    'order-process': orders,
    'coupon-step': coupons,
    'stock-step': stock,
    'payment-step': payments,
    'dead-letters': letters,
  }
  for (const name of consumerNames) {
    const bounds = topicsReadBy[name].flatMap((topic) => ends.get(topic) ?? [])
    if (bounds.every(({ end }) => end === 0)) continue
    if ((await storeOf[name].positions()).length === 0) lost.add(name)
  }
  return lost
}

async function restorePartition(partition: number, restoring: Restoring): Promise<void> {
  const { from, stores, lost } = restoring
  const told = await readOrders(from, partition)
  const rows = rowsOf(told.values(), partition, restoring)
  restoring.orders += told.size
  if (lost.has('order-process')) await writeOrders(stores.orders, rows.orders)
  if (lost.has('coupon-step')) await writeCoupons(stores.coupons, rows.coupons)
  if (lost.has('stock-step')) await writeStock(stores.stock, rows.stock)
  if (lost.has('payment-step')) {
    await writePayments(stores.payments, stores.wallet, rows.payments)
  }
}

function rowsOf(told: Iterable<ToldOrder>, partition: number, restoring: Restoring): Rows {
  const { stores, lost, tally, again } = restoring
  const isWallet = stores.wallet !== null
  const rows: Rows = { orders: [], coupons: [], stock: [], payments: [] }
  function take<Row>(consumer: ConsumerName, restored: RestoredRow<Row>): Row {
    if (restored.again !== null && lost.has(consumer)) {
      again.push({ consumer, spoken: restored.again })
    }
    return restored.row
  }
  for (const order of told) {
    const { state, unannounced, due } = order
    if (state.status !== 'absent') rows.orders.push({ state, partition, unannounced })
    const coupon = take('coupon-step', restoreCoupon(order))
    if (coupon.status !== 'absent') rows.coupons.push(coupon)
    const stock = take('stock-step', restoreStock(order))
    if (stock.status !== 'absent') rows.stock.push(stock)
    countStock(tally, stock)
    const row = take('payment-step', restorePayment(order, isWallet))
    if (isWallet) countPayment(tally, row)
    if (row.status !== 'absent') rows.payments.push({ row, due: due?.message ?? null })
  }
  return rows
}

async function restoreSupplies({ from, stores, lost, tally }: Restoring): Promise<number> {
  if (lost.has('stock-step')) {
    await writeProducts(stores.stock, await readProducts(from, stores.stock, tally))
  }
  if (lost.has('payment-step')) {
    await writeTopUps(stores.payments, await readTopUps(from, tally))
  }
  if (!lost.has('dead-letters')) return 0
  const letters = await readLetters(from, stores.letters)
  await writeLetters(stores.letters, letters)
  return letters.letters.size
}

async function movePositions({ from: { ends }, stores, lost }: Restoring): Promise<void> {
  const place = (name: ConsumerName) => ({ ends, topics: [...topicsReadBy[name], ...retryTopics] })
  const move: Record<ConsumerName, () => Promise<void>> = {
    'order-process': () => {
      const nothing = { wanted: { orderIds: [] }, changes: [] }
      return writePositions(stores.orders, { ...place('order-process'), ...nothing })
    },
    'coupon-step': () => {
      const nothing = { wanted: { orderIds: [], coupons: [] }, changes: { rows: [], effects: [] } }
      return writePositions(stores.coupons, { ...place('coupon-step'), ...nothing })
    },
    'stock-step': () => {
      const wanted = { orderIds: [], productIds: [], commands: [] }
      const changes = { rows: [], products: [], commands: [] }
      return writePositions(stores.stock, { ...place('stock-step'), wanted, changes })
    },
    'payment-step': () => {
      const wanted = { orderIds: [], userIds: [], commands: [] }
      const changes = { rows: [], balances: new Map(), commands: [] }
      return writePositions(stores.payments, { ...place('payment-step'), wanted, changes })
    },
    'dead-letters': () => {
      const nothing = { wanted: { ids: [], commands: [] }, changes: { letters: [], commands: [] } }
      return writePositions(stores.letters, { ...place('dead-letters'), ...nothing })
    },
  }
  for (const name of consumerNames) if (lost.has(name)) await move[name]()
}
