// Rows of orders that are older than the log: a dump that was put back. What their consumers have
// decided since would be decided again, perhaps otherwise. Two things show it: the log has replies
// of steps that have no row of the order, and Kafka was told that their consumers had come further
// (kafka-positions.ts). Or rows that are gone.

import type { Database } from '../../adapters/database/database.ts'
import { readPlaces } from '../../adapters/stores/places-reader.ts'
import { findStepRows } from '../../adapters/stores/steps-reader.ts'
import { orderStepsTopic, ordersTopic } from '../../domain/orders/messages.ts'
import { ordersInput, stepsInput } from '../../domain/orders/records.ts'
import { readMessages } from '../../orders/restore/read-log.ts'
import type { Log, LogBounds } from '../../ports/log.ts'
import type { ReadPlace } from '../../ports/log-check.ts'
import { createOrderStores } from './order-consumers.ts'

type AnyPartition = Pick<Log, 'partitionsOf' | 'partitionBounds' | 'tail'>
/** `partitions`: of both topics of orders; absent: all of them. */
type Compared = { log: AnyPartition; database: Database; partitions?: readonly number[] }

/** Whom the records of the steps' topic come from, by the beginning of their types. */
const writers: Readonly<Record<string, string>> = {
  coupon: 'coupon-step',
  stock: 'stock-step',
  payment: 'payment-step',
}

/** Replies to orders whose step has no row of them, each in words; empty where there is none. */
export async function unknownReplies(compared: Compared): Promise<string[]> {
  const { log, database } = compared
  const replies = await unreadReplies(compared, await readPlaces(database))
  const known = await findStepRows(database, [...new Set(replies.values())])
  const strange = new Map([...replies].filter(([reply]) => !known.has(reply)))
  if (strange.size === 0) return []
  const placed = new Set<string>()
  const ends = new Map([[ordersTopic, await boundsOfOwn(compared, ordersTopic)]])
  await readMessages({ log, ends }, ordersInput, ({ message }) => placed.add(message.orderId))
  return [...strange].flatMap(([reply, orderId]) => {
    if (!placed.has(orderId)) return []
    return [`${reply.split(' ')[0]} has answered order ${orderId}, and has no row of it`]
  })
}

/** Those that the order process has not read: as `coupon-step <order id>`, by order id. */
async function unreadReplies(
  compared: Compared,
  places: readonly ReadPlace[],
): Promise<Map<string, string>> {
  const { log } = compared
  const own = places.filter((at) => at.reader === 'order-process' && at.topic === orderStepsTopic)
  const known = await boundsOfOwn(compared, orderStepsTopic)
  const bounds = known.map(({ end }, partition): LogBounds => {
    return { start: own.find((at) => at.partition === partition)?.next ?? 0, end }
  })
  const replies = new Map<string, string>()
  const ends = new Map([[orderStepsTopic, bounds]])
  await readMessages({ log, ends }, stepsInput, ({ message: { type, orderId } }) => {
    const writer = writers[type.split('.')[0] ?? '']
    if (writer !== undefined) replies.set(`${writer} ${orderId}`, orderId)
  })
  return replies
}

/** Partitions that are not asked for have nothing to be read. */
function boundsOfOwn({ log, partitions }: Compared, topic: string): Promise<LogBounds[]> {
  const all = Array.from({ length: log.partitionsOf(topic) }, async (_, partition) => {
    if (partitions?.includes(partition) === false) return { start: 0, end: 0 }
    return log.partitionBounds(topic, partition)
  })
  return Promise.all(all)
}

/**
 * Whether orders have gone through the log and no consumer has a row of its own: SQL is another one
 * or was emptied. Consumers that start now would decide anew what has been decided.
 */
export async function areOrderRowsLost(compared: Compared): Promise<boolean> {
  const { database } = compared
  // First, and again: rows need no leader, and somebody else may just begin to write them.
  if (await hasPositions(database)) return false
  const bounds = await boundsOfOwn(compared, orderStepsTopic)
  if (bounds.every(({ start, end }) => start === end)) return false
  return !(await hasPositions(database))
}

async function hasPositions(database: Database): Promise<boolean> {
  const { orders, coupons, stock, payments } = createOrderStores(database)
  for (const store of [orders, coupons, stock, payments]) {
    if ((await store.positions()).length > 0) return true
  }
  return false
}
