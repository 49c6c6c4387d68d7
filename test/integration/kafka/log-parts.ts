// What the tests with a real Kafka share: a log on topics of its own, and everything that is in it.

import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { createCluster } from '../../../src/adapters/log-kafka/cluster.ts'
import type { KafkaConnection } from '../../../src/adapters/log-kafka/connection.ts'
import { defaultKafkaLimits, type KafkaLimits } from '../../../src/adapters/log-kafka/limits.ts'
import { startKafkaLog } from '../../../src/adapters/log-kafka/log-kafka.ts'
import { createTopics } from '../../../src/adapters/log-kafka/topics.ts'
import type { Moment } from '../../../src/ports/clock.ts'
import type { Log, Tail } from '../../../src/ports/log.ts'
import { waitFor } from '../../services/server-process.ts'

export type NewLog = {
  connection: KafkaConnection
  partitions?: number
  replicas?: number
  limits?: Partial<KafkaLimits>
  warnings?: string[]
}

const topicWaitMsMax = 15_000

/** A log on one new topic. It ends with the test, and so do its tails and memberships. */
export async function newKafkaLog(
  t: TestContext,
  options: NewLog,
): Promise<{ log: Log; topic: string }> {
  const { connection, partitions = 3, replicas = 1, limits = {}, warnings = [] } = options
  const topic = `claims-${randomUUID()}`
  const minInSyncReplicas = replicas > 1 ? 2 : 1
  const settings = { topics: [topic], partitions, replicas, minInSyncReplicas }
  // A broker that stood still in the test before is not let in again at once.
  let refusal: unknown
  const create = () =>
    createTopics(connection, settings).then(
      () => true,
      (error: unknown) => {
        refusal = error
        return false
      },
    )
  await waitFor('a topic', create, topicWaitMsMax).catch((late: unknown) => {
    throw new Error(String(late), { cause: refusal })
  })
  const onWarning = (message: string): void => void warnings.push(message)
  const clock = systemClock()
  const log = await startKafkaLog({ connection, topics: [topic], clock, limits, onWarning })
  t.after(() => log.close())
  return {
    topic,
    log: {
      ...log,
      tail(tailOptions) {
        const tail = log.tail(tailOptions)
        t.after(() => tail.close())
        return tail
      },
      async join(joinOptions) {
        const membership = await log.join(joinOptions)
        t.after(() => membership.leave())
        return membership
      },
    },
  }
}

export function connectionTo(brokers: string): KafkaConnection {
  return { brokers: brokers.split(',') }
}

/** When the partition was read that was not read for the longest. */
export function oldestReadAt(tail: Tail, { log, topic }: { log: Log; topic: string }): Moment {
  const partitions = Array.from({ length: log.partitionsOf(topic) }, (_, n) => n)
  return Math.min(...partitions.map((partition) => tail.lastReadAt(partition)))
}

/** By partition, the number of the broker that leads it. */
export async function leadersOf(of: {
  topic: string
  brokers: readonly string[]
}): Promise<number[]> {
  const cluster = createCluster({
    connection: { brokers: of.brokers },
    topics: [of.topic],
    limits: defaultKafkaLimits,
    clock: systemClock(),
    onWarning() {},
  })
  await cluster.refresh()
  const nodes = cluster.topic(of.topic).leaders.map(({ node }) => node)
  cluster.links.close()
  return nodes
}
