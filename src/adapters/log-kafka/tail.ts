// Follows the partitions of a topic from given offsets, with one fetch loop per broker that leads
// some of them. While a broker is away it keeps trying. It ends where what it has read, or wants
// to read, is no longer in the log.

import { type Moment, RecentLoad, sleep } from '../../ports/clock.ts'
import type { LogPlace, Tail, TailOptions } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { type Cluster, type Outage, readTimeType, watchOutage } from './cluster.ts'
import { ask, errorName, type Links, reasonOf } from './connection.ts'
import { decodeBatches } from './record-batch.ts'
import { type FetchedPartition, fetchApi } from './requests.ts'
import { remedy, timeTypeSetting, topicSettings } from './topics.ts'

export function followKafka(cluster: Cluster, options: TailOptions): Tail {
  const tail = new KafkaTail(cluster, options)
  queueMicrotask(() => tail.startLoops())
  return { lastReadAt: (partition) => tail.lastReadAt(partition), close: () => tail.close() }
}

/** A partition that is followed. */
type Followed = {
  partition: number
  next: number
  /** Under which leader the last record was written; −1: none was read. */
  readEpoch: number
  /** When nothing more was to be read. */
  readAt: Moment
  /** Whether the last question about it failed, and until when it is left alone. */
  failing: boolean
  restsUntil: Moment
}

/** It may pass: the broker is away, or another one leads now. */
class Transient extends Error {}

class KafkaTail {
  private readonly cluster: Cluster
  private readonly options: TailOptions
  private readonly followed: readonly Followed[]
  private readonly byPartition: ReadonlyMap<number, Followed>
  /** A broker answers a question after this even where nothing is new. */
  private readonly waitMsMax: number
  private readonly links: Links
  private readonly outage: Outage
  private readonly ending = new AbortController()
  /** By the broker that each reads from. */
  private readonly loops = new Map<number, Promise<void>>()
  /** What comes alone is given on at once. */
  private readonly load: RecentLoad
  private rounds = 0
  private toldUnstamped = false
  /** The last batch that was given to the reader. */
  private giving: Promise<void> = Promise.resolve()

  constructor(cluster: Cluster, options: TailOptions) {
    this.cluster = cluster
    this.options = options
    this.load = new RecentLoad(cluster.clock)
    this.followed = [...options.from].map(([partition, next]) => {
      return {
        partition,
        next,
        readEpoch: -1,
        readAt: Number.NEGATIVE_INFINITY,
        failing: false,
        restsUntil: 0,
      }
    })
    this.byPartition = new Map(this.followed.map((state) => [state.partition, state]))
    this.waitMsMax = Math.max(cluster.limits.fetchMsMax, options.restMsMax ?? 0)
    this.links = cluster.newLinks(cluster.limits.requestMsMax + this.waitMsMax)
    this.outage = watchOutage(cluster, options.topic)
  }

  lastReadAt(partition: number): Moment {
    return this.byPartition.get(partition)?.readAt ?? Number.NEGATIVE_INFINITY
  }

  async close(): Promise<void> {
    this.end()
    await Promise.all(this.loops.values())
  }

  /** One for every leader of a followed partition that has none. */
  startLoops(): void {
    if (this.ending.signal.aborted) return
    try {
      for (const node of new Set(this.followed.map((state) => this.nodeOf(state)))) {
        if (this.loops.has(node)) continue
        // It begins in a later turn: by then it is known to have been started.
        const loop = Promise.resolve().then(() => this.read(node))
        this.loops.set(
          node,
          loop.catch((error: unknown) => this.fail(error)),
        )
      }
    } catch (error) {
      this.fail(error)
    }
  }

  private fail(error: unknown): void {
    if (this.ending.signal.aborted) return
    this.end()
    this.options.onError(error)
  }

  /** Cuts the connections, so that what waits for a broker ends now. */
  private end(): void {
    this.ending.abort()
    this.links.close()
  }

  private nodeOf({ partition }: Followed): number {
    return this.cluster.topic(this.options.topic).leaders[partition]?.node ?? -1
  }

  private async read(node: number): Promise<void> {
    const { signal } = this.ending
    const { lingerMs = 0 } = this.options
    const { clock } = this.cluster
    for (;;) {
      // Whoever asked the cluster has learnt who leads, perhaps somebody else than this tail.
      this.startLoops()
      const led = signal.aborted ? [] : this.followed.filter((it) => this.nodeOf(it) === node)
      // In the same turn: every partition has another loop, and whoever finds this one leading
      // again starts a new one.
      if (led.length === 0) return void this.loops.delete(node)
      const now = clock.monotonic()
      const able = led.filter(({ restsUntil }) => restsUntil <= now)
      // Each in turn comes first, so that a long one does not starve the others.
      const turn = this.rounds++ % Math.max(1, able.length)
      const wanted = [...able.slice(turn), ...able.slice(0, turn)]
      try {
        if (wanted.length === 0) throw new Transient('none of its partitions can be read')
        const fetched = await this.fetch(node, wanted)
        await this.take(wanted, fetched)
        if (lingerMs > 0 && this.load.isHigh()) await sleep(clock, lingerMs, signal)
      } catch (error) {
        if (signal.aborted) continue
        if (!(error instanceof Transient)) throw error
        for (const state of wanted)
          this.failed(state, `partition ${state.partition}: ${error.message}`)
        await this.cluster.waitAndRefresh(signal)
      }
    }
  }

  private failed(state: Followed, reason: string): void {
    state.failing = true
    this.outage.failed(reason)
  }

  private worked(state: Followed): void {
    state.failing = false
    if (this.followed.every(({ failing }) => !failing)) this.outage.worked()
  }

  private async fetch(node: number, wanted: readonly Followed[]): Promise<FetchedPartition[]> {
    const { cluster, links, waitMsMax } = this
    const { signal } = this.ending
    const { fetchBytesMax: bytesMax } = cluster.limits
    const { topicId, leaders } = cluster.topic(this.options.topic)
    const partitions = wanted.map(({ partition, next: offset, readEpoch }) => {
      return { partition, offset, readEpoch, leaderEpoch: leaders[partition]?.epoch ?? -1 }
    })
    const request = { topicId, partitions, waitMsMax, bytesMax }
    const send = async () => {
      return ask(await links.to(cluster.broker(node)), fetchApi, [request])
    }
    try {
      const answer = await cluster.fetches.fetch(node, request, { signal, send })
      if (answer === null) throw new Transient('the tail has ended')
      if (answer.errorCode !== 0) throw new Transient(errorName(answer.errorCode))
      return answer.partitions
    } catch (error) {
      throw error instanceof Transient ? error : new Transient(reasonOf(error))
    }
  }

  /** What fails in one partition does not keep the others waiting. */
  private async take(
    wanted: readonly Followed[],
    fetched: readonly FetchedPartition[],
  ): Promise<void> {
    const at = this.cluster.clock.monotonic()
    for (const part of fetched) {
      const state = wanted.find(({ partition }) => partition === part.partition)
      if (state === undefined) continue
      try {
        checkFetched(this.options.topic, part, state.next)
        // A leader's last answer may cross the first of its successor.
        const turn = this.giving.then(() => this.give(state, part))
        this.giving = turn.catch(() => {})
        await turn
        if (state.next >= part.end) state.readAt = at
        this.worked(state)
      } catch (error) {
        if (!(error instanceof Transient)) throw error
        this.failed(state, error.message)
        this.leaveAlone(state)
      }
    }
  }

  /** For a while, in which it may turn out that another broker leads it. */
  private leaveAlone(state: Followed): void {
    const { clock, limits } = this.cluster
    state.restsUntil = clock.monotonic() + limits.retryMs
    void this.cluster.refresh().then(
      () => this.startLoops(),
      () => {},
    )
  }

  /** One batch at a time, each record once. */
  private async give(state: Followed, { records: bytes }: FetchedPartition): Promise<void> {
    if (bytes === null || bytes.length === 0 || this.ending.signal.aborted) return
    const { partition, next: from } = state
    const { records, next, leaderEpoch, unstamped } = decodeBatches(bytes, { partition, from })
    if (next === from) return
    if (unstamped >= 0) await this.checkTimeType({ partition, offset: unstamped })
    state.next = next
    state.readEpoch = leaderEpoch
    this.load.took(records.length)
    if (records.length > 0) await this.options.onBatch({ partition, records })
  }

  /** Stops where writers' clocks decide now; where they once did, their times are history. */
  private async checkTimeType({ partition, offset }: LogPlace): Promise<void> {
    const { cluster } = this
    const { topic } = this.options
    const where = `offset ${offset} of partition ${partition} of ${topic}`
    const type = await readTimeType(cluster, topic).catch((error: unknown) => {
      throw new Transient(reasonOf(error))
    })
    const must = topicSettings[timeTypeSetting]?.must ?? ''
    if (type !== must) {
      throw damaged(
        `${where} has the time of who wrote it: ${timeTypeSetting} is ${type} now, so that the ` +
          `clock of whoever appends would decide. ${remedy(topic, timeTypeSetting, must)}`,
      )
    }
    if (this.toldUnstamped) return
    this.toldUnstamped = true
    cluster.onWarning(`${where} has the time of who wrote it: ${timeTypeSetting} was changed then`)
  }
}

const offsetOutOfRange = 1
const corruptMessage = 2

/** Throws what the partition's own part of the answer reports. */
function checkFetched(topic: string, fetched: FetchedPartition, next: number): void {
  const { partition, errorCode, start, end, divergesAt } = fetched
  const where = `partition ${partition} of ${topic}`
  if (errorCode === offsetOutOfRange) {
    const range = start >= 0 ? `, which has ${start} to ${end}` : ''
    throw damaged(
      `offset ${next} of ${where} is not in Kafka${range}: records were cut off (by retention, ` +
        'or the topic was made anew) or lost. Restore the topic',
    )
  }
  if (errorCode === corruptMessage) {
    throw damaged(`Kafka cannot read offset ${next} of ${where}: it is damaged`)
  }
  if (errorCode !== 0) throw new Transient(`${where}: ${errorName(errorCode)}`)
  if (divergesAt >= 0) {
    throw damaged(
      `${where} was rewritten from offset ${divergesAt} on: records that were read are gone, as ` +
        'after an unclean leader election. Restore the topic',
    )
  }
}

function damaged(message: string): PortError {
  return new PortError('log_damaged', message)
}
