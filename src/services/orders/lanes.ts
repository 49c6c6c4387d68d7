// One lane for each partition of each topic that a consumer reads: the records that wait, and how
// far it has come. After a start that was not preceded by a clean stop a lane is cautious: what
// killed the process may lie before it. It then takes few records at a time, then one alone, and
// what three processes in a row did not survive is given up.

import type { Instant, LogRecord } from '../../ports.ts'
import type { ConsumerPosition } from '../../ports-orders.ts'

export type Waiting = { record: LogRecord; readAt: Instant }
export type Lane = {
  topic: string
  partition: number
  /** How long a record waits before it is taken: of a retry topic. */
  delayMs: number
  /** As stored. */
  next: number
  tries: number
  /** Below it all that followed is published. */
  published: number
  /** Where reading goes on; behind the last record that waits. */
  end: number
  waiting: Waiting[]
  caution: Caution
}
/** `tries`: as the start found them. `until`: the offset behind which nothing is suspected. */
export type Caution = { tries: number; until: number }

/** Of one lane in one batch. */
export const recordsPerLaneMax = 1_000
/** So few that trying them one by one is a matter of moments. */
const suspectsMax = 30
/** Processes that did not survive a record before it is given up. */
export const triesMax = 3

export type LaneStart = {
  topic: string
  partition: number
  delayMs: number
  stored: ConsumerPosition | undefined
  /** Of the log, as it stands at the start. */
  end: number
}

export function createLane({ stored, end, ...lane }: LaneStart): Lane {
  const { next, published, tries } = stored ?? { next: 0, published: 0, tries: 0 }
  const reach = tries >= 2 ? suspectsMax : recordsPerLaneMax
  const caution = { tries, until: tries === 0 ? next : Math.min(end, next + reach) }
  return { ...lane, next, tries, published, end: published, waiting: [], caution }
}

/** Whether the lane has to be tried alone, one record at a time. */
export function isSuspect(lane: Lane): boolean {
  return lane.caution.tries >= 2 && lane.next < lane.caution.until
}

/** Whether its next record has been survived by nobody so often that it is given up. */
export function isGivenUp(lane: Lane): boolean {
  return isSuspect(lane) && lane.caution.tries >= triesMax
}

/** How many records the next batch may take from it. */
export function allowanceOf(lane: Lane): number {
  if (lane.next >= lane.caution.until) return recordsPerLaneMax
  return isSuspect(lane) ? 1 : suspectsMax
}

/** What has to be stored before its records are tried, so that a death while trying is counted. */
export function triesBefore(lane: Lane): number {
  if (lane.next >= lane.caution.until) return 1
  return Math.min(lane.caution.tries + 1, triesMax)
}

/** What is stored with the position once its records are done. */
export function triesAfter(lane: Lane, next: number): number {
  if (next >= lane.caution.until) return 1
  return Math.min(lane.caution.tries, 2)
}

/** The first waiting records whose time has come. */
export function dueOf(lane: Lane, now: Instant): Waiting[] {
  const few = lane.waiting.slice(0, allowanceOf(lane))
  if (lane.delayMs === 0) return few
  const notYet = few.findIndex(({ readAt }) => now < readAt + lane.delayMs)
  return notYet === -1 ? few : few.slice(0, notYet)
}

/** When the first waiting record is due; null where none waits. */
export function dueAt(lane: Lane): Instant | null {
  const [first] = lane.waiting
  return first === undefined ? null : first.readAt + lane.delayMs
}
