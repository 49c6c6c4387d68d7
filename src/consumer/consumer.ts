// One consumer of orders: it takes its share of the partitions, and in each session reads all its
// topics there from the positions that are stored with their effects. The records of the retry
// topics have a loop of their own, so that what is tried again holds up nothing.

import { retryDelaysMs, retryTopics } from '../domain/orders/retries.ts'
import { partitionFor } from '../domain/partitioner.ts'
import type { Clock } from '../ports/clock.ts'
import { type Log, PortError } from '../ports/coupons.ts'
import type { ConsumerPosition } from '../ports/orders.ts'
import {
  followPartitions,
  type PartitionReader,
  stopAtGap,
  undecoded,
} from '../ports/partition-reader.ts'
import { BatchHandler, type ConsumerObserver, Fenced } from './batch-handler.ts'
import type { Chore, ConsumerWork } from './consumer-work.ts'
import { type MessageLoop, startMessageLoop } from './message-loop.ts'
import { createLane, type Lane, recordsPerLaneMax } from './partition-queue.ts'
import { checksOf } from './positions.ts'
import { type Retry, retrying } from './retry.ts'
import { type Session, type Share, sharePartitions } from './shared-partitions.ts'

export type ConsumerParts<Message, Wanted, Loaded, Changes, Help> = {
  work: ConsumerWork<Message, Wanted, Loaded, Changes, Help>
  log: Log
  clock: Clock
  observe?: ConsumerObserver | undefined
  /** Test-only: dies at a named point. */
  crashPoint?: ((name: string) => void) | undefined
  /** It has stopped for good. */
  onError(error: unknown): void
}
export type Consumer = {
  /** Where it stands in the partitions that it owns now. */
  positions(): { topic: string; partition: number; next: number }[]
  close(): Promise<void>
}
/** Records behind one that waits for help are held up by it; so it is soon postponed. */
const helpMsMax = 1_000
/** Nobody waits behind a record that is tried again. Three attempts bridge ten seconds. */
const helpAgainMsMax = 4_000
/** Every append would else be fetched by itself, by each consumer: most of what an order costs. */
const lingerMs = 5
/** Read and not yet taken, of one partition. */
const waitingMax = 2 * recordsPerLaneMax

export async function startConsumer<Message, Wanted, Loaded, Changes, Help>(
  parts: ConsumerParts<Message, Wanted, Loaded, Changes, Help>,
): Promise<Consumer> {
  const { work, log, clock, onError } = parts
  const [main] = work.inputs
  if (main === undefined) throw new Error(`${work.name} reads nothing`)
  const shared = await sharePartitions({
    log,
    clock,
    topic: main.topic,
    group: `firstcome.${work.name}`,
    startSession: (share) => new ConsumerSession(parts, share),
    onError,
  })
  return {
    positions() {
      const lanes = shared.session()?.lanes ?? []
      return lanes.map(({ topic, partition, next }) => ({ topic, partition, next }))
    },
    close: shared.close,
  }
}

class ConsumerSession<Message, Wanted, Loaded, Changes, Help> implements Session {
  lanes: Lane[] = []
  private readonly parts: ConsumerParts<Message, Wanted, Loaded, Changes, Help>
  private readonly share: Share
  private readonly ending = new AbortController()
  private readonly retry: Retry
  private readonly partitions: number
  private readonly main: BatchHandler<Message, Wanted, Loaded, Changes, Help>
  private readonly again: BatchHandler<Message, Wanted, Loaded, Changes, Help>
  private readonly begun: Promise<void>
  private loops: MessageLoop[] = []
  private readers: PartitionReader[] = []

  constructor(parts: ConsumerParts<Message, Wanted, Loaded, Changes, Help>, share: Share) {
    const { work, log, clock, observe } = parts
    const { signal } = this.ending
    this.parts = parts
    this.share = share
    this.retry = { clock, signal, onFailed: (error) => observe?.waiting(error) }
    this.partitions = log.partitionsOf(work.inputs[0]?.topic ?? '')
    const handling = { ...parts, retry: this.retry, partitions: this.partitions }
    this.main = new BatchHandler({ ...handling, helpMsMax })
    this.again = new BatchHandler({ ...handling, helpMsMax: helpAgainMsMax })
    this.begun = this.begin().catch((error: unknown) => this.failed(error))
  }

  async close(): Promise<void> {
    const clean = !this.ending.signal.aborted
    this.ending.abort()
    await this.begun
    for (const loop of this.loops) loop.wake()
    await Promise.all([...this.readers.map((reader) => reader.close()), ...this.loops.map(stopped)])
    // Nobody waits for it: what is not stored is only done again.
    if (clean) await this.main.settle(this.lanes).catch(() => {})
    this.lanes = []
  }

  private async begin(): Promise<void> {
    const { work } = this.parts
    const { signal } = this.ending
    const stored = await retrying(this.retry, () => work.store.positions())
    const topics = [...work.inputs.map(({ topic }) => topic), ...retryTopics]
    for (const topic of topics) this.lanes.push(...(await this.lanesOf(topic, stored)))
    if (signal.aborted) return
    const room = createRoom()
    this.loops = [this.startMain(room), this.startAgain(room)]
    for (const loop of this.loops) loop.done.catch((error: unknown) => this.failed(error))
    this.readers = topics.map((topic) => this.follow(topic, room))
  }

  private startMain(room: Room): MessageLoop {
    const { clock } = this.parts
    const lanes = this.lanes.filter(({ delayMs }) => delayMs === 0)
    return startMessageLoop({
      clock,
      signal: this.ending.signal,
      lanes,
      handle: (records) => this.main.handle(records).then(() => this.tellLagTools()),
      settle: () => this.main.settle(lanes),
      chore: this.chore(),
      onTaken: room.made,
    })
  }

  private startAgain(room: Room): MessageLoop {
    const { clock } = this.parts
    const lanes = this.lanes.filter(({ delayMs }) => delayMs > 0)
    return startMessageLoop({
      clock,
      signal: this.ending.signal,
      lanes,
      handle: (records) => this.again.handle(records),
      settle: () => this.again.settle(lanes),
      onTaken: room.made,
    })
  }

  private async lanesOf(topic: string, stored: readonly ConsumerPosition[]): Promise<Lane[]> {
    const { work, log } = this.parts
    const bounds = await retrying(this.retry, () => log.bounds(topic))
    const delayMs = retryDelaysMs[retryTopics.findIndex((one) => one === topic)] ?? 0
    return this.share.partitions.map((partition) => {
      const at = stored.find((one) => one.topic === topic && one.partition === partition)
      const end = bounds[partition]?.end ?? 0
      if (at !== undefined && at.next > end) throw recordsLost(work.name, at, end)
      return createLane({ topic, partition, delayMs, stored: at, end })
    })
  }

  private follow(topic: string, room: Room): PartitionReader {
    const { log, clock } = this.parts
    const lanes = new Map(
      this.lanes.flatMap((lane) => {
        return lane.topic === topic ? [[lane.partition, lane] as const] : []
      }),
    )
    return followPartitions({
      log,
      topic,
      from: new Map([...lanes].map(([partition, { published }]) => [partition, published])),
      lingerMs,
      decode: undecoded,
      onMessage: (record) => {
        lanes.get(record.partition)?.waiting.push({ record, readAt: clock.now() })
      },
      onGap: stopAtGap,
      onBatch: ({ partition }) => {
        for (const loop of this.loops) loop.wake()
        const waiting = lanes.get(partition)?.waiting.length ?? 0
        return waiting < waitingMax ? undefined : room.wait()
      },
      onError: (error) => this.failed(error),
    })
  }

  private chore() {
    const { work } = this.parts
    if (work.chore === undefined) return undefined
    const given: Chore = {
      partitions: this.share.partitions,
      checks: (topic) => checksOf(this.lanes.filter((lane) => lane.topic === topic)),
      partitionOf: (key) => partitionFor(key, this.partitions),
      publish: (records) => this.main.publish(records),
      fenced() {
        throw new Fenced()
      },
    }
    const run = work.chore.start(given)
    return { everyMs: work.chore.everyMs, run: () => retrying(this.retry, run) }
  }

  private tellLagTools(): Promise<void> {
    const topic = this.parts.work.inputs[0]?.topic
    const own = this.lanes.filter((lane) => lane.topic === topic)
    return this.share.membership.commit(
      new Map(own.map(({ partition, next }) => [partition, next])),
    )
  }

  private failed(error: unknown): void {
    if (this.ending.signal.aborted) return
    this.ending.abort()
    for (const loop of this.loops) loop.wake()
    if (error instanceof Fenced) this.share.onFenced()
    else this.parts.onError(error)
  }
}

function stopped(loop: MessageLoop): Promise<void> {
  return loop.done.catch(() => {})
}

type Room = { made(): void; wait(): Promise<void> }

/** Where a lane is full its reader waits until some records have been taken. */
function createRoom(): Room {
  let waiting: (() => void)[] = []
  return {
    made() {
      for (const resolve of waiting) resolve()
      waiting = []
    },
    wait: () => new Promise((resolve) => waiting.push(resolve)),
  }
}

function recordsLost(name: string, at: ConsumerPosition, end: number): PortError {
  const where = `partition ${at.partition} of ${at.topic}`
  const message = `${name} has read ${where} up to ${at.next}, but it ends at ${end}`
  return new PortError('log_damaged', `${message}: records are lost. Restore the log`)
}
