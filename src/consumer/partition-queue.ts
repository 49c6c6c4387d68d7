// The records of one partition that have been read and not yet taken, and how far its consumer has
// come. It also finds poison pills, records that kill the process: after a start that was not
// preceded by a clean stop one may lie ahead. Where much lies ahead it is taken in small batches,
// then one by one; and what two processes died of while they tried it alone is poison.

import type { Moment } from '../ports/clock.ts'
import type { LogRecord } from '../ports/log.ts'
import type { ConsumerPosition } from '../ports/orders.ts'

/** `patienceMs`: how long it may wait for company; 0: somebody waits for what it means. */
export type Waiting = { record: LogRecord; readAt: Moment; patienceMs: number }
export type PartitionQueue = {
  topic: string
  partition: number
  /** How long a record waits before it is taken: of a retry topic. */
  delayMs: number
  /** As stored. */
  next: number
  tries: number
  /** Below it all that followed is published, and what is stored of that. */
  published: number
  storedPublished: number
  waiting: Waiting[]
  detection: PoisonPillDetection
}
/**
 * `tries`, as they are stored: 0, all is well; 1, a session is at work, or died; 2, another died
 * of a small batch; 3 and 4, one and two died of the next record, tried alone. `until`: the offset
 * behind which there can be no poison.
 */
export type PoisonPillDetection = { tries: number; until: number }

/** Of one partition in one batch. */
export const recordsPerPartitionMax = 1_000
/** So few that trying them one by one is a matter of moments. */
const smallBatchMax = 30
/** So many need not wait for more company. */
const companyMin = 100
const [atWork, ofSmallBatch, ofItAlone, ofItAloneAgain] = [1, 2, 3, 4] as const

type QueueStart = Pick<PartitionQueue, 'topic' | 'partition' | 'delayMs'> & {
  stored: ConsumerPosition | undefined
  /** Of the log, as it stands at the start. */
  end: number
}

export function createQueue({ stored, end, ...queue }: QueueStart): PartitionQueue {
  const { next, published, tries } = stored ?? { next: 0, published: 0, tries: 0 }
  const reach = tries >= ofSmallBatch ? smallBatchMax : recordsPerPartitionMax
  const detection = { tries, until: tries === 0 ? next : Math.min(end, next + reach) }
  return { ...queue, next, tries, published, storedPublished: published, waiting: [], detection }
}

/** Whether its next record is to be tried alone. */
export function isTriedAlone({ detection, next }: PartitionQueue): boolean {
  if (next >= detection.until) return false
  return detection.tries >= ofSmallBatch || detection.until - next <= smallBatchMax
}

/** Whether two processes died of its next record alone. */
export function isPoison(queue: PartitionQueue): boolean {
  return isTriedAlone(queue) && queue.detection.tries >= ofItAloneAgain
}

/** What has to be stored before its records are tried, so that a death while trying is counted. */
export function triesBefore(queue: PartitionQueue): number {
  if (queue.next >= queue.detection.until) return atWork
  if (!isTriedAlone(queue)) return ofSmallBatch
  return queue.detection.tries >= ofItAlone ? ofItAloneAgain : ofItAlone
}

/** Whether that is not stored yet. */
export function isUnmarked(queue: PartitionQueue): boolean {
  return queue.tries !== triesBefore(queue)
}

/** What is stored with the position once its records are done. */
export function triesAfter({ detection }: PartitionQueue, next: number): number {
  return next >= detection.until ? atWork : Math.min(detection.tries, ofSmallBatch)
}

/** Its next record was survived or given up: what was counted against it is not the next one's. */
export function passed({ detection }: PartitionQueue): void {
  detection.tries = Math.min(detection.tries, ofSmallBatch)
}

/** Whether there can be no poison in what it has taken. */
export function isSound({ next, detection }: PartitionQueue): boolean {
  return next >= detection.until
}

/** Whether a rest should store that all was published. */
export function isUnsettled(queue: PartitionQueue): boolean {
  const { published, storedPublished, next } = queue
  return isSound(queue) && Math.min(published, next) > storedPublished
}

/** The first waiting records whose time has come. */
export function dueOf(queue: PartitionQueue, now: Moment): Waiting[] {
  const few = queue.waiting.slice(0, batchMaxOf(queue))
  if (queue.delayMs === 0) return few
  const notYet = few.findIndex(({ readAt }) => now < readAt + queue.delayMs)
  return notYet === -1 ? few : few.slice(0, notYet)
}

function batchMaxOf(queue: PartitionQueue): number {
  if (queue.next >= queue.detection.until) return recordsPerPartitionMax
  return isTriedAlone(queue) ? 1 : smallBatchMax
}

/** When its records are due; never where none waits. */
export function dueAt({ waiting, delayMs }: PartitionQueue): Moment {
  const [first] = waiting
  if (first === undefined) return Number.POSITIVE_INFINITY
  const own = first.readAt + delayMs
  if (waiting.length >= companyMin) return own
  return Math.max(own, Math.min(...waiting.map((one) => one.readAt + one.patienceMs)))
}
