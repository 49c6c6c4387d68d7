// One lane for each partition of each topic that a consumer reads: the records that wait, and how
// far it has come. After a start that was not preceded by a clean stop a lane is cautious: what
// killed the process may lie before it. Where that is much it takes few records at a time, then
// one alone; and what two processes died of while they tried it alone is given up.

import type { Instant } from '../ports/clock.ts'
import type { LogRecord } from '../ports/coupons.ts'
import type { ConsumerPosition } from '../ports/orders.ts'

export type Waiting = { record: LogRecord; readAt: Instant }
export type Lane = {
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
  caution: Caution
}
/**
 * Why a lane is cautious. `tries`, as they are stored: 0, all is well; 1, a process died at work;
 * 2, another died of some few; 3 and 4, one and two died of the next record, tried alone.
 * `until`: the offset behind which nothing is suspected.
 */
export type Caution = { tries: number; until: number }

/** Of one lane in one batch. */
export const recordsPerLaneMax = 1_000
/** So few that trying them one by one is a matter of moments. */
const suspectsMax = 30
const [atWork, ofFew, ofItAlone, ofItAloneAgain] = [1, 2, 3, 4] as const

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
  const reach = tries >= ofFew ? suspectsMax : recordsPerLaneMax
  const caution = { tries, until: tries === 0 ? next : Math.min(end, next + reach) }
  return { ...lane, next, tries, published, storedPublished: published, waiting: [], caution }
}

/** Whether the lane has to be tried alone, one record at a time. */
export function isSuspect({ caution, next }: Lane): boolean {
  if (next >= caution.until) return false
  return caution.tries >= ofFew || caution.until - next <= suspectsMax
}

/** Whether two processes died of its next record alone. */
export function isGivenUp(lane: Lane): boolean {
  return isSuspect(lane) && lane.caution.tries >= ofItAloneAgain
}

/** How many records the next batch may take from it. */
export function allowanceOf(lane: Lane): number {
  if (lane.next >= lane.caution.until) return recordsPerLaneMax
  return isSuspect(lane) ? 1 : suspectsMax
}

/** What has to be stored before its records are tried, so that a death while trying is counted. */
export function triesBefore(lane: Lane): number {
  if (lane.next >= lane.caution.until) return atWork
  if (!isSuspect(lane)) return ofFew
  return lane.caution.tries >= ofItAlone ? ofItAloneAgain : ofItAlone
}

/** What is stored with the position once its records are done. */
export function triesAfter(lane: Lane, next: number): number {
  return next >= lane.caution.until ? atWork : Math.min(lane.caution.tries, ofFew)
}

/** Its next record was survived or given up: what was counted against it is not the next one's. */
export function passed(lane: Lane): void {
  lane.caution.tries = Math.min(lane.caution.tries, ofFew)
}

/** Whether a rest should store that all was published, and that nothing is being tried. */
export function isUnsettled({ tries, published, storedPublished, next, caution }: Lane): boolean {
  if (next < caution.until) return false
  return tries > 0 || Math.min(published, next) > storedPublished
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
