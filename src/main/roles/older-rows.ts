// Rows of orders that are older than the log: a dump that was put back. What their consumers have
// decided since would be decided again, perhaps otherwise. Two things show it: the log has replies
// of steps that have no row of the order, and Kafka was told that their consumers had come further
// (kafka-positions.ts).

import type { Database } from '../../adapters/database/database.ts'
import { readPlaces } from '../../adapters/stores/places-reader.ts'
import { findStepRows } from '../../adapters/stores/steps-reader.ts'
import { orderStepsTopic, ordersTopic } from '../../domain/orders/messages.ts'
import { ordersInput, stepsInput } from '../../domain/orders/records.ts'
import { readMessages } from '../../orders/restore/read-log.ts'
import type { Log, LogBounds } from '../../ports/log.ts'
import type { ReadPlace } from '../../ports/log-check.ts'

type Compared = { log: Pick<Log, 'bounds' | 'tail'>; database: Database }

/** Whom the records of the steps' topic come from, by the beginning of their types. */
const writers: Readonly<Record<string, string>> = {
  coupon: 'coupon-step',
  stock: 'stock-step',
  payment: 'payment-step',
}

/** Replies to orders whose step has no row of them, each in words; empty where there is none. */
export async function unknownReplies({ log, database }: Compared): Promise<string[]> {
  const places = await readPlaces(database)
  const replies = await unreadReplies(log, places)
  const known = await findStepRows(database, [...new Set(replies.values())])
  const strange = new Map([...replies].filter(([reply]) => !known.has(reply)))
  if (strange.size === 0) return []
  const placed = new Set<string>()
  const ends = new Map([[ordersTopic, await log.bounds(ordersTopic)]])
  await readMessages({ log, ends }, ordersInput, ({ message }) => placed.add(message.orderId))
  return [...strange].flatMap(([reply, orderId]) => {
    if (!placed.has(orderId)) return []
    return [`${reply.split(' ')[0]} has answered order ${orderId}, and has no row of it`]
  })
}

/** Those that the order process has not read: as `coupon-step <order id>`, by order id. */
async function unreadReplies(
  log: Compared['log'],
  places: readonly ReadPlace[],
): Promise<Map<string, string>> {
  const own = places.filter((at) => at.reader === 'order-process' && at.topic === orderStepsTopic)
  const bounds = (await log.bounds(orderStepsTopic)).map(({ end }, partition): LogBounds => {
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
