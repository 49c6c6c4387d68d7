// Publishes the events of committed rows, at least once, in order, behind the transactions: the
// next rows are written meanwhile, however long an append takes. How far it has come is stored
// afterwards, so a crash in between publishes again, with the same event ids.

import {
  type EventEntry,
  encodeIssuedEvent,
  encodeRevokedEvent,
} from '../domain/coupons/coupon-events.ts'
import { couponEventsTopic } from '../domain/coupons/messages.ts'
import { sleep, within } from '../ports/clock.ts'
import type {
  CouponStore,
  IssuedRow,
  LogRange,
  RevocationRow,
  RowsQuery,
} from '../ports/coupons.ts'
import type { Log } from '../ports/log.ts'
import { type Retry, retrying } from '../ports/retry.ts'

export type IssuePublisherParts = {
  log: Log
  store: CouponStore
  retry: Retry
  /** By partition, the first offset whose rows have not been published. */
  onPublished(next: ReadonlyMap<number, number>): Promise<void>
  /** It has stopped for good. */
  onError(error: unknown): void
}
export type Committed = {
  issued: readonly IssuedRow[]
  revocations?: readonly RevocationRow[]
  /** A rehearsal was closed: its rows go, once they are published. */
  endsRehearsals?: boolean
  next: number
}
export type IssuePublisher = {
  /** Before anything else of a partition; what a crash left unpublished is published now. */
  begin(partition: number, position: { next: number; published: number }): void
  /** Resolves when more may be committed, which is at once unless too much waits. */
  publish(partition: number, committed: Committed): Promise<void>
  /** Resolves when nothing more is published: all there was, if the caller has not stopped. */
  close(): Promise<void>
}

type PublishedRow = IssuedRow | RevocationRow
/** Of one partition: where no event can be appended, no other has to wait. */
type Lane = {
  partition: number
  /** The first offset whose rows have not been published. */
  published: number
  /** The first offset that is not committed. */
  next: number
  /** Committed and not published; null: too many to be kept, they are read from SQL again. */
  rows: PublishedRow[] | null
  endsRehearsals: boolean
  publishing: Promise<void> | null
  lastAt: number
}

/** Events of one append: some megabytes. */
const eventsPerAppendMax = 5_000
/** Rows of a partition that are kept until they are published: some seconds of a rush. */
export const rowsWaitingMax = 20_000
/** Longer than an append takes that does not fail: then nobody waits for this partition. */
const publishWaitMsMax = 3_000
/** As many rows at most are sorted for a page of them. */
const recordsPerReadMax = 20_000
/** An append and its mark cost as much as a transaction of rows, and nobody waits for them. */
const publishEveryMsMin = 20

export function createIssuePublisher(parts: IssuePublisherParts): IssuePublisher {
  const { store, retry, onPublished, onError } = parts
  const lanes = new Map<number, Lane>()

  function start(lane: Lane): void {
    lane.publishing ??= publishAll(lane).catch(onError)
  }

  async function publishAll(lane: Lane): Promise<void> {
    let done = -1
    while (done < lane.next) {
      const earlyMs = lane.lastAt + publishEveryMsMin - retry.clock.monotonic()
      if (earlyMs > 0) await sleep(retry.clock, earlyMs, retry.signal)
      lane.lastAt = retry.clock.monotonic()
      done = await publishNext(lane)
    }
    lane.publishing = null
  }

  /** All that is committed; resolves to where that ends. */
  async function publishNext(lane: Lane): Promise<number> {
    const { partition, published, next, rows, endsRehearsals } = lane
    lane.rows = []
    lane.endsRehearsals = false
    for (let from = published; rows === null && from < next; from += recordsPerReadMax) {
      const to = Math.min(from + recordsPerReadMax, next)
      await sendStored(parts, { partition, from, to })
    }
    if (rows !== null) await send(parts, rows)
    if (rows?.length !== 0 || endsRehearsals) {
      await retrying(retry, () => store.markPublished(partition, next, { endsRehearsals }))
    }
    lane.published = Math.max(published, next)
    await onPublished(new Map([[partition, next]]))
    return next
  }

  return {
    begin(partition, { next, published }) {
      const rows = published < next ? null : []
      const endsRehearsals = rows === null
      const idle = { publishing: null, lastAt: -Infinity }
      const lane = { partition, published, next, rows, endsRehearsals, ...idle }
      lanes.set(partition, lane)
      if (rows === null) start(lane)
    },
    async publish(partition, { issued, revocations = [], endsRehearsals = false, next }) {
      const lane = lanes.get(partition)
      if (lane === undefined) throw new Error(`partition ${partition} has not begun`)
      lane.next = next
      lane.endsRehearsals ||= endsRehearsals
      for (const row of issued) lane.rows?.push(row)
      for (const row of revocations) lane.rows?.push(row)
      start(lane)
      if (lane.publishing === null || (lane.rows?.length ?? 0) <= rowsWaitingMax) return
      const forget = () => {
        lane.rows = null
      }
      await within({ clock: retry.clock, ms: publishWaitMsMax, late: forget }, lane.publishing)
    },
    async close() {
      await Promise.all([...lanes.values()].map(async ({ publishing }) => publishing))
    },
  }
}

type Sending = Pick<IssuePublisherParts, 'log' | 'store' | 'retry'>

async function send({ log, retry }: Sending, rows: readonly PublishedRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += eventsPerAppendMax) {
    const events = rows.slice(at, at + eventsPerAppendMax).flatMap(eventOf)
    if (events.length === 0) continue
    await retrying(retry, () => log.append(couponEventsTopic, events))
  }
}

/** None of a revoke that took nothing. */
function eventOf(row: PublishedRow): EventEntry[] {
  if ('code' in row) return [encodeIssuedEvent(row)]
  const { taken } = row
  return taken === null ? [] : [encodeRevokedEvent({ ...row, taken })]
}

async function sendStored(parts: Sending, won: LogRange): Promise<void> {
  const { store, retry } = parts
  let after: RowsQuery['after']
  // Rows come in coupon order, not in log order: only behind the last page all are published.
  for (let whole = false; !whole; ) {
    const query = { won, limit: eventsPerAppendMax, ...(after && { after }) }
    const issued = await retrying(retry, () => store.issuedRows(query))
    await send(parts, issued)
    after = issued.at(-1)
    whole = issued.length < eventsPerAppendMax
  }
  await send(parts, await retrying(retry, () => store.revocations(won)))
}
