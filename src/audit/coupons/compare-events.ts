// Compares the published events with the winners and revokes that the replayed log gives. Events
// come at least once and in any order, so each is held against its winner, and a bit remembers that
// it was there. They have been read up to an end that was asked for before that of the claims, so
// none is newer than its winner. Where the rows say that events are published, all must be there.

import { readIssuedEvent, readRevokedEvent } from '../../domain/coupons/coupon-events.ts'
import type { Fold } from '../../domain/coupons/fold.ts'
import { couponEventsTopic } from '../../domain/coupons/messages.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import type { IssuedRow, StoredPosition } from '../../ports/coupons.ts'
import type { Log, LogBounds, LogRecord } from '../../ports/log.ts'
import { readToEnd, undecoded } from '../../ports/partition-reader.ts'
import { type Findings, recordAt } from '../findings.ts'
import { createPageCodes } from './page-codes.ts'

export type EventComparisonParts = {
  log: Pick<Log, 'tail'>
  /** Of the events, asked for before the claims log was replayed. */
  bounds: readonly LogBounds[]
  fold: Fold
  positions: ReadonlyMap<number, StoredPosition>
  findings: Findings
  wrongCodes(rows: readonly IssuedRow[]): Promise<IssuedRow[]>
  /** Only the events of this coupon; the topic is read as a whole. */
  couponId?: string | undefined
  onProgress?: ((done: number, total: number) => void) | undefined
}

/** Of their codes, which are derived elsewhere. */
const eventsPerPage = 5_000

/** Resolves to how many events there are; one that was published twice counts twice. */
export async function compareEvents(parts: EventComparisonParts): Promise<number> {
  const { log, bounds, findings, couponId } = parts
  const total = bounds.reduce((sum, { start, end }) => sum + end - start, 0)
  const seen = new Map<string, Uint8Array>()
  const revokes = createRevokes(parts)
  let done = 0
  let events = 0
  let page: IssuedRow[] = []
  const codes = createPageCodes(parts.wrongCodes, (row) => {
    addWrong(findings, row, 'has a code that is not the one derived for it')
  })

  function take(record: LogRecord): void {
    done += 1
    const event = readIssuedEvent(record)
    if (event === null) return revokes.take(record)
    if (couponId !== undefined && event.couponId !== couponId) return
    events += 1
    const coupon = parts.fold.coupons.get(event.couponId)
    const issued = coupon?.winners.get(event.userId)
    const { slot, claimId, appendedAt } = event
    const isWinners = issued?.slot === slot && issued.claimId === claimId
    if (coupon === undefined || !isWinners || issued.appendedAt !== appendedAt) {
      const given = `${event.userId} (claim ${claimId}, ${recordAt(record)} of the events)`
      addWrong(findings, event, `names ${given}, which is not what the log gives`)
      return
    }
    page.push({ ...event, ...issued, partition: coupon.partition })
    note(seen, coupon, slot)
  }

  function checkCodes(): Promise<void> {
    const rows = page
    page = []
    return codes.check(rows)
  }

  await readToEnd<LogRecord>({
    log,
    topic: couponEventsTopic,
    bounds,
    decode: undecoded,
    onMessage: take,
    async onBatch() {
      parts.onProgress?.(done, total)
      if (page.length >= eventsPerPage) await checkCodes()
    },
  })
  await checkCodes()
  await codes.end()
  addMissing(seen, parts)
  revokes.addMissing()
  return events
}

/** Of revokes that took something, each is published under its command id. */
function createRevokes({ fold, positions, findings, couponId: only }: EventComparisonParts) {
  const seen = new Set<string>()
  const wrong = (couponId: string, commandId: string, text: string) => {
    findings.add('I7', { couponId }, `revoke ${commandId} of ${couponId}: the event ${text}`)
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
      } else wrong(couponId, commandId, `(${recordAt(record)}) is not what the log gives`)
    },
    addMissing(): void {
      for (const { couponId, partition, revocations } of fold.coupons.values()) {
        const published = publishedOf(positions.get(partition))
        for (const { commandId, offset, taken } of revocations.commands.values()) {
          const isDue = taken !== null && offset < published
          if (isDue && !seen.has(`${couponId} ${commandId}`)) {
            wrong(couponId, commandId, 'is missing')
          }
        }
      }
    },
  }
}

/** Below it all was published. */
function publishedOf(position: StoredPosition | undefined): number {
  return Math.max(position?.published ?? 0, position?.notified ?? 0)
}

/** A bit for each slot of a coupon. */
function note(seen: Map<string, Uint8Array>, { couponId, winners }: Coupon, slot: number): void {
  const bits = seen.get(couponId) ?? new Uint8Array((winners.size >> 3) + 1)
  seen.set(couponId, bits)
  bits[slot >> 3] = (bits[slot >> 3] ?? 0) | (1 << (slot & 7))
}

function addMissing(seen: ReadonlyMap<string, Uint8Array>, parts: EventComparisonParts): void {
  const { fold, positions, findings } = parts
  for (const { couponId, partition, winners } of fold.coupons.values()) {
    const published = publishedOf(positions.get(partition))
    const bits = seen.get(couponId)
    for (const [userId, { slot, offset }] of winners) {
      if (offset >= published) continue
      const isThere = (((bits?.[slot >> 3] ?? 0) >> (slot & 7)) & 1) === 1
      if (!isThere) addWrong(findings, { couponId, slot }, `is missing; ${userId} won it`)
    }
  }
}

function addWrong(findings: Findings, about: { couponId: string; slot: number }, text: string) {
  const { couponId, slot } = about
  findings.add('I7', { couponId }, `slot ${slot} of ${couponId}: the event ${text}`)
}
