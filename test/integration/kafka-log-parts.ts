// What the tests with a real Kafka share: a log on topics of its own, and everything that is in it.

import { randomUUID } from 'node:crypto'
import { systemClock } from '../../src/adapters/clock-system.ts'
import { createTopics } from '../../src/adapters/kafka-topics.ts'
import { startKafkaLog } from '../../src/adapters/log-kafka.ts'
import type { KafkaConnection } from '../../src/adapters/log-kafka-connection.ts'
import type { KafkaLimits } from '../../src/adapters/log-kafka-limits.ts'
import type { Log, LogRecord } from '../../src/ports.ts'
import { readAll } from '../contracts/log.ts'

export type NewLog = {
  connection: KafkaConnection
  partitions?: number
  replicas?: number
  limits?: Partial<KafkaLimits>
  warnings?: string[]
}

/** A log on one new topic. */
export async function newKafkaLog(options: NewLog): Promise<{ log: Log; topic: string }> {
  const { connection, partitions = 3, replicas = 1, limits = {}, warnings = [] } = options
  const topic = `claims-${randomUUID()}`
  const minInSyncReplicas = replicas > 1 ? 2 : 1
  await createTopics(connection, { topics: [topic], partitions, replicas, minInSyncReplicas })
  const onWarning = (message: string): void => void warnings.push(message)
  const clock = systemClock()
  const log = await startKafkaLog({ connection, topics: [topic], clock, limits, onWarning })
  return { log, topic }
}

export async function everyRecord(log: Log, topic: string): Promise<LogRecord[]> {
  const count = (await log.bounds(topic)).reduce((sum, { start, end }) => sum + end - start, 0)
  return count === 0 ? [] : readAll(log, { topic, count })
}

export function connectionTo(brokers: string): KafkaConnection {
  return { brokers: brokers.split(',') }
}
