// All consumers of orders in one stand-in: it follows the topics of a log in memory, decides by the
// domain's own functions, fills the tables that the API reads, and publishes what follows. It can
// be held, as consumers that are behind are.

import {
  createOrdersReaderMemory,
  createOrdersTables,
  type OrdersTables,
} from '../../src/adapters/memory/orders-reader.ts'
import {
  decodeOrderMessage,
  decodeProductMessage,
  decodeStepMessage,
  decodeWalletMessage,
  type OrderMessage,
  type OrdersRecord,
  orderStepsTopic,
  ordersTopic,
  type ProductMessage,
  productsTopic,
  type StepMessage,
  type WalletMessage,
  walletsTopic,
} from '../../src/domain/orders/messages.ts'
import { decideProduct, evolveProduct } from '../../src/domain/orders/product.ts'
import { entryOf, keyOf, topicOf } from '../../src/domain/orders/records.ts'
import { deadLettersTopic, retryTopics } from '../../src/domain/orders/retries.ts'
import { absent } from '../../src/domain/orders/state.ts'
import { decideTopUp } from '../../src/domain/orders/wallet.ts'
import { type Decoded } from '../../src/domain/record.ts'
import type { Log, LogRecord } from '../../src/ports/log.ts'
import { commandKey, type DoneCommand } from '../../src/ports/orders.ts'
import type { OrdersReader } from '../../src/ports/orders-reader.ts'
import {
  callService,
  createStores,
  takeCoupon,
  takeOrder,
  takePayment,
  takeStock,
  type WonRow,
} from './orders-stores.ts'

export const orderTopics = {
  [ordersTopic]: 2,
  [orderStepsTopic]: 2,
  [productsTopic]: 2,
  [walletsTopic]: 2,
  [deadLettersTopic]: 2,
  [retryTopics[0]]: 2,
  [retryTopics[1]]: 2,
}

export type OrderApplier = {
  tables: OrdersTables
  reader: OrdersReader
  /** Applies nothing until released. */
  hold(): void
  release(): void
  /** Every live order whose deadline is at or before `now` ends by the time. */
  passTime(now: number): Promise<void>
  close(): Promise<void>
}
type Placed = { message: OrderMessage | StepMessage; at: number }

export function startOrderApplier(log: Log): OrderApplier {
  const won: WonRow[] = []
  const stores = { ...createStores(won), issuerNext: Number.POSITIVE_INFINITY }
  const tables: OrdersTables = { ...createOrdersTables(), ...ownTables() }
  let gate = Promise.withResolvers<void>()
  gate.resolve()

  function ownTables() {
    const { orders, products, balances } = stores
    return { orders, products, balances }
  }

  async function publish(messages: readonly OrdersRecord[]): Promise<void> {
    for (const message of messages) await log.append(topicOf(message), [entryOf(message)])
  }

  function takeOrderRecord({ message, at }: Placed): OrdersRecord[] {
    const follows: OrdersRecord[] = takeOrder(stores, message.orderId, {
      kind: 'record',
      message,
      at,
    })
    return isOrderMessage(message) ? [...follows, ...stepsOf(message)] : follows
  }

  function stepsOf(message: OrderMessage): StepMessage[] {
    if (message.type === 'order.placed' && message.coupon !== undefined) {
      const { couponId, offset } = message.coupon
      won.push({ couponId, offset, userId: message.userId })
    }
    const { orderId } = message
    const { replies } = takeCoupon(stores, { message, at: 0 })
    replies.push(...(takeStock(stores, message) ?? []))
    const payment = takePayment(stores, orderId, { kind: 'record', message })
    replies.push(...payment.replies)
    for (const call of payment.calls) {
      const answer = callService(stores, call)
      replies.push(...takePayment(stores, orderId, { kind: 'answer', answer }).replies)
    }
    return replies
  }

  function takeProduct(message: ProductMessage): void {
    const { productId, commandId } = message
    const name = { key: productId, commandId }
    const done = tables.commands['stock-step']
    const known = done.get(commandKey(name))
    const state = stores.products.get(productId) ?? absent
    const before = known?.outcome === 'done' ? known.amount : null
    const { outcome, event } = decideProduct({ message, before }, state)
    if (event !== null) stores.products.set(productId, evolveProduct(state, event))
    const amount = message.type === 'stock.added' ? message.add : null
    remember(done, { ...name, amount, outcome })
  }

  function takeTopUp(message: WalletMessage): void {
    const { userId, amount, commandId } = message
    const name = { key: userId, commandId }
    const done = tables.commands['payment-step']
    const known = done.get(commandKey(name))
    const balance = stores.balances.get(userId) ?? 0
    const before = known?.outcome === 'done' ? known.amount : null
    const { outcome, add } = decideTopUp({ message, before }, balance)
    stores.balances.set(userId, balance + add)
    remember(done, { ...name, amount, outcome })
  }

  function follow<Message extends OrdersRecord>(
    topic: string,
    decode: (value: Buffer) => Decoded<Message>,
    take: (message: Message, record: LogRecord) => OrdersRecord[],
  ) {
    const from = new Map(Array.from({ length: log.partitionsOf(topic) }, (_, n) => [n, 0]))
    return log.tail({
      topic,
      from,
      async onBatch({ partition, records }) {
        for (const record of records) {
          await gate.promise
          const decoded = decode(record.value)
          if (decoded.kind !== 'message') throw new Error(`${topic}: ${decoded.reason}`)
          if (keyOf(decoded.message) !== record.key) throw new Error(`the key of ${record.key}`)
          const follows = take(decoded.message, record)
          if (topic === ordersTopic) tables.ordersApplied.set(partition, record.offset + 1)
          await publish(follows)
        }
      },
      onError(error) {
        throw error
      },
    })
  }

  const tails = [
    follow(ordersTopic, decodeOrderMessage, (message, { appendedAt: at }) => {
      return takeOrderRecord({ message, at })
    }),
    follow(orderStepsTopic, decodeStepMessage, (message, { appendedAt: at }) => {
      return takeOrderRecord({ message, at })
    }),
    follow(productsTopic, decodeProductMessage, (message) => {
      takeProduct(message)
      return []
    }),
    follow(walletsTopic, decodeWalletMessage, (message) => {
      takeTopUp(message)
      return []
    }),
  ]
  return {
    tables,
    reader: createOrdersReaderMemory(tables),
    hold() {
      gate = Promise.withResolvers()
    },
    release: () => gate.resolve(),
    async passTime(now) {
      for (const orderId of stores.orders.keys()) {
        await publish(takeOrder(stores, orderId, { kind: 'time', now }))
      }
    },
    async close() {
      gate.resolve()
      await Promise.all(tails.map((tail) => tail.close()))
    },
  }
}

/** The first outcome under an id is what it was. */
function remember(done: Map<string, DoneCommand>, command: DoneCommand): void {
  const key = commandKey(command)
  if (!done.has(key)) done.set(key, command)
}

function isOrderMessage(message: OrderMessage | StepMessage): message is OrderMessage {
  return message.type.startsWith('order.')
}
