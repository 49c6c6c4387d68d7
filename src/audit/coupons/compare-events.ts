// Compares the published events with the winners and revokes that the replayed log gives. Events
// come at least once and in any order, so each is held against its winner, and a bit remembers that
// it was there. They have been read up to an end that was asked for before that of the claims, so
// none is newer than its winner. One that is to the byte what is published of the next winner of
// its coupon need not be read. Where the rows say that events are published, all must be there.

import {
  issuedEventText,
  readIssuedEvent,
  readRevokedEvent,
} from '../../domain/coupons/coupon-events.ts'
import type { Fold } from '../../domain/coupons/fold.ts'
import { couponEventsTopic } from '../../domain/coupons/messages.ts'
import type { Coupon, Issued } from '../../domain/coupons/state.ts'
import { winnersFrom } from '../../domain/coupons/winners.ts'
import { formatInstant } from '../../domain/time.ts'
import type { StoredPosition } from '../../ports/coupons.ts'
import type { Log, LogBounds, LogRecord } from '../../ports/log.ts'
import { readToEnd, undecoded } from '../../ports/partition-reader.ts'
import { type Findings, recordAt } from '../findings.ts'
import type { Sentence } from '../sentences.ts'
import { createRepeats } from './repeated-events.ts'
import type { Before } from './since/before.ts'
import { nextWinner, type Winner } from './take-columns.ts'
import type { WinnerCodes } from './winner-codes.ts'

export type EventComparisonParts = {
  log: Pick<Log, 'tail'>
  /** Of the events, asked for before the claims log was replayed. */
  bounds: readonly LogBounds[]
  fold: Fold
  positions: ReadonlyMap<number, StoredPosition>
  findings: Findings
  /** Of all winners of the fold that are not known from before. */
  codes: Pick<WinnerCodes, 'of' | 'has' | 'derive'>
  /** What was there before is not read again. */
  before?: Before | null | undefined
  /** Only the events of this coupon; the topic is read as a whole. */
  couponId?: string | undefined
  onProgress?: ((done: number, total: number) => void) | undefined
}

/** `events`: how many there are; one that was published twice counts twice. */
export type EventsFound = {
  events: number
  hasSlot(couponId: string, slot: number): boolean
  hasRevoke(couponId: string, commandId: string): boolean
}

export async function compareEvents(parts: EventComparisonParts): Promise<EventsFound> {
  const { log, findings, couponId, before = null } = parts
  const bounds = parts.bounds.map(({ start, end }, partition) => {
    return { start: Math.max(start, before?.from.events[partition] ?? 0), end }
  })
  const total = bounds.reduce((sum, { start, end }) => sum + end - start, 0)
  const seen = seenBefore(parts)
  const repeats = createRepeats(parts.codes, (event) => addWrongCode(findings, event))
  const revokes = createRevokes(parts)
  const inTurn = createInTurn(parts)
  let done = 0
  let events = 0

  function take(record: LogRecord): void {
    done += 1
    const own = inTurn.take(record)
    if (own !== null) {
      events += 1
      return note(seen, own.coupon, own.slot)
    }
    const event = readIssuedEvent(record)
    if (event === null) return revokes.take(record)
    if (couponId !== undefined && event.couponId !== couponId) return
    events += 1
    const coupon = parts.fold.coupons.get(event.couponId)
    const issued = coupon?.winners.get(event.userId)
    const { slot, claimId, appendedAt } = event
    const isWinners = issued?.slot === slot && issued.claimId === claimId
    if (coupon === undefined || !isWinners || issued.appendedAt !== appendedAt) {
      const place = `claim ${claimId}, ${recordAt(record)} of the events` as const
      const names = `the event names ${event.userId} (${place})` as const
      addWrong(findings, event, `${names}, which is not what the log gives`)
      return
    }
    if (!parts.codes.has(event.couponId, slot)) repeats.add(event, coupon)
    else if (event.code !== parts.codes.of(event.couponId, slot)) addWrongCode(findings, event)
    note(seen, coupon, slot)
    inTurn.passOver(coupon, slot)
  }

  await readToEnd<LogRecord>({
    log,
    topic: couponEventsTopic,
    bounds,
    withoutHeaders: true,
    decode: undecoded,
    onMessage: take,
    onBatch() {
      parts.onProgress?.(done, total)
      return repeats.compare()
    },
  })
  await repeats.compare()
  addMissing(seen, parts)
  revokes.addMissing()
  return {
    events,
    hasSlot: (id, slot) => isNoted(seen.get(id), slot),
    hasRevoke: revokes.has,
  }
}

/** Those of slots that an earlier audit had only just been told of. */
function seenBefore({ fold, before }: EventComparisonParts): Map<string, Uint8Array> {
  const seen = new Map<string, Uint8Array>()
  for (const coupon of before ? fold.coupons.values() : []) {
    for (const slot of before?.events(coupon.couponId).slots ?? []) note(seen, coupon, slot)
  }
  return seen
}

type Turn = { coupon: Coupon; winners: Iterator<[string, Issued]>; next: Winner | null }

/** `take`: whose event it is, where it is that of the next winner of its coupon; else null. */
function createInTurn({ fold, codes, before }: EventComparisonParts) {
  const turns = new Map<string, Turn>()
  const instant = { at: Number.NaN, text: '' }

  function turnOf(coupon: Coupon): Turn {
    const known = turns.get(coupon.couponId)
    if (known !== undefined) return known
    const { through } = before?.events(coupon.couponId) ?? { through: 0 }
    const winners = winnersFrom(coupon.winners, through + 1)
    const turn: Turn = { coupon, winners, next: nextWinner(winners) }
    turns.set(coupon.couponId, turn)
    return turn
  }

  /** Many were won within one millisecond. */
  function formatted(at: number): string {
    if (instant.at !== at) Object.assign(instant, { at, text: formatInstant(at) })
    return instant.text
  }

  return {
    take({ key: couponId, value }: LogRecord): { coupon: Coupon; slot: number } | null {
      const coupon = fold.coupons.get(couponId)
      if (coupon === undefined) return null
      const turn = turnOf(coupon)
      if (turn.next === null) return null
      const { userId, issued } = turn.next
      const { slot, claimId, appendedAt } = issued
      const code = codes.of(couponId, slot)
      const issuedAt = formatted(appendedAt)
      const text = issuedEventText({ couponId, userId, slot, claimId, code, issuedAt })
      if (!value.equals(Buffer.from(text))) return null
      turn.next = nextWinner(turn.winners)
      return { coupon, slot }
    },
    /** After one that was missing the next ones are in turn again. */
    passOver(coupon: Coupon, slot: number): void {
      const turn = turnOf(coupon)
      while (turn.next !== null && turn.next.issued.slot <= slot) {
        turn.next = nextWinner(turn.winners)
      }
    },
  }
}

/** Of revokes that took something, each is published under its command id. */
function createRevokes({
  fold,
  positions,
  findings,
  couponId: only,
  before,
}: EventComparisonParts) {
  const seen = new Set<string>()
  for (const couponId of before ? fold.coupons.keys() : []) {
    for (const id of before?.events(couponId).revokes ?? []) seen.add(`${couponId} ${id}`)
  }
  const wrong = (couponId: string, commandId: string, text: Sentence) => {
    findings.add('I7', { couponId, what: `revoke ${commandId} of ${couponId}` }, text)
  }
  return {
    take(record: LogRecord): void {
      const event = readRevokedEvent(record)
      if (event === null || (only !== undefined && event.couponId !== only)) return
      const { couponId, commandId, userId = null, slot, reason, revokedAt } = event
      const given = fold.coupons.get(couponId)?.revocations.commands.get(commandId)
      const isSame = given?.taken?.to === slot && given.userId === userId
      if (isSame && given.reason === reason && given.appendedAt === revokedAt) {
        seen.add(`${couponId} ${commandId}`)
      } else {
        const found = `the event (${recordAt(record)})` as const
        wrong(couponId, commandId, `${found} is not what the log gives`)
      }
    },
    addMissing(): void {
      for (const { couponId, partition, revocations } of fold.coupons.values()) {
        const published = publishedOf(positions.get(partition))
        const known = before?.published(partition) ?? 0
        for (const { commandId, offset, taken } of revocations.commands.values()) {
          const isDue = taken !== null && offset < published && offset >= known
          if (isDue && !seen.has(`${couponId} ${commandId}`)) {
            wrong(couponId, commandId, 'the event is missing')
          }
        }
      }
    },
    has: (couponId: string, commandId: string) => seen.has(`${couponId} ${commandId}`),
  }
}

/** Below it all was published. */
export function publishedOf(position: StoredPosition | undefined): number {
  return Math.max(position?.published ?? 0, position?.notified ?? 0)
}

/** A bit for each slot of a coupon. */
function note(seen: Map<string, Uint8Array>, { couponId, winners }: Coupon, slot: number): void {
  const bits = seen.get(couponId) ?? new Uint8Array((winners.size >> 3) + 1)
  seen.set(couponId, bits)
  bits[slot >> 3] = (bits[slot >> 3] ?? 0) | (1 << (slot & 7))
}

function isNoted(bits: Uint8Array | undefined, slot: number): boolean {
  return (((bits?.[slot >> 3] ?? 0) >> (slot & 7)) & 1) === 1
}

function addMissing(seen: ReadonlyMap<string, Uint8Array>, parts: EventComparisonParts): void {
  const { fold, positions, findings, before } = parts
  for (const { couponId, partition, winners } of fold.coupons.values()) {
    const published = publishedOf(positions.get(partition))
    const bits = seen.get(couponId)
    const through = before?.events(couponId).through ?? 0
    for (const [userId, { slot, offset }] of winnersFrom(winners, through + 1)) {
      if (offset >= published) continue
      if (!isNoted(bits, slot))
        addWrong(findings, { couponId, slot }, `the event is missing; ${userId} won it`)
    }
  }
}

function addWrongCode(findings: Findings, about: { couponId: string; slot: number }): void {
  addWrong(findings, about, 'the event has a code that is not the one derived for it')
}

function addWrong(findings: Findings, about: { couponId: string; slot: number }, text: Sentence) {
  const { couponId, slot } = about
  findings.add('I7', { couponId, what: `slot ${slot} of ${couponId}` }, text)
}
