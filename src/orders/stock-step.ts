// The stock step: holds, sells and lets go of stock as the orders topic says, and takes what
// operators supply. Every line of an order or none; nothing twice, whatever comes twice. Orders for
// pieces that are merely held wait, and whoever waits comes before those who order later; orders
// for products that are missing wait until the products topic is read as far as it was.

import type { ConsumerWork, Item, ItemResult } from '../consumer/consumer-work.ts'
import {
  type Line,
  type OrderMessage,
  type ProductMessage,
  productsTopic,
} from '../domain/orders/messages.ts'
import { decideProduct, eventsOf, evolveProduct } from '../domain/orders/product.ts'
import { ordersInput, productsInput } from '../domain/orders/records.ts'
import {
  absent,
  type Product,
  type WaitingForCoupon as WaitingRow,
} from '../domain/orders/state.ts'
import { decideStock, evolveStock, repeatAnswer, standingOf } from '../domain/orders/stock-step.ts'
import type { Log } from '../ports/log.ts'
import type {
  CommandName,
  StockChanges,
  StockLoaded,
  StockStepStore,
  StockWanted,
} from '../ports/orders.ts'
import {
  type Batch,
  batchOf,
  decideRow,
  patienceOfStep,
  stepResult,
  suppliesFirst,
  takeCommand,
} from './step-work.ts'
import { UnreadRecords } from './unread-records.ts'
import { WaitingOrders } from './waiting-orders.ts'

type StockMessage = OrderMessage | ProductMessage
export type StockStep = ConsumerWork<StockMessage, StockWanted, StockLoaded, StockChanges>
export type StockStepParts = {
  store: StockStepStore
  log: Pick<Log, 'partitionsOf' | 'partitionBounds'>
}

/** And no redemption. */
const notOfStock: readonly OrderMessage['type'][] = [
  'order.payment_due',
  'order.return_asked',
  'order.returned',
]

/** Another process may have let go of what is waited for here. */
const lookEveryMs = 250

export function createStockStep({ store, log }: StockStepParts): StockStep {
  const unread = new UnreadRecords({
    topic: productsTopic,
    log,
    store,
    onEnds: () => waiting.changed(),
  })
  const waiting = new WaitingOrders({
    store,
    wantedBy,
    decide,
    ready: async (rows) => {
      const products = await store.products([...productIdsOf(rows)])
      await unread.look(rows.map((row) => [row.orderId, missingOf(row, products)]))
      return holdable(rows, products, unread)
    },
    repliesOf: (row) => repeatAnswer(row).replies,
    lookEveryMs,
  })

  function decide(items: readonly Item<StockMessage>[], loaded: StockLoaded) {
    const batch: StockBatch = { ...batchOf(loaded), waitedFor: waitedFor(), unread }
    const results = suppliesFirst(items, (item) => {
      const { message } = item
      return 'orderId' in message
        ? takeOrder({ ...item, message }, batch)
        : takeSupply(message, batch)
    })
    const { rows, products, commands } = batch
    const changed = { products: products.changes(), commands: commands.changes() }
    return { changes: { rows: rows.changes(), ...changed }, results }
  }

  /** Whoever names a product that is missing is as good as refused: nobody waits behind that. */
  function waitedFor(): Set<string> {
    return productIdsOf(waiting.all(), ({ orderId }) => !unread.isWaiting(orderId))
  }

  return {
    name: 'stock-step',
    store,
    inputs: [{ ...ordersInput, patienceMs: patienceOfStep(notOfStock) }, productsInput],
    wantedBy,
    decide,
    stored(changes) {
      for (const row of changes.rows) {
        if ('orderId' in row && row.status !== 'waiting') unread.forget(row.orderId)
      }
      waiting.stored(changes)
      if (changes.products.length > 0) waiting.changed()
    },
    task: {
      start(task) {
        unread.clear()
        return waiting.start(task)
      },
    },
  }
}

/** A redemption never waits here. */
function linesOf(message: OrderMessage): readonly Line[] {
  return message.type === 'order.placed' ? message.lines : []
}

function missingOf({ placed }: WaitingRow, products: ReadonlyMap<string, Product>): string[] {
  const productIds = linesOf(placed).map(({ productId }) => productId)
  return productIds.filter((productId) => !products.has(productId))
}

function productIdsOf(
  rows: Iterable<WaitingRow>,
  isMeant: (row: WaitingRow) => boolean = () => true,
): Set<string> {
  const productIds = new Set<string>()
  for (const row of rows) {
    if (isMeant(row)) for (const { productId } of linesOf(row.placed)) productIds.add(productId)
  }
  return productIds
}

/** Those that can be answered, each as if those before it were. */
function holdable(
  rows: readonly WaitingRow[],
  products: Map<string, Product>,
  unread: UnreadRecords,
): WaitingRow[] {
  return rows.filter(({ orderId, placed }) => {
    const lines = linesOf(placed)
    const { kind } = standingOf(lines, products, (productId) => unread.mayExist(orderId, productId))
    if (kind !== 'free') return kind === 'refused'
    for (const { productId, quantity } of lines) {
      const product = products.get(productId)
      if (product !== undefined) {
        products.set(productId, evolveProduct(product, { type: 'held', quantity }))
      }
    }
    return true
  })
}

type StockBatch = Batch<StockLoaded> & {
  /** The products of the orders that wait for pieces. */
  waitedFor: Set<string>
  unread: UnreadRecords
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
      commands.push({ key: message.productId, commandId: message.commandId })
    }
  }
  return { orderIds: [...orderIds], productIds: [...productIds], commands }
}

function takeOrder(
  { message, at }: Pick<Item<OrderMessage>, 'message' | 'at'>,
  { rows, products, waitedFor, unread }: StockBatch,
): ItemResult {
  const { orderId } = message
  const lines = linesOf(message)
  const isQueued = lines.some(({ productId }) => waitedFor.has(productId))
  const mayExist = (productId: string) => unread.mayExist(orderId, productId)
  const decision = decideRow({ rows, orderId }, evolveStock, (row) => {
    return decideStock({ message, at, products: products.all, isQueued, mayExist }, row)
  })
  const isKnown = lines.every(({ productId }) => products.all.has(productId))
  if (isKnown && decision.events.some(({ type }) => type === 'waits')) {
    for (const { productId } of lines) waitedFor.add(productId)
  }
  for (const [productId, event] of decision.effects.flatMap((effect) => [...eventsOf(effect)])) {
    const product = products.get(productId)
    if (product === undefined) throw new Error(`product ${productId} was held and is gone`)
    products.put(productId, evolveProduct(product, event))
  }
  return stepResult(decision, message)
}

export function takeSupply(
  message: ProductMessage,
  { products, commands }: Pick<StockBatch, 'products' | 'commands'>,
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
