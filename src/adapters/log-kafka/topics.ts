// Creates the topics as the log needs them, describes those that are there, and says in words what
// is wrong with them: each fault would lose records, move coupons between partitions, or put
// another clock in the place of the broker's.

import {
  Admin,
  ConfigResourceTypes,
  findErrorBy,
  IncrementalAlterConfigOperationTypes,
  metadataV12,
  type ProtocolError,
} from '@platformatic/kafka'
import { sleep } from '../../ports/clock.ts'
import { PortError } from '../../ports/port-error.ts'
import { systemClock } from '../clock-system.ts'
import {
  ask,
  createLinks,
  isDenied,
  type KafkaConnection,
  parseBroker,
  reasonOf,
} from './connection.ts'
import { defaultKafkaLimits } from './limits.ts'

/** What was recorded when the topics were created. */
type ExpectedTopic = {
  name: string
  topicId: string
  partitions: number
  replicas: number
}
export type TopicDescription = ExpectedTopic & {
  hasLeaders: boolean
  /** By Kafka's name, as Kafka writes it: those of `topicSettings` and `minInSyncSetting`. */
  settings: Readonly<Record<string, string>>
}

/** `usual`: what it is where nobody has set it. */
type TopicSetting = { must: string; usual: string; otherwise: string }
const kept = { must: '-1', otherwise: 'old records are deleted' }

export const timeTypeSetting = 'message.timestamp.type'

/** The settings that decide whether records stay, and their time; the same for every topic. */
export const topicSettings: Readonly<Record<string, TopicSetting>> = {
  [timeTypeSetting]: {
    must: 'LogAppendTime',
    usual: 'CreateTime',
    otherwise: 'the clock of whoever appends would decide when coupons open',
  },
  'retention.ms': { ...kept, usual: '604800000' },
  'retention.bytes': { ...kept, usual: '-1' },
  'cleanup.policy': {
    must: 'delete',
    usual: 'delete',
    otherwise: 'compaction keeps one claim of each coupon',
  },
  'unclean.leader.election.enable': {
    must: 'false',
    usual: 'false',
    otherwise: 'a broker that lacks acknowledged records may become leader',
  },
}
export const minInSyncSetting = 'min.insync.replicas'

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
    const asked = { admin, connection }
    await setWhatDiffers(asked, created, settings)
    const layout: CreatedTopics['layout'] = {}
    for (const { name, topicId, partitions, replicas } of await describeAll(asked, topics)) {
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
  return withAdmin(connection, (admin) => describe({ admin, connection }, topics))
}

/** False where there is one of that name. */
async function createTopic(
  admin: Admin,
  name: string,
  { partitions, replicas, minInSyncReplicas }: TopicNumbers,
): Promise<boolean> {
  // Managed clusters refuse some settings, also with the value that they have anyway.
  const configs = Object.entries(settingsOf(minInSyncReplicas))
    .filter(([, { must, usual }]) => must !== usual)
    .map(([key, { must }]) => ({ name: key, value: must }))
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

/** Where a cluster has other defaults than usual. Nothing is appended before they are recorded. */
async function setWhatDiffers(
  asked: Asked,
  created: readonly string[],
  { minInSyncReplicas }: TopicNumbers,
): Promise<void> {
  if (created.length === 0) return
  const wanted = Object.entries(settingsOf(minInSyncReplicas))
  const { SET: set } = IncrementalAlterConfigOperationTypes
  const resources = (await describeAll(asked, created)).flatMap(({ name, settings }) => {
    const configs = wanted
      .filter(([key, { must }]) => settings[key] !== must)
      .map(([key, { must }]) => ({ name: key, value: must, configOperation: set }))
    if (configs.length === 0) return []
    return [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: name, configs }]
  })
  if (resources.length > 0) await asked.admin.incrementalAlterConfigs({ resources })
}

type TopicNumbers = Omit<TopicSettings, 'topics'>

function settingsOf(minInSyncReplicas: number): Record<string, TopicSetting> {
  const durable = { must: String(minInSyncReplicas), usual: '1', otherwise: '' }
  return { ...topicSettings, [minInSyncSetting]: durable }
}

/** A broker learns a moment later of what the controller has created. */
async function describeAll(asked: Asked, topics: readonly string[]): Promise<TopicDescription[]> {
  const { questionMsMax, retryMs } = defaultKafkaLimits
  const clock = systemClock()
  for (let waitedMs = 0; waitedMs <= questionMsMax; waitedMs += retryMs) {
    const described = await describe(asked, topics)
    const complete = described.length === topics.length
    if (complete && described.every(({ hasLeaders }) => hasLeaders)) return described
    await sleep(clock, retryMs)
  }
  throw new PortError('log_unavailable', 'Kafka has created the topics, but does not show them')
}

type Asked = { admin: Admin; connection: KafkaConnection }

async function describe(
  { admin, connection }: Asked,
  topics: readonly string[],
): Promise<TopicDescription[]> {
  const existing = (await readMetadata(connection, topics)).filter(({ errorCode }) => !errorCode)
  if (existing.length === 0) return []
  const configs = await admin.describeConfigs({
    resources: existing.map(({ name }) => ({
      resourceType: ConfigResourceTypes.TOPIC,
      resourceName: name ?? '',
      configurationKeys: [...Object.keys(topicSettings), minInSyncSetting],
    })),
  })
  return existing.flatMap(({ name, topicId, partitions }) => {
    const found = configs.find(({ resourceName }) => resourceName === name)
    if (!name || found === undefined) return []
    return {
      name,
      topicId,
      partitions: partitions.length,
      replicas: Math.min(...partitions.map(({ replicaNodes }) => replicaNodes.length)),
      hasLeaders: partitions.every(({ leaderId }) => leaderId >= 0),
      settings: Object.fromEntries(
        found.configs.map((config) => [config.name, config.value ?? '']),
      ),
    }
  })
}

/** The library's own call fails where a partition has no leader. */
async function readMetadata(connection: KafkaConnection, topics: readonly string[]) {
  const links = createLinks(connection, defaultKafkaLimits)
  let reason: unknown
  try {
    for (const broker of connection.brokers.map(parseBroker)) {
      try {
        const opened = await links.to(broker)
        return (await ask(opened, metadataV12.api, [[...topics], false, false])).topics
      } catch (error) {
        reason = error
      }
    }
    throw reason
  } finally {
    links.close()
  }
}

/** Rejects with a PortError. */
export async function withAdmin<T>(
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

/** Empty where nothing is wrong. Each says what is wrong and what to do. */
export function topicFaults(
  expected: readonly ExpectedTopic[],
  actual: readonly TopicDescription[],
): string[] {
  return expected.flatMap((wanted) => {
    const found = actual.find(({ name }) => name === wanted.name)
    const faults =
      found === undefined ? [missing] : [...layoutFaults(wanted, found), ...settingFaults(found)]
    return faults.map((fault) => `topic ${wanted.name} ${fault}`)
  })
}

const missing =
  'does not exist, although it was created before: restore it from a backup of Kafka, or check ' +
  'that FIRSTCOME_KAFKA_BROKERS names the right cluster'

function layoutFaults(wanted: ExpectedTopic, found: TopicDescription): string[] {
  const faults: string[] = []
  if (found.topicId !== wanted.topicId) {
    faults.push(
      `was deleted and created again (id ${found.topicId}, not ${wanted.topicId}): what stood in ` +
        'it is gone. Restore it from a backup of Kafka, or check that FIRSTCOME_KAFKA_BROKERS ' +
        'names the right cluster',
    )
  }
  if (found.partitions !== wanted.partitions) {
    faults.push(
      `has ${found.partitions} partitions, not ${wanted.partitions}: coupons would go on in ` +
        'other partitions than they began in. Copy the records to a topic of ' +
        `${wanted.partitions} partitions`,
    )
  }
  if (found.replicas === 1 && wanted.replicas > 1) {
    faults.push(
      `has 1 replica, not ${wanted.replicas}: one lost disk loses the log. Add replicas with ` +
        'kafka-reassign-partitions',
    )
  }
  return faults
}

function settingFaults({ name, replicas, settings }: TopicDescription): string[] {
  const inSync = settings[minInSyncSetting]
  const durable = replicas === 1 || Number(inSync) >= 2
  const wrong = Object.entries(topicSettings).filter(([key, { must }]) => settings[key] !== must)
  return [
    ...(durable
      ? []
      : [
          `has ${replicas} replicas but ${minInSyncSetting}=${inSync}: what one broker alone has ` +
            `acknowledged can be lost. ${remedy(name, minInSyncSetting, '2')}`,
        ]),
    ...wrong.map(
      ([key, { must, otherwise }]) =>
        `has ${key}=${settings[key]}: ${otherwise}. ${remedy(name, key, must)}`,
    ),
  ]
}

export function remedy(topic: string, setting: string, value: string): string {
  const which = `--entity-type topics --entity-name ${topic}`
  return `kafka-configs --alter ${which} --add-config ${setting}=${value}`
}
