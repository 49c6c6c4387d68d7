// What operators did, from the log: products and stock, top-ups, and dead letters, each command
// with its outcome. They are decided by what they stand behind in their own topic, so they are
// decided again, as their consumers do; nothing is published.

import { deadLettersInput, productsInput, walletsInput } from '../../domain/orders/records.ts'
import type { PaymentRow, StockRow } from '../../domain/orders/state.ts'
import type { DeadLetterLoaded, PaymentLoaded, StockLoaded } from '../../ports/orders.ts'
import { PortError } from '../../ports/port-error.ts'
import { takeLetter } from '../dead-letters.ts'
import { takeTopUp } from '../payment-step.ts'
import { batchOf } from '../step-work.ts'
import { takeSupply } from '../stock-step.ts'
import { type LogAsItStood, readMessages } from './read-log.ts'

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

/** With what orders took. */
export async function readProducts(from: LogAsItStood, tally: Tally): Promise<Supplied> {
  const loaded: Supplied = { products: new Map(), commands: new Map() }
  const batch = batchOf(loaded)
  await readMessages(from, productsInput, ({ message }) => void takeSupply(message, batch))
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

/**
 * What a user paid in the end is taken off from the beginning. So a top-up that met the limit of a
 * balance may come out otherwise than it did, which needs a balance of 10^15.
 */
export async function readTopUps(from: LogAsItStood, { paid }: Tally): Promise<ToppedUp> {
  const balances = new Map([...paid].map(([userId, amount]) => [userId, -amount]))
  const loaded: ToppedUp = { balances, commands: new Map() }
  const batch = batchOf(loaded)
  await readMessages(from, walletsInput, ({ message }) => void takeTopUp(message, batch))
  for (const [userId, balance] of balances) {
    if (balance < 0) throw doesNotAddUp(`${-balance} more of the money of user ${userId}`)
  }
  return loaded
}

/** What was re-driven was given back already, or is among what the steps take again. */
export async function readLetters(from: LogAsItStood): Promise<DeadLetterLoaded> {
  const loaded: DeadLetterLoaded = { letters: new Map(), commands: new Map() }
  const batch = batchOf(loaded)
  await readMessages(from, deadLettersInput, ({ message, origin }) => {
    takeLetter({ message, at: origin.appendedAt }, batch)
  })
  return loaded
}

type Supplied = Omit<StockLoaded, 'rows'>
type ToppedUp = Pick<PaymentLoaded, 'balances' | 'commands'>

function doesNotAddUp(what: string): PortError {
  return new PortError('log_damaged', `the log says that orders took ${what} than was supplied`)
}
