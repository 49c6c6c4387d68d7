// Reads the topics of orders to their ends as they stood at the beginning.

import { enter, historyOf, type Logged, type OrderHistory } from '../../domain/orders/history.ts'
import type { OrderMessage, StepMessage } from '../../domain/orders/messages.ts'
import {
  deadLettersInput,
  ordersInput,
  stepsInput,
  type TopicInput,
} from '../../domain/orders/records.ts'
import { readRetryNote, retryTopics } from '../../domain/orders/retries.ts'
import type { Log, LogBounds } from '../../ports/log.ts'
import { type ConsumerName, consumerNames } from '../../ports/orders.ts'
import { readToEnd } from '../../ports/partition-reader.ts'

/** By topic and partition, as they stood at the beginning. */
export type LogEnds = ReadonlyMap<string, readonly LogBounds[]>
/** `only`: this partition; absent: all of them. */
export type LogAsItStood = { log: Pick<Log, 'tail'>; ends: LogEnds; only?: number }

/**
 * The orders of one partition, by id. Its two topics have the same partitions, so nothing else is
 * said of them.
 */
export async function readOrders(
  from: LogAsItStood,
  partition: number,
): Promise<Map<string, OrderHistory>> {
  const orders = new Map<string, OrderHistory>()
  const take = (logged: Logged<OrderMessage | StepMessage>) => {
    enter(historyOf(orders, logged), logged)
  }
  await readMessages({ ...from, only: partition }, ordersInput, take)
  await readMessages({ ...from, only: partition }, stepsInput, take)
  return orders
}

/** What is no record is left out: it is, or becomes, a dead letter. */
export async function readMessages<Message>(
  { ends, ...from }: LogAsItStood,
  { topic, decode }: TopicInput<Message>,
  take: (logged: Logged<Message>) => void,
): Promise<void> {
  const bounds = ends.get(topic) ?? []
  await readToEnd({
    ...from,
    topic,
    bounds,
    decode: ({ value, partition }) => decode(value, { partition, partitions: bounds.length }),
    onMessage(message, { partition, offset, appendedAt }) {
      take({ message, origin: { topic, partition, offset, appendedAt } })
    },
  })
}

/** How many records of a partition a consumer has made dead letters, or has passed by. */
export type Forwarded = (
  consumer: ConsumerName,
  topic: string,
  partition: number,
) => { buried: number; passedBy: number }

/** Passed by was what stands in a shared topic and was meant for another. */
export async function readForwarded(all: LogAsItStood): Promise<Forwarded> {
  const buried = new Map<string, Set<string>>()
  await readMessages(all, deadLettersInput, ({ message }) => {
    if (message.type !== 'dead_letter.buried') return
    const { consumer, origin, deadLetterId, redrives } = message
    const name = nameOf(consumer, origin.topic, origin.partition)
    buried.set(name, (buried.get(name) ?? new Set()).add(`${deadLetterId} ${redrives}`))
  })
  const others = await readPassedBy(all)
  return (...place) => {
    const name = nameOf(...place)
    return { buried: buried.get(name)?.size ?? 0, passedBy: others.get(name) ?? 0 }
  }
}

function nameOf(consumer: string, topic: string, partition: number): string {
  return `${consumer} ${topic} ${partition}`
}

async function readPassedBy({ ends, ...from }: LogAsItStood): Promise<Map<string, number>> {
  const others = new Map<string, number>()
  const decode = () => ({ kind: 'message', message: null }) as const
  for (const topic of retryTopics) {
    const bounds = ends.get(topic) ?? []
    await readToEnd({
      ...from,
      topic,
      bounds,
      decode,
      onMessage(_, { partition, headers }) {
        const note = readRetryNote(headers ?? {})
        for (const consumer of consumerNames.filter((name) => name !== note?.consumer)) {
          const name = nameOf(consumer, topic, partition)
          others.set(name, (others.get(name) ?? 0) + 1)
        }
      },
    })
  }
  return others
}
