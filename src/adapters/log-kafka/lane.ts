// What is appended to one partition, in order: what waits, and the one batch that is under way.

import type { Moment } from '../../ports/clock.ts'
import {
  type Batch,
  type BatchLimits,
  endPart,
  type Failure,
  type Part,
  settle,
  takeBatch,
} from './batches.ts'

export type Lane = {
  topic: string
  partition: number
  queue: Part[]
  /** Entries that are under way or in the queue. */
  waiting: number
  /** In flight, or to be sent again. */
  batch: Batch | null
  /** When the batch was taken, or the one before. */
  begunAt: Moment
  state: 'ready' | 'asking' | 'resting'
  /** Whether its last try failed. */
  failing: boolean
  /** Of its next batch; null: none was sent under any. */
  numbers: Numbers | null
}
/** A broker stores a batch of the same numbers once. */
export type Numbers = { producerId: bigint; epoch: number; sequence: number }

export function createLane(topic: string, partition: number): Lane {
  const empty = { queue: [], waiting: 0, batch: null, begunAt: 0, numbers: null }
  return { topic, partition, ...empty, state: 'ready', failing: false }
}

export function laneName({ topic, partition }: Lane): string {
  return `${topic}/${partition}`
}

export function isEmpty({ batch, queue }: Lane): boolean {
  return batch === null && queue.length === 0
}

export function add(lane: Lane, part: Part): void {
  lane.queue.push(part)
  lane.waiting += part.indexes.length
}

/** Its batch, a new one where the one before was decided. */
export function takeNext(lane: Lane, limits: BatchLimits, now: Moment): Batch | null {
  if (lane.batch !== null) return lane.batch
  lane.batch = takeBatch(lane.queue, limits)
  lane.begunAt = now
  return lane.batch
}

/** Its batch is stored or given up: the next one may be taken. */
export function endBatch(lane: Lane, batch: Batch): void {
  lane.batch = null
  lane.state = 'ready'
  settle(batch, lane.queue)
  lane.waiting = lane.queue.reduce((sum, { indexes, taken }) => sum + indexes.length - taken, 0)
}

/** What has waited for too long, and was not begun. */
export function refuseLate(lane: Lane, now: Moment): void {
  const why = { reason: 'Kafka has not answered others for too long', retryable: true }
  for (let [part] = lane.queue; part !== undefined && part.taken === 0; [part] = lane.queue) {
    if (now <= part.beginBefore) return
    lane.queue.shift()
    lane.waiting -= part.indexes.length
    endPart(part, why)
  }
}

/** What was not begun. */
export function refuseWaiting(lane: Lane, why: Failure): void {
  const refused = lane.queue.filter(({ taken }) => taken === 0)
  lane.queue = lane.queue.filter(({ taken }) => taken > 0)
  for (const part of refused) endPart(part, why)
}
