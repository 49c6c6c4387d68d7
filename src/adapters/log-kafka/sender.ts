// Sends the batches of lanes, again and again, until each is stored or given up. To a leader goes
// one request at a time, with the batches of all lanes that are ready, so that no lane waits for
// another leader; those whose last try failed go apart. A batch is in doubt from the moment its
// bytes may have left until a broker has said what became of it; it is worth a longer wait than
// one that was certainly refused.

import { type Batch, giveUp } from './batches.ts'
import type { Cluster } from './cluster.ts'
import { ask, isOpen, type Links, reasonOf, Unreachable } from './connection.ts'
import { createLane, endBatch, isEmpty, type Lane, refuseLate, takeNext } from './lane.ts'
import { Numbering } from './numbering.ts'
import { produceApi } from './requests.ts'

/** Bounds how long what comes for the same leader next waits for this request. */
const recordsInFlightMax = 20_000

/** A lane and its batch, of one request. */
type Try = { lane: Lane; batch: Batch }

export class Sender {
  private readonly cluster: Cluster
  private readonly numbering: Numbering
  private readonly links: { first: Links; again: Links }
  private readonly byTopic = new Map<string, Lane[]>()
  /** Routes with a request under way. */
  private readonly asking = new Set<string>()
  private resting: Promise<void> | null = null
  private woken = false
  private whenIdle = Promise.withResolvers<void>()

  constructor(cluster: Cluster) {
    this.cluster = cluster
    this.numbering = new Numbering(cluster)
    this.links = { first: cluster.newLinks(), again: cluster.newLinks() }
  }

  lane(topic: string, partition: number): Lane {
    const lanes = this.byTopic.get(topic) ?? []
    this.byTopic.set(topic, lanes)
    return (lanes[partition] ??= createLane(topic, partition))
  }

  lanes(): Lane[] {
    return [...this.byTopic.values()].flat()
  }

  /** To be called when something was put into a lane. What comes in the same turn goes together. */
  wake(): void {
    if (this.woken) return
    this.woken = true
    queueMicrotask(() => {
      this.woken = false
      this.sendReady()
    })
  }

  /** Resolves when nothing waits or is in flight. */
  idle(): Promise<void> {
    this.wake()
    return this.whenIdle.promise
  }

  close(): void {
    this.links.first.close()
    this.links.again.close()
  }

  private sendReady(): void {
    const now = this.cluster.clock.monotonic()
    const lanes = this.lanes()
    for (const lane of lanes) refuseLate(lane, now)
    const ready = lanes.filter((lane) => lane.state === 'ready' && !isEmpty(lane))
    for (const [route, theirs] of Map.groupBy(ready, (lane) => this.routeOf(lane))) {
      if (!this.asking.has(route)) void this.send(route, theirs)
    }
    if (!lanes.every(isEmpty)) return
    this.whenIdle.resolve()
    this.whenIdle = Promise.withResolvers()
  }

  private async send(route: string, lanes: readonly Lane[]): Promise<void> {
    this.asking.add(route)
    const tries = this.takeBatches(lanes)
    const [first] = lanes
    const links = first?.failing ? this.links.again : this.links.first
    const sound = tries.filter((one) => this.isSound(one))
    await this.ask(links, sound)
    this.asking.delete(route)
    for (const one of tries) this.tried(one)
    this.sendReady()
  }

  /** Of those that have waited longest, as many as may go at once. */
  private takeBatches(lanes: readonly Lane[]): Try[] {
    const { limits, clock } = this.cluster
    const now = clock.monotonic()
    const tries: Try[] = []
    let records = 0
    for (const lane of lanes.toSorted((a, b) => a.begunAt - b.begunAt)) {
      if (records >= recordsInFlightMax) break
      const batch = takeNext(lane, { ...limits, recordsPerBatchMax: recordsInFlightMax }, now)
      if (batch === null) continue
      records += batch.entries.length
      lane.state = 'asking'
      tries.push({ lane, batch })
    }
    return tries
  }

  /** False, and given up, where its topic is not the one it was. */
  private isSound({ lane, batch }: Try): boolean {
    try {
      this.cluster.topic(lane.topic)
    } catch (error) {
      giveUp(batch, { reason: reasonOf(error), retryable: false })
    }
    return batch.outcome === 'open'
  }

  /** By whom it goes, and whether apart: those of one route can share a request. */
  private routeOf(lane: Lane): string {
    return `${this.leaderOf(lane)} ${lane.failing}`
  }

  /** −1 where it has no leader, or its topic is not the one it was. */
  private leaderOf({ topic, partition }: Lane): number {
    try {
      return this.cluster.topic(topic).leaders[partition]?.node ?? -1
    } catch {
      return -1
    }
  }

  private async ask(links: Links, tries: readonly Try[]): Promise<void> {
    const [first] = tries
    if (first === undefined) return
    const node = this.leaderOf(first.lane)
    try {
      const partitions = await Promise.all(
        tries.map(async ({ lane, batch }) => {
          const { topic, partition } = lane
          return { topic, partition, batch: await this.numbering.encoded(lane, batch) }
        }),
      )
      const connection = await links.to(this.cluster.broker(node))
      if (!isOpen(connection)) throw new Unreachable('the connection was closed')
      const timeoutMs = this.cluster.limits.requestMsMax
      const asked = ask(connection, produceApi, [{ timeoutMs, partitions }])
      const answers = await asked.catch((error: unknown) => {
        for (const { batch } of tries) batch.inDoubt = true
        throw error
      })
      for (const { lane, batch } of tries) {
        const answer = answers.find((one) => {
          return one.topic === lane.topic && one.partition === lane.partition
        })
        this.numbering.learn(lane, batch, answer)
      }
    } catch (error) {
      const failure = { reason: `Kafka: ${reasonOf(error)}`, retryable: true }
      for (const { batch } of tries) if (batch.outcome === 'open') batch.failure = failure
    }
  }

  private tried({ lane, batch }: Try): void {
    const { limits, clock } = this.cluster
    const passed = clock.monotonic() - lane.begunAt
    const msMax = batch.inDoubt ? limits.appendMsMax : limits.refusedAppendMsMax
    if (batch.outcome === 'open' && passed >= msMax) giveUp(batch, batch.failure)
    lane.failing = batch.outcome !== 'stored'
    if (batch.outcome === 'open') return this.rest(lane)
    if (batch.outcome === 'given up' && batch.inDoubt) this.numbering.raiseEpoch(lane)
    endBatch(lane, batch)
  }

  /** Those that rest are tried again together. */
  private rest(lane: Lane): void {
    lane.state = 'resting'
    this.resting ??= this.cluster.waitAndRefresh().then(() => {
      this.resting = null
      for (const one of this.lanes()) if (one.state === 'resting') one.state = 'ready'
      this.sendReady()
    })
  }
}
