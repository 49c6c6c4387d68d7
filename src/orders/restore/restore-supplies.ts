// What operators did, from the log: products and stock, top-ups, and dead letters, each command
// with its outcome. They are decided by what they stand behind in their own topic, so they are
// decided again, as their consumers do; nothing is published.

import type { Item } from '../../consumer/consumer-work.ts'
import { decodeDeadLetterMessage } from '../../domain/orders/dead-letter-messages.ts'
import {
  decodeProductMessage,
  decodeWalletMessage,
  type ProductMessage,
  productsTopic,
  type WalletMessage,
  walletsTopic,
} from '../../domain/orders/messages.ts'
import { readAt } from '../../domain/orders/records.ts'
import { deadLettersTopic } from '../../domain/orders/retries.ts'
import type { PaymentRow, StockRow } from '../../domain/orders/state.ts'
import { decideTopUp } from '../../domain/orders/wallet.ts'
import {
  commandKey,
  type DeadLetterLoaded,
  type DeadLetterStore,
  type DoneCommand,
  type StockLoaded,
  type StockStepStore,
} from '../../ports/orders.ts'
import { PortError } from '../../ports/port-error.ts'
import { createDeadLetterWork } from '../dead-letters.ts'
import { createStockStep } from '../stock-step.ts'
import { type LogAsItStood, type Logged, readMessages } from './read-log.ts'

/**
 * What the rows of all orders come to. With what operators supplied that gives the stock and the
 * balances, however the records were interleaved when they were taken first.
 */
export type Tally = {
  /** By product id. */
  held: Map<string, number>
  sold: Map<string, number>
  /** From the built-in wallet, by user id. */
  paid: Map<string, number>
  addStock(row: StockRow): void
  addPayment(row: PaymentRow): void
}

export function createTally(): Tally {
  const tally = { held: new Map(), sold: new Map(), paid: new Map() }
  function add(counts: Map<string, number>, key: string, amount: number): void {
    counts.set(key, (counts.get(key) ?? 0) + amount)
  }
  return {
    ...tally,
    addStock(row) {
      if (row.status !== 'held' && row.status !== 'sold') return
      for (const { productId, quantity } of row.lines) add(tally[row.status], productId, quantity)
    },
    addPayment(row) {
      if (row.status === 'captured' && row.amount > 0) add(tally.paid, row.userId, row.amount)
    },
  }
}

/** With what orders took. The store is not asked; the work of its consumer is used. */
export async function readProducts(
  from: LogAsItStood,
  store: StockStepStore,
  tally: Tally,
): Promise<StockLoaded> {
  const work = createStockStep(store)
  const loaded: StockLoaded = { rows: new Map(), products: new Map(), commands: new Map() }
  for (const partition of partitionsOf(from, productsTopic)) {
    const items: Item<ProductMessage>[] = []
    await readMessages(
      { ...from, topic: productsTopic, partition },
      (value, place) => readAt(decodeProductMessage(value), place),
      (logged) => void items.push(itemOf(logged)),
    )
    work.decide(items, loaded)
  }
  for (const productId of [...tally.held.keys(), ...tally.sold.keys()]) {
    if (loaded.products.has(productId)) continue
    throw doesNotAddUp(`product ${productId}, which is unknown,`)
  }
  for (const [productId, product] of loaded.products) {
    const held = tally.held.get(productId) ?? 0
    const sold = tally.sold.get(productId) ?? 0
    const available = product.supplied - held - sold
    if (available < 0) throw doesNotAddUp(`${-available} more of product ${productId}`)
    loaded.products.set(productId, { ...product, available, held, sold })
  }
  return loaded
}

export type ToppedUp = { balances: Map<string, number>; commands: Map<string, DoneCommand> }

/**
 * What a user paid in the end is taken off from the beginning. So a top-up that met the limit of a
 * balance may come out otherwise than it did, which needs a balance of 10^15.
 */
export async function readTopUps(from: LogAsItStood, { paid }: Tally): Promise<ToppedUp> {
  const balances = new Map([...paid].map(([userId, amount]) => [userId, -amount]))
  const commands = new Map<string, DoneCommand>()
  function topUp({ message }: Logged<WalletMessage>): void {
    const { userId, commandId, amount } = message
    const name = commandKey({ key: userId, commandId })
    if (commands.has(name)) return
    const balance = balances.get(userId) ?? 0
    const { outcome, add } = decideTopUp({ message, before: null }, balance)
    if (add !== 0) balances.set(userId, balance + add)
    commands.set(name, { key: userId, commandId, amount, outcome })
  }
  for (const partition of partitionsOf(from, walletsTopic)) {
    await readMessages(
      { ...from, topic: walletsTopic, partition },
      (value, place) => readAt(decodeWalletMessage(value), place),
      topUp,
    )
  }
  for (const [userId, balance] of balances) {
    if (balance < 0) throw doesNotAddUp(`${-balance} more of the money of user ${userId}`)
  }
  return { balances, commands }
}

/** What was re-driven was given back already, or is among what the steps take again. */
export async function readLetters(
  from: LogAsItStood,
  store: DeadLetterStore,
): Promise<DeadLetterLoaded> {
  const work = createDeadLetterWork(store)
  const loaded: DeadLetterLoaded = { letters: new Map(), commands: new Map() }
  for (const partition of partitionsOf(from, deadLettersTopic)) {
    await readMessages(
      { ...from, topic: deadLettersTopic, partition },
      (value, place) => readAt(decodeDeadLetterMessage(value), place),
      (logged) => void work.decide([itemOf(logged)], loaded),
    )
  }
  return loaded
}

function partitionsOf({ ends }: LogAsItStood, topic: string): number[] {
  return [...(ends.get(topic) ?? []).keys()]
}

function itemOf<Message>({ message, origin }: Logged<Message>): Item<Message> {
  const { topic, partition, appendedAt } = origin
  return { message, topic, partition, at: appendedAt }
}

function doesNotAddUp(what: string): PortError {
  return new PortError('log_damaged', `the log says that orders took ${what} than was supplied`)
}
