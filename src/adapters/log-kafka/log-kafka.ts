// The log on Apache Kafka (3.1 or newer): ordered and durable by its leaders and their in-sync
// replicas, with the broker's append time as the only clock. The parts are in the files beside
// this one; what a topic must be like is in topics.ts.

import { type Clock, sleep } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { BoundsReader } from './bounds.ts'
import { type Cluster, createCluster } from './cluster.ts'
import type { KafkaConnection } from './connection.ts'
import { defaultKafkaLimits, type KafkaLimits } from './limits.ts'
import { Member } from './member.ts'
import { createProducer } from './producer.ts'
import { followKafka } from './tail.ts'

export type KafkaLogOptions = {
  connection: KafkaConnection
  topics: readonly string[]
  clock: Clock
  limits?: Partial<KafkaLimits>
  /** Outages and their ends, once each: the log copes with them by itself. */
  onWarning?(message: string): void
}

/** Rejects with log_unavailable where no broker answers, or one of the topics does not exist. */
export async function startKafkaLog(options: KafkaLogOptions): Promise<Log> {
  const { connection, topics, clock, onWarning = () => {} } = options
  const limits = { ...defaultKafkaLimits, ...options.limits }
  const cluster = createCluster({ connection, topics, limits, clock, onWarning })
  try {
    await findTopics(cluster, topics)
  } catch (error) {
    cluster.links.close()
    throw error
  }
  const producer = createProducer(cluster)
  const reader = new BoundsReader(cluster)
  return {
    partitionsOf: (topic) => cluster.topic(topic).leaders.length,
    append: producer.append,
    tail: (tailOptions) => followKafka(cluster, tailOptions),
    async bounds(topic) {
      const partitions = cluster.topic(topic).leaders.keys()
      return Promise.all(partitions.map((partition) => reader.read({ topic, partition })))
    },
    partitionBounds: (topic, partition) => reader.read({ topic, partition }),
    join: async (joinOptions) => new Member(cluster, joinOptions),
    async close() {
      await producer.close()
      cluster.links.close()
    },
  }
}

/** A broker that has just started may not know every topic yet. */
const missingTopicMsMax = 1_000

async function findTopics(cluster: Cluster, topics: readonly string[]): Promise<void> {
  const { clock, limits } = cluster
  const begun = clock.monotonic()
  for (;;) {
    try {
      await cluster.refresh()
      for (const topic of topics) cluster.topic(topic)
      return
    } catch (error) {
      if (!(error instanceof PortError)) throw error
      const msMax = error.retryable ? limits.questionMsMax : missingTopicMsMax
      if (clock.monotonic() - begun >= msMax) throw error
    }
    await sleep(clock, limits.retryMs)
  }
}
