// Where partitions begin and end. Each is asked of its own leader and answered by itself: one
// without a leader keeps no other waiting. What is asked of one leader at once goes together.

import { type Connection, listOffsetsV7 } from '@platformatic/kafka'
import type { Moment } from '../../ports/clock.ts'
import type { LogBounds } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import type { Cluster } from './cluster.ts'
import { ask, errorName, reasonOf } from './connection.ts'

type Place = { topic: string; partition: number }
type Asked = Place & PromiseWithResolvers<LogBounds> & { until: Moment }
type Offset = { offset: number; errorCode: number }

const earliest = -2n
const latest = -1n

/** The end is what survives the leader that is asked: no acknowledged record is behind it. */
export class BoundsReader {
  private readonly cluster: Cluster
  private waiting: Asked[] = []
  private readonly asking = new Set<number>()

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  read({ topic, partition }: Place): Promise<LogBounds> {
    const { clock, limits } = this.cluster
    const until = clock.monotonic() + limits.questionMsMax
    const one = { topic, partition, until, ...Promise.withResolvers<LogBounds>() }
    this.add(one)
    return one.promise
  }

  private add(one: Asked): void {
    this.waiting.push(one)
    queueMicrotask(() => this.askAll())
  }

  /** One question at a time to each leader, about all that came while it answered the last. */
  private askAll(): void {
    const byLeader = Map.groupBy(this.waiting, (one) => this.leaderOf(one))
    this.waiting = []
    for (const [node, own] of byLeader) {
      if (this.asking.has(node)) this.waiting.push(...own)
      else void this.askLeader(node, own)
    }
  }

  /** −1 where it has none, or its topic is not the one it was. */
  private leaderOf({ topic, partition }: Place): number {
    try {
      return this.cluster.topic(topic).leaders[partition]?.node ?? -1
    } catch {
      return -1
    }
  }

  private async askLeader(node: number, own: readonly Asked[]): Promise<void> {
    const { cluster } = this
    this.asking.add(node)
    try {
      const connection = await cluster.links.to(cluster.broker(node))
      // The start first: a start read after the end could lie behind it.
      const starts = await this.readOffsets(connection, own, earliest)
      const ends = await this.readOffsets(connection, own, latest)
      for (const one of own) {
        const [start, end] = [starts.get(nameOf(one)), ends.get(nameOf(one))]
        const errorCode = start?.errorCode || end?.errorCode
        if (errorCode) void this.tryAgain(one, new Error(errorName(errorCode)))
        else one.resolve({ start: start?.offset ?? 0, end: end?.offset ?? 0 })
      }
    } catch (error) {
      for (const one of own) void this.tryAgain(one, error)
    }
    this.asking.delete(node)
    this.askAll()
  }

  private async readOffsets(
    connection: Connection,
    own: readonly Asked[],
    timestamp: bigint,
  ): Promise<Map<string, Offset>> {
    const topics = [...Map.groupBy(own, ({ topic }) => topic)].map(([name, places]) => {
      const { leaders } = this.cluster.topic(name)
      // A broker refuses a question that names a partition twice; several may have asked for it.
      const wanted = new Set(places.map(({ partition }) => partition))
      const partitions = [...wanted].map((partition) => {
        const currentLeaderEpoch = leaders[partition]?.epoch ?? -1
        return { partitionIndex: partition, currentLeaderEpoch, timestamp }
      })
      return { name, partitions }
    })
    const answer = await ask(connection, listOffsetsV7.api, [-1, 0, topics])
    const found = new Map<string, Offset>()
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, errorCode, offset } of partitions) {
        const place = { topic: name, partition: partitionIndex }
        found.set(nameOf(place), { offset: Number(offset), errorCode })
      }
    }
    return found
  }

  private async tryAgain(one: Asked, reason: unknown): Promise<void> {
    const { cluster } = this
    try {
      cluster.topic(one.topic)
    } catch (damage) {
      return one.reject(damage)
    }
    if (cluster.clock.monotonic() >= one.until) {
      const message = `Kafka does not say where ${nameOf(one)} ends: ${reasonOf(reason)}`
      const options = { retryable: true, cause: reason }
      return one.reject(new PortError('log_unavailable', message, options))
    }
    await cluster.waitAndRefresh()
    this.add(one)
  }
}

function nameOf({ topic, partition }: Place): string {
  return `partition ${partition} of ${topic}`
}
