// Creates the topics as the log needs them, and describes those that are there. What a topic must
// be like, and what to do where it is not, is in kafka-topic-faults.ts.

import { createTopicsV7, describeConfigsV4, metadataV12 } from '@platformatic/kafka'
import { PortError } from '../../ports/coupons.ts'
import {
  ask,
  createLinks,
  errorName,
  isDenied,
  type KafkaConnection,
  type Links,
  parseBroker,
  reasonOf,
} from './connection.ts'
import { defaultKafkaLimits } from './limits.ts'
import type { ExpectedTopic, TopicDescription } from './topic-faults.ts'

export type TopicSettings = {
  topics: readonly string[]
  partitions: number
  replicas: number
  minInSyncReplicas: number
}
export type CreatedTopics = {
  created: string[]
  /** Of every one of the topics, created now or before. */
  layout: Record<string, TopicPlace>
}
export type TopicPlace = Pick<ExpectedTopic, 'topicId' | 'partitions' | 'replicas'>

const topicAlreadyExists = 36
const notController = 41
const topicResource = 2
/** What a topic is described by: the settings that decide whether records stay, and their time. */
const settingsRead = [
  'message.timestamp.type',
  'retention.ms',
  'retention.bytes',
  'cleanup.policy',
  'min.insync.replicas',
  'unclean.leader.election.enable',
]

/** Topics that exist are left as they are: `topicFaults` tells what is wrong with them. */
export function createTopics(
  connection: KafkaConnection,
  settings: TopicSettings,
): Promise<CreatedTopics> {
  const { topics, partitions, replicas, minInSyncReplicas } = settings
  const configs = Object.entries({
    'message.timestamp.type': 'LogAppendTime',
    'retention.ms': '-1',
    'retention.bytes': '-1',
    'cleanup.policy': 'delete',
    'min.insync.replicas': String(minInSyncReplicas),
    'unclean.leader.election.enable': 'false',
  }).map(([name, value]) => ({ name, value }))
  return withLinks(connection, async (cluster) => {
    const wanted = topics.map((name) => {
      const counts = { numPartitions: partitions, replicationFactor: replicas }
      return { name, ...counts, assignments: [], configs }
    })
    const created = await create(cluster, wanted)
    const described = await describeUntilThere(cluster, topics)
    const layout = described.map(({ name, topicId, partitions: count, replicas: copies }) => {
      return [name, { topicId, partitions: count, replicas: copies }]
    })
    return { created, layout: Object.fromEntries(layout) as CreatedTopics['layout'] }
  })
}

/** Those of the topics that exist. Rejects with log_unavailable where no broker answers. */
export function describeTopics(
  connection: KafkaConnection,
  topics: readonly string[],
): Promise<TopicDescription[]> {
  return withLinks(connection, (cluster) => describe(cluster, topics))
}

type Asking = { links: Links; connection: KafkaConnection }
type WantedTopic = Parameters<typeof createTopicsV7.createRequest>[0][number]

async function create({ links, connection }: Asking, wanted: WantedTopic[]): Promise<string[]> {
  // Every broker passes the request on to the controller.
  const opened = await firstToAnswer(links, connection)
  const msMax = defaultKafkaLimits.questionMsMax
  const answer = await ask(opened, createTopicsV7.api, [wanted, msMax, false])
  const created: string[] = []
  for (const { name, errorCode, errorMessage } of answer.topics) {
    if (errorCode === topicAlreadyExists) continue
    if (errorCode !== 0) {
      const why = errorMessage ?? errorName(errorCode)
      const retryable = errorCode === notController
      throw new PortError('log_unavailable', `topic ${name} cannot be created: ${why}`, {
        retryable,
      })
    }
    created.push(name)
  }
  return created
}

/** A broker learns a moment later of what the controller has created. */
async function describeUntilThere(
  asking: Asking,
  topics: readonly string[],
): Promise<TopicDescription[]> {
  const deadline = Date.now() + defaultKafkaLimits.questionMsMax
  for (;;) {
    const described = await describe(asking, topics)
    if (described.length === topics.length && described.every(({ hasLeaders }) => hasLeaders)) {
      return described
    }
    if (Date.now() > deadline) {
      throw new PortError('log_unavailable', 'Kafka has created the topics, but does not show them')
    }
    await new Promise((resolve) => setTimeout(resolve, defaultKafkaLimits.retryMs))
  }
}

async function describe(
  { links, connection }: Asking,
  topics: readonly string[],
): Promise<TopicDescription[]> {
  const opened = await firstToAnswer(links, connection)
  const metadata = await ask(opened, metadataV12.api, [[...topics], false, false])
  const existing = metadata.topics.filter(
    ({ name, partitions }) => name !== null && partitions.length > 0,
  )
  const resources = existing.map(({ name }) => {
    const resourceName = String(name)
    return { resourceType: topicResource, resourceName, configurationKeys: settingsRead } as const
  })
  if (resources.length === 0) return []
  const answer = await ask(opened, describeConfigsV4.api, [resources, false, false])
  return existing.map(({ name, topicId, partitions }) => {
    const found = answer.results.find(({ resourceName }) => resourceName === name)
    if (found === undefined || found.errorCode !== 0) {
      const why = found?.errorMessage ?? errorName(found?.errorCode ?? -1)
      throw new PortError('log_unavailable', `topic ${name} cannot be described: ${why}`)
    }
    const settings = new Map(found.configs.map((config) => [config.name, config.value ?? '']))
    return {
      name: String(name),
      topicId,
      partitions: partitions.length,
      replicas: Math.min(...partitions.map(({ replicaNodes }) => replicaNodes.length)),
      hasLeaders: partitions.every(({ leaderId }) => leaderId >= 0),
      timestampType: settings.get('message.timestamp.type') ?? '',
      retentionMs: Number(settings.get('retention.ms')),
      retentionBytes: Number(settings.get('retention.bytes')),
      cleanupPolicy: settings.get('cleanup.policy') ?? '',
      minInSyncReplicas: Number(settings.get('min.insync.replicas')),
      uncleanElection: settings.get('unclean.leader.election.enable') === 'true',
    }
  })
}

async function firstToAnswer(links: Links, connection: KafkaConnection) {
  const reasons: string[] = []
  let retryable = true
  for (const broker of connection.brokers) {
    try {
      return await links.to(parseBroker(broker))
    } catch (error) {
      reasons.push(reasonOf(error))
      if (isDenied(error)) retryable = false
    }
  }
  throw unavailable(reasons.join('; '), retryable)
}

async function withLinks<T>(
  connection: KafkaConnection,
  run: (asking: Asking) => Promise<T>,
): Promise<T> {
  const { connectMsMax, questionMsMax } = defaultKafkaLimits
  const links = createLinks(connection, { connectMsMax, requestMsMax: questionMsMax })
  try {
    return await run({ links, connection })
  } catch (error) {
    throw error instanceof PortError ? error : unavailable(reasonOf(error), true)
  } finally {
    links.close()
  }
}

function unavailable(reason: string, retryable: boolean): PortError {
  const options = { retryable, appended: 'no' } as const
  return new PortError('log_unavailable', `no Kafka broker answers (${reason})`, options)
}
