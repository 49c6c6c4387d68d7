// An audit that goes on from an earlier one: what that kept, what of it is not compared again, and
// what this one keeps for the next. It stands where the rows had read the log, so that everything
// below was compared with them.

import { claimsTopic, couponEventsTopic } from '../../../domain/coupons/messages.ts'
import { winnersFrom, wonBelow } from '../../../domain/coupons/winners.ts'
import type { ProjectionSnapshot } from '../../../ports/coupons.ts'
import type { LogBounds } from '../../../ports/log.ts'
import { fingerprintsAt } from '../../../ports/log-check.ts'
import { messageOf } from '../../../ports/port-error.ts'
import { SnapshotFault, type SnapshotStore } from '../../../ports/snapshots.ts'
import type { LogReader } from '../../orders/read-log.ts'
import { type EventsFound, publishedOf } from '../compare-events.ts'
import type { Replayed } from '../replay.ts'
import { type Before, beforeOf, type SinceFrom } from './before.ts'
import {
  type ClaimsPlace,
  couponBlocks,
  endBlock,
  eventsBlock,
  format,
  headBlock,
  type KeptEvents,
} from './kept-blocks.ts'
import { type Origin, restoreFitting } from './restored.ts'

export type SinceParts = Pick<Origin, 'release' | 'secret'> & {
  store: Pick<SnapshotStore, 'blocks' | 'add'>
  /** RFC 3339: when what this audit keeps is made. */
  madeAt: string
}
/** In a report: what was left out, and what the next audit may leave out. */
export type SinceReport = {
  /** Where this audit began; null: at the start. */
  from: SinceFrom | null
  /** Why what is kept was not used; null: it was, or nothing was kept. */
  putAside: string | null
  /** Why nothing was kept for the next audit; null: it was. */
  notKept: string | null
}
export type Begun = { before: Before | null; putAside: string | null }

/** Never rejects: what does not fit is put aside, and all is looked at. */
export async function beginSince(
  { store, release, secret }: SinceParts,
  { log, rows }: { log: LogReader; rows: ProjectionSnapshot },
): Promise<Begun> {
  try {
    const origin = { release, secret, log: log.identity ?? null }
    const restored = await restoreFitting({ origin, log, rows, store })
    return { before: restored && beforeOf(restored), putAside: null }
  } catch (error) {
    return { before: null, putAside: messageOf(error) }
  }
}

export type Keeping = {
  log: LogReader
  rows: ProjectionSnapshot
  replayed: Replayed
  events: EventsFound
  eventBounds: readonly LogBounds[]
  before: Before | null
}

/** Of an audit that has found nothing. Why nothing is kept, or null. */
export async function keepForNext(since: SinceParts, keeping: Keeping): Promise<string | null> {
  try {
    if (keeping.rows.positions.size === 0) throw new SnapshotFault('there are no rows')
    await since.store.add(await blocksOf(since, keeping), { anew: true })
    return null
  } catch (error) {
    return messageOf(error)
  }
}

async function blocksOf(since: SinceParts, keeping: Keeping): Promise<Iterable<Buffer>> {
  const { log, replayed, eventBounds } = keeping
  checkSlots(keeping)
  const claims = await withFingerprints(log, claimsTopic, claimsPlaces(keeping))
  const ends = eventBounds.map(({ end }) => ({ next: end }))
  const events = await withFingerprints(log, couponEventsTopic, ends)
  const { release, secret, madeAt } = since
  const head = { format, release, secret, madeAt, log: log.identity ?? null, claims, events }
  return (function* blocks() {
    yield headBlock(head)
    for (const [couponId, { ledger, ...kept }] of replayed.kept) {
      const { revoked, ...rest } = ledger
      const { winners = new Map() } = replayed.fold.coupons.get(couponId) ?? {}
      yield* couponBlocks({ ...kept, ledger: rest }, { revoked, winners })
    }
    for (const one of keptEvents(keeping)) yield eventsBlock(one)
    yield endBlock(replayed.kept.size)
  })()
}

/**
 * The next audit takes the slots of its own bookkeeping from the winners of the fold: both must say
 * the same of everyone.
 */
function checkSlots({ replayed: { fold, slotOf }, before }: Keeping): void {
  for (const { couponId, winners } of fold.coupons.values()) {
    const from = (before?.rowsThrough(couponId) ?? 0) + 1
    for (const [userId, { slot }] of winnersFrom(winners, from)) {
      if (slotOf(couponId, userId) === slot) continue
      throw new SnapshotFault(`the audit has counted slot ${slot} of ${couponId} otherwise`)
    }
  }
}

function claimsPlaces({ rows, replayed }: Keeping): Omit<ClaimsPlace, 'fingerprint'>[] {
  return replayed.bounds.map((_, partition) => {
    const position = rows.positions.get(partition)
    return {
      next: position?.next ?? 0,
      published: publishedOf(position),
      generation: rows.generations?.get(partition) ?? null,
    }
  })
}

async function withFingerprints<At extends { next: number }>(
  log: LogReader,
  topic: string,
  places: readonly At[],
): Promise<(At & { fingerprint: string | null })[]> {
  const some = [...places.entries()].filter(([, { next }]) => next > 0)
  const asked = new Map(some.map(([partition, { next }]) => [partition, next]))
  const found = await fingerprintsAt(log, topic, asked)
  return places.map((place, partition) => ({
    ...place,
    fingerprint: found.get(partition) ?? null,
  }))
}

function* keptEvents({ replayed, rows, events, before }: Keeping): Iterable<KeptEvents> {
  for (const { couponId, partition, winners, revocations } of replayed.fold.coupons.values()) {
    const published = publishedOf(rows.positions.get(partition))
    const through = Math.max(wonBelow(winners, published), before?.events(couponId).through ?? 0)
    const slots: number[] = []
    for (let slot = through + 1; slot <= winners.size; slot++) {
      if (events.hasSlot(couponId, slot)) slots.push(slot)
    }
    const revokes: string[] = []
    for (const { commandId, offset } of revocations.commands.values()) {
      if (offset >= published && events.hasRevoke(couponId, commandId)) revokes.push(commandId)
    }
    yield { couponId, through, slots, revokes }
  }
}
