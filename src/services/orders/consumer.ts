// One consumer of orders: it takes its share of the partitions, and in each session reads all its
// topics there from the positions that are stored with their effects. The records of the retry
// topics have a loop of their own, so that what is tried again holds up nothing.

import { retryDelaysMs, retryTopics } from '../../domain/orders/retries.ts'
import { partitionFor } from '../../domain/partitioner.ts'
import { type Clock, type Log, type LogBatch, PortError, type Tail } from '../../ports.ts'
import type { ConsumerPosition } from '../../ports-orders.ts'
import { type Retry, retrying } from '../retrying.ts'
import {
  type Session,
  type Share,
  type SharedPartitions,
  sharePartitions,
} from '../shared-partitions.ts'
import { type ConsumerObserver, createBatchHandler, Fenced } from './batch-handler.ts'
import type { Chore, ConsumerWork } from './consumer-work.ts'
import { createLane, type Lane, recordsPerLaneMax } from './lanes.ts'
import { type MessageLoop, startMessageLoop } from './message-loop.ts'

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
type ConsumerSession = Session & { lanes(): readonly Lane[] }

/** Records behind one that waits for help are held up by it; so it is soon postponed. */
const helpMsMax = 1_000
/** Nobody waits behind a record that is tried again. Three attempts bridge ten seconds. */
const helpAgainMsMax = 4_000
/** Every append would else be fetched by itself, by each consumer: most of what an order costs. */
const gatherMs = 5
/** Read and not yet taken, of one partition. */
const waitingMax = 2 * recordsPerLaneMax

export async function startConsumer<Message, Wanted, Loaded, Changes, Help>(
  parts: ConsumerParts<Message, Wanted, Loaded, Changes, Help>,
): Promise<Consumer> {
  const { work, log, clock, onError } = parts
  const [main] = work.inputs
  if (main === undefined) throw new Error(`${work.name} reads nothing`)
  const shared: SharedPartitions<ConsumerSession> = await sharePartitions({
    log,
    clock,
    topic: main.topic,
    group: `firstcome.${work.name}`,
    startSession: (share) => startSession(parts, share),
    onError,
  })
  return {
    positions() {
      const lanes = shared.session()?.lanes() ?? []
      return lanes.map(({ topic, partition, next }) => ({ topic, partition, next }))
    },
    close: shared.close,
  }
}

function startSession<Message, Wanted, Loaded, Changes, Help>(
  parts: ConsumerParts<Message, Wanted, Loaded, Changes, Help>,
  share: Share,
): ConsumerSession {
  const { work, log, clock, observe } = parts
  const ending = new AbortController()
  const { signal } = ending
  const retry: Retry = { clock, signal, onFailed: (error) => observe?.waiting(error) }
  const partitions = log.partitionsOf(work.inputs[0]?.topic ?? '')
  const handling = { ...parts, retry, partitions }
  const main = createBatchHandler({ ...handling, helpMsMax })
  const again = createBatchHandler({ ...handling, helpMsMax: helpAgainMsMax })
  let lanes: Lane[] = []
  let loops: MessageLoop[] = []
  let tails: Tail[] = []

  function failed(error: unknown): void {
    if (signal.aborted) return
    ending.abort()
    for (const loop of loops) loop.wake()
    if (error instanceof Fenced) share.onFenced()
    else parts.onError(error)
  }

  async function begin(): Promise<void> {
    const stored = await retrying(retry, () => work.store.positions())
    const topics = [...work.inputs.map(({ topic }) => topic), ...retryTopics]
    for (const topic of topics) lanes.push(...(await lanesOf(topic, stored)))
    if (signal.aborted) return
    const isAgain = (lane: Lane) => lane.delayMs > 0
    const room = createRoom()
    const common = { clock, signal, onTaken: room.made }
    loops = [
      startMessageLoop({
        ...common,
        lanes: lanes.filter((lane) => !isAgain(lane)),
        settle: () => main.settle(lanes.filter((lane) => !isAgain(lane))),
        handle: (records) => main.handle(records).then(tellLagTools),
        chore: choreOf(),
      }),
      startMessageLoop({
        ...common,
        lanes: lanes.filter(isAgain),
        settle: () => again.settle(lanes.filter(isAgain)),
        handle: again.handle,
      }),
    ]
    for (const loop of loops) loop.done.catch(failed)
    tails = topics.map((topic) => tailOf(topic, room))
  }

  function tellLagTools(): Promise<void> {
    const own = lanes.filter(({ topic }) => topic === work.inputs[0]?.topic)
    return share.membership.commit(new Map(own.map(({ partition, next }) => [partition, next])))
  }

  async function lanesOf(topic: string, stored: readonly ConsumerPosition[]): Promise<Lane[]> {
    const bounds = await retrying(retry, () => log.bounds(topic))
    const delayMs = retryDelaysMs[retryTopics.findIndex((one) => one === topic)] ?? 0
    return share.partitions.map((partition) => {
      const at = stored.find((one) => one.topic === topic && one.partition === partition)
      const end = bounds[partition]?.end ?? 0
      if (at !== undefined && at.next > end) throw recordsLost(work.name, at, end)
      return createLane({ topic, partition, delayMs, stored: at, end })
    })
  }

  function tailOf(topic: string, room: Room): Tail {
    const own = lanes.filter((lane) => lane.topic === topic)
    const from = new Map(own.map(({ partition, end }) => [partition, end]))
    return log.tail({ topic, from, gatherMs, onBatch, onError: failed })

    function onBatch({ partition, records }: LogBatch): Promise<void> | undefined {
      const lane = own.find((one) => one.partition === partition)
      if (lane === undefined) return undefined
      const readAt = clock.now()
      for (const record of records) {
        if (record.offset !== lane.end) throw gap(lane, record.offset)
        lane.end += 1
        lane.waiting.push({ record, readAt })
      }
      for (const loop of loops) loop.wake()
      return lane.waiting.length < waitingMax ? undefined : room.wait()
    }
  }

  function choreOf() {
    const { chore } = work
    if (chore === undefined) return undefined
    const given: Chore = {
      partitions: share.partitions,
      checks: (topic) =>
        lanes
          .filter((lane) => lane.topic === topic)
          .map(({ partition, next }) => ({ topic, partition, expected: next })),
      partitionOf: (key) => partitionFor(key, partitions),
      publish: main.publish,
      fenced() {
        throw new Fenced()
      },
    }
    const run = chore.start(given)
    return { everyMs: chore.everyMs, run: () => retrying(retry, run) }
  }

  const begun = begin().catch(failed)
  return {
    lanes: () => lanes,
    async close() {
      const clean = !signal.aborted
      ending.abort()
      await begun
      for (const loop of loops) loop.wake()
      await Promise.all([...tails.map((tail) => tail.close()), ...loops.map(stopped)])
      // Nobody waits for it: what is not stored is only done again.
      if (clean) await main.settle(lanes).catch(() => {})
      lanes = []
    },
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

function gap(lane: Lane, found: number): PortError {
  const where = `partition ${lane.partition} of ${lane.topic}`
  return new PortError('log_damaged', `${where} goes on at ${found}, but ${lane.end} is next`)
}
