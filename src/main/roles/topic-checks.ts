// Whether Kafka and PostgreSQL are as the distributed profile needs them: the schema of this
// version, and the topics that were recorded when they were created, unchanged and durable.

import type { Queryable } from '../../adapters/database/database.ts'
import { migrationFaults } from '../../adapters/database/migrations.ts'
import type { KafkaConnection } from '../../adapters/log-kafka/connection.ts'
import { topicFaults } from '../../adapters/log-kafka/topic-faults.ts'
import { describeTopics } from '../../adapters/log-kafka/topics.ts'
import { readTopicLayouts, type TopicLayout } from '../../adapters/stores/topic-layout.ts'
import { allTopics } from './topics.ts'
import { type Waiting, waitFor } from './wait-for.ts'

export type CheckParts = {
  waiting: Waiting
  database: Queryable
  connection: KafkaConnection
}

/** Every reason not to start; none where all is as it must be. */
export async function startFaults({ waiting, database, connection }: CheckParts) {
  const schema = await waitFor(waiting, 'PostgreSQL', () => migrationFaults(database))
  if (schema.length > 0) return [...schema, migrateHint]
  const layouts = await waitFor(waiting, 'PostgreSQL', () => readTopicLayouts(database))
  const unrecorded = allTopics.filter((topic) => !layouts.some((it) => it.topic === topic))
  if (unrecorded.length > 0) {
    return [...unrecorded.map((topic) => `topic ${topic} was never recorded`), migrateHint]
  }
  return faultsOfTopics({ waiting, connection, layouts })
}

const migrateHint = 'run "firstcome migrate" of this version first'

type TopicCheck = {
  waiting: Waiting
  connection: KafkaConnection
  layouts: readonly TopicLayout[]
}

export async function faultsOfTopics(check: TopicCheck): Promise<string[]> {
  const { waiting, connection, layouts } = check
  const topics = layouts.map(({ topic }) => topic)
  const actual = await waitFor(waiting, 'Kafka', () => describeTopics(connection, topics))
  const expected = layouts.map(({ topic: name, ...layout }) => ({ name, ...layout }))
  return topicFaults(expected, actual)
}
