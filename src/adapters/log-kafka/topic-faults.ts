// What is wrong with a topic that the log is to stand on, in words: each fault would lose records,
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
  timestampType: string
  /** −1: unlimited. */
  retentionMs: number
  retentionBytes: number
  cleanupPolicy: string
  minInSyncReplicas: number
  uncleanElection: boolean
}

/** Empty where nothing is wrong. Each says what is wrong and what to do. */
export function topicFaults(
  expected: readonly ExpectedTopic[],
  actual: readonly TopicDescription[],
): string[] {
  return expected.flatMap((wanted) => {
    const found = actual.find(({ name }) => name === wanted.name)
    if (found === undefined) return [missing(wanted)]
    return [
      ...identityFaults(wanted, found),
      ...replicaFaults(wanted, found),
      ...settingFaults(found),
    ]
  })
}

function missing({ name }: ExpectedTopic): string {
  return (
    `topic ${name} does not exist, although it was created before: restore it from a backup of ` +
    'Kafka, or check that FIRSTCOME_KAFKA_BROKERS names the right cluster'
  )
}

function identityFaults(wanted: ExpectedTopic, found: TopicDescription): string[] {
  const { name } = wanted
  const faults: string[] = []
  if (found.topicId !== wanted.topicId) {
    faults.push(
      `topic ${name} was deleted and created again (id ${found.topicId}, not ${wanted.topicId}): ` +
        'what stood in it is gone. Restore it from a backup of Kafka, or check that ' +
        'FIRSTCOME_KAFKA_BROKERS names the right cluster',
    )
  }
  if (found.partitions !== wanted.partitions) {
    faults.push(
      `topic ${name} has ${found.partitions} partitions, not ${wanted.partitions}: coupons would ` +
        'go on in other partitions than they began in. Copy the records to a topic of ' +
        `${wanted.partitions} partitions`,
    )
  }
  return faults
}

function replicaFaults(wanted: ExpectedTopic, found: TopicDescription): string[] {
  const { name } = wanted
  const { replicas, minInSyncReplicas } = found
  const faults: string[] = []
  if (replicas === 1 && wanted.replicas > 1) {
    faults.push(
      `topic ${name} has 1 replica, not ${wanted.replicas}: one lost disk loses the log. ` +
        'Add replicas with kafka-reassign-partitions',
    )
  }
  if (replicas > 1 && minInSyncReplicas < 2) {
    faults.push(
      `topic ${name} has ${replicas} replicas but min.insync.replicas=${minInSyncReplicas}: what ` +
        `one broker alone has acknowledged can be lost. ${remedy(name, 'min.insync.replicas', 2)}`,
    )
  }
  return faults
}

function settingFaults(found: TopicDescription): string[] {
  const { name, timestampType, retentionMs, retentionBytes, cleanupPolicy } = found
  const faults: string[] = []
  if (timestampType !== 'LogAppendTime') {
    faults.push(
      `topic ${name} has message.timestamp.type=${timestampType}: the clock of whoever appends ` +
        'would decide when coupons open. ' +
        remedy(name, 'message.timestamp.type', 'LogAppendTime'),
    )
  }
  if (retentionMs !== -1) {
    faults.push(limited(name, 'retention.ms', retentionMs))
  }
  if (retentionBytes !== -1) {
    faults.push(limited(name, 'retention.bytes', retentionBytes))
  }
  if (cleanupPolicy !== 'delete') {
    faults.push(
      `topic ${name} has cleanup.policy=${cleanupPolicy}: compaction keeps one claim of each ` +
        `coupon. ${remedy(name, 'cleanup.policy', 'delete')}`,
    )
  }
  if (found.uncleanElection) {
    const setting = 'unclean.leader.election.enable'
    faults.push(
      `topic ${name} has ${setting}=true: a broker that lacks acknowledged records may become ` +
        `leader. ${remedy(name, setting, 'false')}`,
    )
  }
  return faults
}

function limited(name: string, setting: string, value: number): string {
  const what = `topic ${name} has ${setting}=${value}: old records are deleted`
  return `${what}. ${remedy(name, setting, -1)}`
}

function remedy(topic: string, setting: string, value: string | number): string {
  const which = `--entity-type topics --entity-name ${topic}`
  return `kafka-configs --alter ${which} --add-config ${setting}=${value}`
}
