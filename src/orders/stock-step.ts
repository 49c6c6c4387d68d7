// The stock step: holds, sells and lets go of stock as the orders topic says, and takes what
// operators supply. Every line of an order or none; nothing twice, whatever comes twice.

import type { ConsumerWork, Item, ItemResult } from '../consumer/consumer-work.ts'
import { decodeOrderMessage } from '../domain/orders/decode-orders.ts'
import { decodeProductMessage } from '../domain/orders/decode-supplies.ts'
import {
  type OrderMessage,
  ordersTopic,
  type ProductMessage,
  productsTopic,
} from '../domain/orders/messages.ts'
import { decideProduct, eventsOf, evolveProduct, initialProduct } from '../domain/orders/product.ts'
import { readAt } from '../domain/orders/records.ts'
import type { Product } from '../domain/orders/state.ts'
import {
  decideStock,
  evolveStock,
  initialStockRow,
  type StockEffect,
} from '../domain/orders/stock-step.ts'
import {
  type CommandName,
  commandKey,
  type DoneCommand,
  type StockChanges,
  type StockLoaded,
  type StockStepStore,
  type StockWanted,
} from '../ports/orders.ts'
import { stepResult } from './step-result.ts'

type StockMessage = OrderMessage | ProductMessage
export type StockStep = ConsumerWork<StockMessage, StockWanted, StockLoaded, StockChanges>

export function createStockStep(store: StockStepStore): StockStep {
  return {
    name: 'stock-step',
    store,
    inputs: [
      { topic: ordersTopic, decode: (value, place) => readAt(decodeOrderMessage(value), place) },
      {
        topic: productsTopic,
        decode: (value, place) => readAt(decodeProductMessage(value), place),
      },
    ],
    wantedBy,
    decide(items, loaded) {
      const batch = new StockBatch(loaded)
      const results = items.map(({ message }) => batch.take(message))
      return { changes: batch.changes(), results }
    },
  }
}

function wantedBy(items: readonly Item<StockMessage>[]): StockWanted {
  const orderIds = new Set<string>()
  const productIds = new Set<string>()
  const commands: CommandName[] = []
  for (const { message } of items) {
    if ('orderId' in message) {
      orderIds.add(message.orderId)
      if (message.type === 'order.placed') {
        for (const { productId } of message.lines) productIds.add(productId)
      }
    } else {
      productIds.add(message.productId)
      commands.push(nameOf(message))
    }
  }
  return { orderIds: [...orderIds], productIds: [...productIds], commands }
}

/** One transaction's work: each record sees what those before it did. */
class StockBatch {
  private readonly loaded: StockLoaded
  private readonly changed = {
    rows: new Set<string>(),
    products: new Set<string>(),
    commands: new Set<string>(),
  }

  constructor(loaded: StockLoaded) {
    this.loaded = loaded
  }

  take(message: StockMessage): ItemResult {
    return 'orderId' in message ? this.takeOrder(message) : this.takeSupply(message)
  }

  changes(): StockChanges {
    const { loaded, changed } = this
    return {
      rows: pick(loaded.rows, changed.rows),
      products: pick(loaded.products, changed.products),
      commands: pick(loaded.commands, changed.commands),
    }
  }

  private takeOrder(message: OrderMessage): ItemResult {
    const { rows, products } = this.loaded
    const { orderId } = message
    const row = rows.get(orderId) ?? initialStockRow()
    const { outcome, events, effects, replies } = decideStock({ message, products }, row)
    if (events.length > 0) {
      rows.set(orderId, events.reduce(evolveStock, row))
      this.changed.rows.add(orderId)
    }
    for (const effect of effects) this.apply(effect)
    return stepResult({ outcome, replies }, message)
  }

  private apply(effect: StockEffect): void {
    for (const [productId, event] of eventsOf(effect)) {
      this.put(evolveProduct(this.product(productId), event))
    }
  }

  private takeSupply(message: ProductMessage): ItemResult {
    const name = nameOf(message)
    const key = commandKey(name)
    if (this.loaded.commands.has(key)) return { kind: 'dropped', publish: [] }
    const state = this.loaded.products.get(message.productId) ?? initialProduct()
    const { outcome, event } = decideProduct({ message, before: null }, state)
    if (event !== null) this.put(evolveProduct(state, event))
    const amount = message.type === 'stock.added' ? message.add : null
    const done: DoneCommand = { ...name, amount, outcome }
    this.loaded.commands.set(key, done)
    this.changed.commands.add(key)
    return { kind: 'applied', publish: [] }
  }

  private product(productId: string): Product {
    const product = this.loaded.products.get(productId)
    if (product === undefined) throw new Error(`product ${productId} was held and is gone`)
    return product
  }

  private put(product: Product): void {
    this.loaded.products.set(product.productId, product)
    this.changed.products.add(product.productId)
  }
}

function nameOf({ productId, commandId }: ProductMessage): CommandName {
  return { key: productId, commandId }
}

function pick<Value>(from: ReadonlyMap<string, Value>, keys: ReadonlySet<string>): Value[] {
  return [...from].flatMap(([key, value]) => (keys.has(key) ? [value] : []))
}
