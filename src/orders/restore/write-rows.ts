// Writes what was restored, page by page, each page over whatever stands there: who dies in between
// starts over. The positions come last; where they are, there is nothing left to restore.

import type { OrderMessage, OrderPaymentDue } from '../../domain/orders/messages.ts'
import { entryOf } from '../../domain/orders/records.ts'
import { retryHeaders, retryTopics } from '../../domain/orders/retries.ts'
import type { CouponRow, PaymentRow, StockRow } from '../../domain/orders/state.ts'
import { type Log, PortError } from '../../ports/coupons.ts'
import type {
  ConsumerName,
  ConsumerStore,
  CouponStepStore,
  DeadLetterLoaded,
  DeadLetterStore,
  OrderChange,
  OrderStore,
  PaymentStepStore,
  PositionMove,
  StockLoaded,
  StockStepStore,
  WalletStore,
} from '../../ports/orders.ts'
import type { LogEnds, Spoken } from './read-log.ts'
import type { ToppedUp } from './restore-supplies.ts'
import { chargeOf } from './restore-tally.ts'

/** Rows of one transaction: some megabytes. */
const pageRowsMax = 1_000
/** Records of one append; some hundred kilobytes. */
const recordsPerAppendMax = 500

export async function writeCoupons(store: CouponStepStore, all: CouponRow[]): Promise<void> {
  for (const rows of pagesOf(all)) {
    // Let go of first, because an earlier attempt may have noted the same use.
    const effects = rows.flatMap((row) => {
      if (row.status !== 'used') return []
      const { status: _, ...use } = row
      return [{ kind: 'release', use } as const, { kind: 'use', use } as const]
    })
    await write(store, { orderIds: [], coupons: [] }, { rows, effects })
  }
}

const noStock = { orderIds: [], productIds: [], commands: [] }

export async function writeStock(store: StockStepStore, all: StockRow[]): Promise<void> {
  for (const rows of pagesOf(all)) {
    await write(store, noStock, { rows, products: [], commands: [] })
  }
}

export async function writeProducts(
  store: StockStepStore,
  { products: allProducts, commands: allCommands }: StockLoaded,
): Promise<void> {
  for (const products of pagesOf([...allProducts.values()])) {
    await write(store, noStock, { rows: [], products, commands: [] })
  }
  for (const commands of pagesOf([...allCommands.values()])) {
    await write(store, noStock, { rows: [], products: [], commands })
  }
}

const noPayments = { orderIds: [], userIds: [], commands: [] }

/** `due`: null where nothing ever was. */
export type PaidOrder = { row: PaymentRow; due: OrderPaymentDue | null }

export async function writePayments(
  store: PaymentStepStore,
  wallet: WalletStore | null,
  all: readonly PaidOrder[],
): Promise<void> {
  for (const page of pagesOf(all)) {
    const rows = page.map(({ row }) => row)
    await write(store, noPayments, { rows, balances: new Map(), commands: [] })
    const charges = page.flatMap(({ row, due }) => {
      const charge = chargeOf(row)
      if (charge === null || due === null) return []
      return [[due.orderId, { userId: due.userId, charge }] as const]
    })
    const changes = { charges: new Map(charges), balances: new Map<string, number>() }
    await wallet?.charge({ orderIds: [], userIds: [] }, () => ({ changes, result: 'written' }))
  }
}

export async function writeTopUps(
  store: PaymentStepStore,
  { balances: allBalances, commands: allCommands }: ToppedUp,
): Promise<void> {
  for (const page of pagesOf([...allBalances])) {
    await write(store, noPayments, { rows: [], balances: new Map(page), commands: [] })
  }
  for (const commands of pagesOf([...allCommands.values()])) {
    await write(store, noPayments, { rows: [], balances: new Map(), commands })
  }
}

export async function writeOrders(store: OrderStore, all: OrderChange[]): Promise<void> {
  for (const changes of pagesOf(all)) await write(store, { orderIds: [] }, changes)
}

export async function writeLetters(
  store: DeadLetterStore,
  { letters: allLetters, commands: allCommands }: DeadLetterLoaded,
): Promise<void> {
  const nothing = { ids: [], commands: [] }
  for (const letters of pagesOf([...allLetters.values()])) {
    await write(store, nothing, { letters, commands: [] })
  }
  for (const commands of pagesOf([...allCommands.values()])) {
    await write(store, nothing, { letters: [], commands })
  }
}

export type TakenAgain = { consumer: ConsumerName; spoken: Spoken<OrderMessage> }

/** As records that were postponed before they were tried. Appended twice they are harmless. */
export async function takeAgain(log: Log, all: readonly TakenAgain[]): Promise<void> {
  const reason = 'its rows were restored from the log, which does not say what became of it'
  for (let from = 0; from < all.length; from += recordsPerAppendMax) {
    const entries = all
      .slice(from, from + recordsPerAppendMax)
      .map(({ consumer, spoken: { message, origin } }) => {
        const { headers, ...entry } = entryOf(message)
        const note = retryHeaders({ consumer, attempts: 0, origin, reason, redrives: 0 })
        return { ...entry, headers: { ...headers, ...note } }
      })
    await log.append(retryTopics[0], entries)
  }
}

export type Finishing<Wanted, Changes> = {
  topics: readonly string[]
  ends: LogEnds
  wanted: Wanted
  /** None. */
  changes: Changes
}

/** All that stood there is through: what became of it is in the rows, and is counted no further. */
export async function writePositions<Wanted, Loaded, Changes>(
  store: ConsumerStore<Wanted, Loaded, Changes>,
  { topics, ends, wanted, changes }: Finishing<Wanted, Changes>,
): Promise<void> {
  const moves = topics.flatMap((topic) => {
    return (ends.get(topic) ?? []).map(({ end }, partition): PositionMove => {
      const taken = { applied: 0, dropped: end, postponed: 0, buried: 0, passedBy: 0 }
      return { topic, partition, next: end, published: end, tries: 0, taken }
    })
  })
  const checks = moves.map(({ topic, partition }) => ({ topic, partition, expected: 0 }))
  const decide = () => ({ changes, moves, result: 'written' as const })
  if ((await store.transact({ checks, wanted }, decide)) === 'fenced') {
    throw new PortError('store_broken', 'somebody else writes the rows that are being restored')
  }
}

/** Without positions, so that no position stands before all is written. */
async function write<Wanted, Loaded, Changes>(
  store: ConsumerStore<Wanted, Loaded, Changes>,
  wanted: Wanted,
  changes: Changes,
): Promise<void> {
  await store.transact({ checks: [], wanted }, () => ({ changes, moves: [], result: 'written' }))
}

function* pagesOf<Item>(items: readonly Item[]): Generator<Item[]> {
  for (let from = 0; from < items.length; from += pageRowsMax) {
    yield items.slice(from, from + pageRowsMax)
  }
}
