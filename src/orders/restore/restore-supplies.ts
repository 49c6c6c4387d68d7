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
import { decideTopUp } from '../../domain/orders/wallet.ts'
import {
  commandKey,
  type DeadLetterLoaded,
  type DeadLetterStore,
  type DoneCommand,
  type StockLoaded,
  type StockStepStore,
} from '../../ports/orders.ts'
import { createDeadLetterWork } from '../dead-letters.ts'
import { createStockStep } from '../stock-step.ts'
import { type LogAsItStood, readMessages, type Spoken } from './read-log.ts'
import { checkBalance, checkKnown, stockedProduct, type Tally } from './restore-tally.ts'

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
      (spoken) => void items.push(itemOf(spoken)),
    )
    work.decide(items, loaded)
  }
  checkKnown(tally, loaded.products)
  for (const [productId, product] of loaded.products) {
    loaded.products.set(productId, stockedProduct(product, tally))
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
  function topUp({ message }: Spoken<WalletMessage>): void {
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
  for (const [userId, balance] of balances) checkBalance(userId, balance)
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
      (spoken) => void work.decide([itemOf(spoken)], loaded),
    )
  }
  return loaded
}

function partitionsOf({ ends }: LogAsItStood, topic: string): number[] {
  return [...(ends.get(topic) ?? []).keys()]
}

function itemOf<Message>({ message, origin }: Spoken<Message>): Item<Message> {
  const { topic, partition, appendedAt } = origin
  return { message, topic, partition, at: appendedAt }
}
