// Creates the topics as the log needs them, and describes those that are there. What a topic must
// be like, and what to do where it is not, is in topic-faults.ts.

import { Admin, ConfigResourceTypes, findErrorBy, type ProtocolError } from '@platformatic/kafka'
import { sleep } from '../../ports/clock.ts'
import { PortError } from '../../ports/port-error.ts'
import { systemClock } from '../clock-system.ts'
import { isDenied, type KafkaConnection, parseBroker, reasonOf } from './connection.ts'
import { defaultKafkaLimits } from './limits.ts'
import {
  type ExpectedTopic,
  minInSyncSetting,
  type TopicDescription,
  topicSettings,
} from './topic-faults.ts'

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

/** Topics that exist are left as they are: `topicFaults` tells what is wrong with them. */
export function createTopics(
  connection: KafkaConnection,
  { topics, ...settings }: TopicSettings,
): Promise<CreatedTopics> {
  return withAdmin(connection, async (admin) => {
    const created: string[] = []
    for (const name of topics) if (await createTopic(admin, name, settings)) created.push(name)
    const layout: CreatedTopics['layout'] = {}
    for (const { name, topicId, partitions, replicas } of await describeAll(admin, topics)) {
      layout[name] = { topicId, partitions, replicas }
    }
    return { created, layout }
  })
}

/** Those of the topics that exist. Rejects with log_unavailable where no broker answers. */
export function describeTopics(
  connection: KafkaConnection,
  topics: readonly string[],
): Promise<TopicDescription[]> {
  return withAdmin(connection, (admin) => describe(admin, topics))
}

/** False where there is one of that name. */
async function createTopic(
  admin: Admin,
  name: string,
  { partitions, replicas, minInSyncReplicas }: Omit<TopicSettings, 'topics'>,
): Promise<boolean> {
  const configs = Object.entries(topicSettings).map(([key, { must }]) => ({
    name: key,
    value: must,
  }))
  configs.push({ name: minInSyncSetting, value: String(minInSyncReplicas) })
  try {
    await admin.createTopics({ topics: [name], partitions, replicas, configs })
    return true
  } catch (error) {
    const refused = findErrorBy<ProtocolError>(error as Error, 'code', 'PLT_KFK_PROTOCOL')
    if (refused?.apiId === 'TOPIC_ALREADY_EXISTS') return false
    if (refused === null) throw error
    const why = refused.serverErrorMessage ?? refused.message
    throw new PortError('log_unavailable', `topic ${name} cannot be created: ${why}`, {
      retryable: refused.apiId === 'NOT_CONTROLLER',
    })
  }
}

/** A broker learns a moment later of what the controller has created. */
async function describeAll(admin: Admin, topics: readonly string[]): Promise<TopicDescription[]> {
  const { questionMsMax, retryMs } = defaultKafkaLimits
  const clock = systemClock()
  for (let waitedMs = 0; waitedMs <= questionMsMax; waitedMs += retryMs) {
    const described = await describe(admin, topics)
    const complete = described.length === topics.length
    if (complete && described.every(({ hasLeaders }) => hasLeaders)) return described
    await sleep(clock, retryMs)
  }
  throw new PortError('log_unavailable', 'Kafka has created the topics, but does not show them')
}

async function describe(admin: Admin, topics: readonly string[]): Promise<TopicDescription[]> {
  const there = new Set(await admin.listTopics())
  const existing = topics.filter((name) => there.has(name))
  if (existing.length === 0) return []
  const metadata = await admin.metadata({ topics: existing, forceUpdate: true })
  const configs = await admin.describeConfigs({
    resources: existing.map((resourceName) => ({
      resourceType: ConfigResourceTypes.TOPIC,
      resourceName,
      configurationKeys: [...Object.keys(topicSettings), minInSyncSetting],
    })),
  })
  return existing.flatMap((name) => {
    const topic = metadata.topics.get(name)
    const found = configs.find(({ resourceName }) => resourceName === name)
    if (topic === undefined || found === undefined) return []
    return {
      name,
      topicId: topic.id,
      partitions: topic.partitionsCount,
      replicas: Math.min(...topic.partitions.map(({ replicas }) => replicas.length)),
      hasLeaders: topic.partitions.every(({ leader }) => leader >= 0),
      settings: Object.fromEntries(
        found.configs.map((config) => [config.name, config.value ?? '']),
      ),
    }
  })
}

async function withAdmin<T>(
  { brokers, clientId = 'firstcome', tls, sasl }: KafkaConnection,
  run: (admin: Admin) => Promise<T>,
): Promise<T> {
  const { connectMsMax, questionMsMax, retryMs } = defaultKafkaLimits
  const admin = new Admin({
    clientId,
    bootstrapBrokers: brokers.map(parseBroker),
    connectTimeout: connectMsMax,
    requestTimeout: questionMsMax,
    timeout: questionMsMax,
    retries: 3,
    retryDelay: retryMs,
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
  })
  try {
    return await run(admin)
  } catch (error) {
    if (error instanceof PortError) throw error
    const options = { retryable: !isDenied(error), appended: 'no' } as const
    const message = `no Kafka broker answers (${reasonOf(error)})`
    throw new PortError('log_unavailable', message, options)
  } finally {
    await admin.close()
  }
}
