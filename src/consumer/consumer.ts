// One consumer of orders: it takes its share of the partitions, and in each session reads all its
// topics there from the positions that are stored with their effects. The records of the retry
// topics have a loop of their own, so that what is tried again holds up nothing; the transactions
// of both, and what there is to do besides, are done one at a time.

import { retryDelaysMs, retryTopics } from '../domain/orders/retries.ts'
import { partitionFor } from '../domain/partitioner.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { ConsumerName, ConsumerPosition } from '../ports/orders.ts'
import {
  followPartitions,
  type PartitionReader,
  stopAtGap,
  undecoded,
} from '../ports/partition-reader.ts'
import { PortError } from '../ports/port-error.ts'
import { retrying } from '../ports/retry.ts'
import { createSlots } from '../ports/slots.ts'
import { BatchHandler, type ConsumerObserver } from './batch-handler.ts'
import type { AnyWork } from './consumer-work.ts'
import { checksOf } from './entries.ts'
import { type MessageLoop, startMessageLoop } from './message-loop.ts'
import { createQueue, type PartitionQueue, recordsPerPartitionMax } from './partition-queue.ts'
import { presentEnds } from './present-ends.ts'
import { Fenced, type Session, type Share, sharePartitions } from './shared-partitions.ts'

export type ConsumerParts = {
  work: AnyWork
  log: Log
  clock: Clock
  observe?: ConsumerObserver | undefined
  /** It has stopped for good. */
  onError(error: unknown): void
}
export type Consumer = {
  /** Where it stands in the partitions that it owns now. */
  positions(): { topic: string; partition: number; next: number }[]
  close(): Promise<void>
}
/** Every append would else be fetched by itself, by each consumer: most of what an order costs. */
const lingerMs = 5
/** Each topic is asked for by itself, by each consumer: most of what they cost while they rest. */
const restMsMax = 2_000
/** What comes there waits for a second or two anyhow. */
const retriesRestMsMax = 5_000
/** Read and not yet taken, of one partition. */
const waitingMax = 2 * recordsPerPartitionMax

/** Whose members share its partitions out. */
export function consumerGroup(name: ConsumerName): string {
  return `firstcome.${name}`
}

export async function startConsumer(parts: ConsumerParts): Promise<Consumer> {
  const { work, log, clock, onError } = parts
  const [main] = work.inputs
  if (main === undefined) throw new Error(`${work.name} reads nothing`)
  const shared = await sharePartitions({
    log,
    clock,
    topic: main.topic,
    group: consumerGroup(work.name),
    createSession: (share) => new ConsumerSession(parts, share),
    onRetry: (error) => parts.observe?.waiting(error),
    onError,
  })
  return {
    positions() {
      const queues = shared.session()?.queues ?? []
      return queues.map(({ topic, partition, next }) => ({ topic, partition, next }))
    },
    close: shared.close,
  }
}

class ConsumerSession implements Session {
  queues: PartitionQueue[] = []
  private readonly parts: ConsumerParts
  private readonly share: Share
  private readonly partitions: number
  private readonly handler: BatchHandler
  private readonly turns = createSlots(1)
  /** Of the share, those that can be read. */
  private present: readonly number[] = []
  private loops: MessageLoop[] = []
  private readers: PartitionReader[] = []

  constructor(parts: ConsumerParts, share: Share) {
    this.parts = parts
    this.share = share
    this.partitions = parts.log.partitionsOf(parts.work.inputs[0]?.topic ?? '')
    const { retry } = share
    const { partitions, turns } = this
    this.handler = new BatchHandler({ ...parts, retry, partitions, turns })
  }

  async begin(): Promise<void> {
    const { work } = this.parts
    const { retry, signal, fail } = this.share
    const stored = await retrying(retry, () => work.store.positions())
    const topics = [...work.inputs.map(({ topic }) => topic), ...retryTopics]
    await this.open(topics, stored)
    if (signal.aborted) return
    const pressure = createBackPressure()
    this.loops = [false, true].map((again) => this.startLoop(again, pressure.ease))
    for (const loop of this.loops) loop.done.catch(fail)
    this.readers = topics.map((topic) => this.follow(topic, pressure))
  }

  async close(failed: boolean): Promise<void> {
    const loops = this.loops.map((loop) => loop.done.catch(() => {}))
    await Promise.all([...this.readers.map((reader) => reader.close()), ...loops])
    // Nobody waits for it: what is not stored is only done again.
    if (!failed) await this.handler.end(this.queues).catch(() => {})
    this.queues = []
  }

  /** `again`: of the records that are tried again. */
  private startLoop(again: boolean, onTaken: () => void): MessageLoop {
    const queues = this.queues.filter(({ delayMs }) => again === delayMs > 0)
    return startMessageLoop({
      clock: this.parts.clock,
      signal: this.share.signal,
      queues,
      handle: async (records) => {
        await this.handler.handle(records, again ? [] : queues)
        if (!again) await this.tellLagTools()
      },
      task: again ? undefined : this.task(),
      settle: () => this.handler.settle(queues),
      onTaken,
    })
  }

  /** What the fences of a partition stand on is all of its topics, or it is left out. */
  private async open(
    topics: readonly string[],
    stored: readonly ConsumerPosition[],
  ): Promise<void> {
    const { parts, share } = this
    const asked = topics.map(async (topic) => presentEnds({ ...parts, share }, topic))
    const ends = await Promise.all(asked)
    this.present = share.partitions.filter((partition) => ends.every((of) => of.has(partition)))
    for (const [n, topic] of topics.entries()) {
      const delayMs = retryDelaysMs[retryTopics.findIndex((one) => one === topic)] ?? 0
      for (const partition of this.present) {
        const at = stored.find((one) => one.topic === topic && one.partition === partition)
        const end = ends[n]?.get(partition)?.end ?? 0
        if (at !== undefined && at.next > end) throw recordsLost(parts.work.name, at, end)
        this.queues.push(createQueue({ topic, partition, delayMs, stored: at, end }))
      }
    }
  }

  private follow(topic: string, pressure: BackPressure): PartitionReader {
    const { log, clock } = this.parts
    const own = this.queues.filter((queue) => queue.topic === topic)
    const queues = new Map(own.map((queue) => [queue.partition, queue]))
    const input = this.parts.work.inputs.find((one) => one.topic === topic)
    return followPartitions({
      log,
      topic,
      from: new Map(own.map(({ partition, published }) => [partition, published])),
      lingerMs,
      restMsMax: own.some(({ delayMs }) => delayMs > 0) ? retriesRestMsMax : restMsMax,
      decode: undecoded,
      onMessage: (record) => {
        const patienceMs = input?.patienceMs?.(record.headers?.['ce_type'] ?? '', record.value) ?? 0
        const waiting = { record, readAt: clock.monotonic(), patienceMs }
        queues.get(record.partition)?.waiting.push(waiting)
      },
      onGap: stopAtGap,
      onBatch: ({ partition }) => {
        for (const loop of this.loops) loop.wake()
        const waiting = queues.get(partition)?.waiting.length ?? 0
        return waiting < waitingMax ? undefined : pressure.wait()
      },
      onError: this.share.fail,
    })
  }

  private task(): (() => Promise<number>) | undefined {
    const { task } = this.parts.work
    if (task === undefined) return undefined
    const run = task.start({
      partitions: this.present,
      checks: (topic) => checksOf(this.queues.filter((queue) => queue.topic === topic)),
      partitionOf: (key) => partitionFor(key, this.partitions),
      publish: (records) => this.handler.publish(records),
      wake: (ms) => this.loops[0]?.wakeTask(ms),
      fenced() {
        throw new Fenced()
      },
    })
    return () => this.turns.run(() => retrying(this.share.retry, run))
  }

  private tellLagTools(): Promise<void> {
    const topic = this.parts.work.inputs[0]?.topic
    const own = this.queues.filter((queue) => queue.topic === topic)
    return this.share.membership.commit(
      new Map(own.map(({ partition, next }) => [partition, next])),
    )
  }
}

type BackPressure = { ease(): void; wait(): Promise<void> }

/** Where a queue is full its reader waits until some records have been taken. */
function createBackPressure(): BackPressure {
  let eased = Promise.withResolvers<void>()
  return {
    ease() {
      eased.resolve()
      eased = Promise.withResolvers()
    },
    wait: () => eased.promise,
  }
}

function recordsLost(name: string, at: ConsumerPosition, end: number): PortError {
  const where = `partition ${at.partition} of ${at.topic}`
  const message = `${name} has read ${where} up to ${at.next}, but it ends at ${end}`
  return new PortError('log_damaged', `${message}: records are lost. Restore the log`)
}
