// The stock step: holds, sells and lets go of stock as the orders topic says, and takes what
// operators supply. Every line of an order or none; nothing twice, whatever comes twice.

import type { ConsumerWork, Item, ItemResult } from '../consumer/consumer-work.ts'
import type { OrderMessage, ProductMessage } from '../domain/orders/messages.ts'
import { decideProduct, eventsOf, evolveProduct } from '../domain/orders/product.ts'
import { ordersInput, productsInput } from '../domain/orders/records.ts'
import { absent } from '../domain/orders/state.ts'
import { decideStock, evolveStock } from '../domain/orders/stock-step.ts'
import type {
  CommandName,
  StockChanges,
  StockLoaded,
  StockStepStore,
  StockWanted,
} from '../ports/orders.ts'
import { type Batch, batchOf, decideRow, stepResult, takeCommand } from './step-work.ts'

type StockMessage = OrderMessage | ProductMessage
export type StockStep = ConsumerWork<StockMessage, StockWanted, StockLoaded, StockChanges>

export function createStockStep(store: StockStepStore): StockStep {
  return {
    name: 'stock-step',
    store,
    inputs: [ordersInput, productsInput],
    wantedBy,
    decide(items, loaded) {
      const batch = batchOf(loaded)
      const results = items.map(({ message }) => {
        return 'orderId' in message ? takeOrder(message, batch) : takeSupply(message, batch)
      })
      const { rows, products, commands } = batch
      const changed = { products: products.changes(), commands: commands.changes() }
      return { changes: { rows: rows.changes(), ...changed }, results }
    },
  }
}

type StockBatch = Batch<StockLoaded>
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
      commands.push({ key: message.productId, commandId: message.commandId })
    }
  }
  return { orderIds: [...orderIds], productIds: [...productIds], commands }
}

function takeOrder(message: OrderMessage, { rows, products }: StockBatch): ItemResult {
  const { orderId } = message
  const decision = decideRow({ rows, orderId }, evolveStock, (row) => {
    return decideStock({ message, products: products.all }, row)
  })
  for (const [productId, event] of decision.effects.flatMap((effect) => [...eventsOf(effect)])) {
    const product = products.get(productId)
    if (product === undefined) throw new Error(`product ${productId} was held and is gone`)
    products.put(productId, evolveProduct(product, event))
  }
  return stepResult(decision, message)
}

export function takeSupply(
  message: ProductMessage,
  { products, commands }: Omit<StockBatch, 'rows'>,
): ItemResult {
  const { productId, commandId } = message
  const amount = message.type === 'stock.added' ? message.add : null
  return takeCommand(commands, { key: productId, commandId, amount }, () => {
    const product = products.get(productId) ?? absent
    const { outcome, event } = decideProduct({ message, before: null }, product)
    if (event !== null) products.put(productId, evolveProduct(product, event))
    return outcome
  })
}
