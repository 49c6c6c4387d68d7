// Runs the log contract on Kafka: every test has its own topics on one throwaway broker.

import { randomUUID } from 'node:crypto'
import { after, it } from 'node:test'
import { systemClock } from '../../src/adapters/clock-system.ts'
import { startKafkaLog } from '../../src/adapters/log-kafka/log-kafka.ts'
import { createTopics } from '../../src/adapters/log-kafka/topics.ts'
import type { Log } from '../../src/ports/log.ts'
import { kafkaForTests } from '../services/kafka.ts'
import { contractTopics, logContract } from './log.ts'

const clock = systemClock()
const kafka = await kafkaForTests()

if (typeof kafka === 'string') {
  it('passes the log contract on Kafka', { skip: kafka }, () => {})
} else {
  after(kafka.stop)
  logContract('Kafka', { outlivesItsProcess: true }, async () => {
    const connection = { brokers: kafka.brokers.split(',') }
    const prefix = randomUUID()
    const names = Object.keys(contractTopics).map((topic) => `${prefix}.${topic}`)
    for (const [topic, partitions] of Object.entries(contractTopics)) {
      const settings = { partitions, replicas: 1, minInSyncReplicas: 1 }
      await createTopics(connection, { topics: [`${prefix}.${topic}`], ...settings })
    }
    const open = async () =>
      withPrefix(await startKafkaLog({ connection, topics: names, clock }), prefix)
    let log = await open()
    return {
      log,
      async reopen() {
        await log.close()
        log = await open()
        return log
      },
      close: () => log.close(),
    }
  })
}

/** Topics and groups of its own for each test, under the names that the contract uses. */
function withPrefix(log: Log, prefix: string): Log {
  const named = (name: string) => `${prefix}.${name}`
  return {
    ...log,
    partitionsOf: (topic) => log.partitionsOf(named(topic)),
    append: (topic, entries) => log.append(named(topic), entries),
    bounds: (topic) => log.bounds(named(topic)),
    partitionBounds: (topic, partition) => log.partitionBounds(named(topic), partition),
    tail: (options) => log.tail({ ...options, topic: named(options.topic) }),
    join: (options) =>
      log.join({ ...options, topic: named(options.topic), group: named(options.group) }),
  }
}
