// What is known of the cluster: its brokers, and who leads which partition. Metadata is asked again
// whenever something fails. A topic's identity and partition count are those seen first: a topic
// that was deleted and made anew is another log, and is refused.

import {
  ConfigResourceTypes,
  type Connection,
  describeConfigsV4,
  metadataV12,
} from '@platformatic/kafka'
import { type Clock, sleep } from '../../ports/clock.ts'
import { PortError } from '../../ports/port-error.ts'
import {
  ask,
  type Broker,
  createLinks,
  isDenied,
  type KafkaConnection,
  type Links,
  parseBroker,
  reasonOf,
  Unreachable,
} from './connection.ts'
import type { KafkaLimits } from './limits.ts'
import { SharedFetches } from './shared-fetches.ts'
import { timeTypeSetting } from './topics.ts'

export type Leader = { node: number; epoch: number }
export type TopicLayout = { topicId: string; leaders: Leader[] }

export type Cluster = {
  /** For questions that are answered at once. */
  links: Links
  limits: KafkaLimits
  clock: Clock
  /** Of all tails. */
  fetches: SharedFetches
  /** Connections of its own for one who waits for answers. */
  newLinks(requestMsMax?: number): Links
  /** Throws where it is not part of the cluster now. */
  broker(node: number): Broker
  /** Every broker that may be asked, the one that answered last first. */
  brokers(): Broker[]
  /** Throws log_unavailable where it does not exist, log_damaged where it is another one now. */
  topic(name: string): TopicLayout
  /** Asks again. Rejects with log_unavailable where no broker answers. */
  refresh(): Promise<void>
  /** After a failure: waits, and asks again as far as anybody answers. */
  waitAndRefresh(signal?: AbortSignal): Promise<void>
  onWarning(message: string): void
}

export type ClusterParts = {
  connection: KafkaConnection
  topics: readonly string[]
  limits: KafkaLimits
  clock: Clock
  onWarning(message: string): void
}

type Metadata = Awaited<ReturnType<typeof metadataV12.api.async>>
type MetadataTopic = Metadata['topics'][number]
type Seen = { layout: TopicLayout; damage: PortError | null }

export function createCluster(parts: ClusterParts): Cluster {
  const { connection, limits, clock, onWarning } = parts
  const topicNames = [...parts.topics]
  const links = createLinks(connection, limits)
  const bootstrap = connection.brokers.map(parseBroker)
  const topics = new Map<string, Seen>()
  let nodes = new Map<number, Broker>()
  let candidates = bootstrap
  let refreshing: Promise<void> | null = null

  async function askAnyone(): Promise<void> {
    const reasons: string[] = []
    let denied = false
    for (const broker of candidates) {
      try {
        const opened = await links.to(broker)
        const metadata = await ask(opened, metadataV12.api, [topicNames, false, false])
        nodes = new Map(metadata.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
        for (const topic of metadata.topics) learnTopic({ topics, topic, onWarning })
        candidates = allBrokers(broker)
        return
      } catch (error) {
        reasons.push(`${broker.host}:${broker.port}: ${reasonOf(error)}`)
        denied ||= isDenied(error)
      }
    }
    const message = `no Kafka broker answers (${reasons.join('; ')})`
    throw new PortError('log_unavailable', message, { retryable: !denied, appended: 'no' })
  }

  function allBrokers(first: Broker): Broker[] {
    const known = [first, ...nodes.values(), ...bootstrap]
    return [...new Map(known.map((broker) => [`${broker.host}:${broker.port}`, broker])).values()]
  }

  function refresh(): Promise<void> {
    refreshing ??= askAnyone().finally(() => {
      refreshing = null
    })
    return refreshing
  }

  return {
    links,
    limits,
    clock,
    fetches: new SharedFetches(),
    newLinks: (requestMsMax = limits.requestMsMax) =>
      createLinks(connection, { ...limits, requestMsMax }),
    broker(node) {
      const broker = nodes.get(node)
      if (broker === undefined) throw new Unreachable('the partition has no leader now')
      return broker
    },
    brokers: () => candidates,
    topic(name) {
      const seen = topics.get(name)
      if (seen === undefined) throw noTopic(name)
      if (seen.damage !== null) throw seen.damage
      return seen.layout
    },
    refresh,
    async waitAndRefresh(signal) {
      await sleep(clock, limits.retryMs, signal)
      await refresh().catch(() => {})
    },
    onWarning,
  }
}

type Learning = {
  topics: Map<string, Seen>
  topic: MetadataTopic
  onWarning(message: string): void
}

function learnTopic({ topics, topic, onWarning }: Learning): void {
  const { name, topicId, errorCode, partitions } = topic
  // A broker that has just started may not know it yet: what was seen stays.
  if (!name || errorCode !== 0 || partitions.length === 0) return
  const leaders: Leader[] = []
  for (const { partitionIndex, leaderId, leaderEpoch } of partitions) {
    leaders[partitionIndex] = { node: leaderId, epoch: leaderEpoch }
  }
  const seen = topics.get(name)
  if (seen === undefined) {
    topics.set(name, { layout: { topicId, leaders }, damage: null })
    return
  }
  const { layout } = seen
  if (layout.topicId !== topicId) {
    seen.damage ??= recreated(name, layout.topicId, topicId)
    return
  }
  if (layout.leaders.length !== leaders.length) {
    onWarning(countChanged(name, layout.leaders.length, leaders.length))
  }
  layout.leaders.forEach((old, partition) => {
    const leader = leaders[partition]
    // A broker that was cut off may remember an older leader.
    if (leader !== undefined && leader.epoch >= old.epoch) layout.leaders[partition] = leader
  })
}

function noTopic(name: string): PortError {
  const message = `Kafka has no topic ${name}; "firstcome migrate" creates it`
  return new PortError('log_unavailable', message, { appended: 'no' })
}

function recreated(name: string, before: string, now: string): PortError {
  return new PortError(
    'log_damaged',
    `the topic ${name} is not the one it was (id ${before} then, ${now} now): it was deleted and ` +
      'created again, and what stood in it is gone. Restore it from a backup of Kafka',
    { appended: 'no' },
  )
}

function countChanged(name: string, before: number, now: number): string {
  return (
    `the topic ${name} had ${before} partitions and has ${now} now: the coupons of other ` +
    'partitions than before would be decided apart. Stop every node'
  )
}

/** Asks one broker after the other; rejects with the last reason, or at once with a PortError. */
export async function askAnyBroker<Answer>(
  { brokers, links }: Cluster,
  question: (connection: Connection) => Promise<Answer>,
): Promise<Answer> {
  let reason = 'no Kafka broker answers'
  for (const broker of brokers()) {
    try {
      return await question(await links.to(broker))
    } catch (error) {
      if (error instanceof PortError) throw error
      reason = reasonOf(error)
    }
  }
  throw new Error(reason)
}

export type Outage = { failed(reason: string): void; worked(): void }

/** Warns once of an outage of `what` that outlasts a change of leaders, and once of its end. */
export function watchOutage({ clock, limits, onWarning }: Cluster, what: string): Outage {
  let since: number | null = null
  let warned = false
  return {
    failed(reason) {
      since ??= clock.monotonic()
      if (warned || clock.monotonic() - since < limits.outageMsMin) return
      warned = true
      onWarning(`${what} cannot be reached on Kafka now: ${reason}`)
    },
    worked() {
      if (warned) onWarning(`${what} can be reached on Kafka again`)
      since = null
      warned = false
    },
  }
}

/** Whose clock stamps a topic's batches, as Kafka names it: LogAppendTime, or CreateTime. */
export async function readTimeType(cluster: Cluster, topic: string): Promise<string> {
  const asked = {
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName: topic,
    configurationKeys: [timeTypeSetting],
  }
  const { results } = await askAnyBroker(cluster, (connection) => {
    return ask(connection, describeConfigsV4.api, [[asked], false, false])
  })
  return results[0]?.configs[0]?.value ?? 'unknown'
}
