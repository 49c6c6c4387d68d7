// What is wrong with a topic of the log, in words: each fault would lose records,
// move coupons between partitions, or put another clock in the place of the broker's.

/** What was recorded when the topics were created. */
export type ExpectedTopic = {
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

type TopicSetting = { must: string; otherwise: string }
const kept = { must: '-1', otherwise: 'old records are deleted' }

/** The settings that decide whether records stay, and their time; the same for every topic. */
export const topicSettings: Readonly<Record<string, TopicSetting>> = {
  'message.timestamp.type': {
    must: 'LogAppendTime',
    otherwise: 'the clock of whoever appends would decide when coupons open',
  },
  'retention.ms': kept,
  'retention.bytes': kept,
  'cleanup.policy': { must: 'delete', otherwise: 'compaction keeps one claim of each coupon' },
  'unclean.leader.election.enable': {
    must: 'false',
    otherwise: 'a broker that lacks acknowledged records may become leader',
  },
}
export const minInSyncSetting = 'min.insync.replicas'

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

function remedy(topic: string, setting: string, value: string): string {
  const which = `--entity-type topics --entity-name ${topic}`
  return `kafka-configs --alter ${which} --add-config ${setting}=${value}`
}
