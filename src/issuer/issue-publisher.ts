// Publishes the events of committed rows, at least once, in order, behind the transactions: the
// next rows are written meanwhile. How far it has come is stored afterwards, so a crash in between
// publishes again, with the same event ids.

import { encodeIssuedEvent } from '../domain/coupons/coupon-events.ts'
import { couponEventsTopic } from '../domain/coupons/messages.ts'
import { sleep } from '../ports/clock.ts'
import type { CouponStore, IssuedRow, RowsQuery, StoredPosition } from '../ports/coupons.ts'
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
export type Committed = { issued: readonly IssuedRow[]; next: number }
export type IssuePublisher = {
  /** Resolves when more may be committed, which is at once unless too much waits. */
  publish(partition: number, committed: Committed): Promise<void>
  /** Publishes the rows that a crash left unpublished. */
  publishRows(partition: number, position: StoredPosition): Promise<void>
  /** Resolves when nothing more is published: all there was, if the caller has not stopped. */
  close(): Promise<void>
}

/** Events of one append: some megabytes. */
const eventsPerAppendMax = 5_000
/** Rows committed and not published: as many as a crash may let be published again. */
const rowsWaitingMax = 20_000
/** An append and its mark cost as much as a transaction of rows, and nobody waits for them. */
const publishEveryMsMin = 20

export function createIssuePublisher(parts: IssuePublisherParts): IssuePublisher {
  const { log, store, retry } = parts
  let rows: IssuedRow[] = []
  let positions = new Map<number, number>()
  let publishing: Promise<void> | null = null
  let lastAt = Number.NEGATIVE_INFINITY

  async function send(issued: readonly IssuedRow[]): Promise<void> {
    for (let at = 0; at < issued.length; at += eventsPerAppendMax) {
      const events = issued.slice(at, at + eventsPerAppendMax).map(encodeIssuedEvent)
      await retrying(retry, () => log.append(couponEventsTopic, events))
    }
  }

  async function publishAll(): Promise<void> {
    while (positions.size > 0) {
      const earlyMs = lastAt + publishEveryMsMin - retry.clock.monotonic()
      if (earlyMs > 0) await sleep(retry.clock, earlyMs, retry.signal)
      lastAt = retry.clock.monotonic()
      const batch = { rows, positions }
      rows = []
      positions = new Map()
      await publishBatch(batch)
    }
    publishing = null
  }

  async function publishBatch(batch: { rows: IssuedRow[]; positions: Map<number, number> }) {
    if (batch.rows.length > 0) {
      await send(batch.rows)
      for (const partition of new Set(batch.rows.map((row) => row.partition))) {
        const next = batch.positions.get(partition) ?? 0
        await retrying(retry, () => store.markPublished(partition, next))
      }
    }
    await parts.onPublished(batch.positions)
  }

  return {
    async publish(partition, { issued, next }) {
      for (const row of issued) rows.push(row)
      positions.set(partition, next)
      publishing ??= publishAll().catch(parts.onError)
      if (rows.length >= rowsWaitingMax) await publishing
    },
    async publishRows(partition, { published, next }) {
      if (published >= next) return
      const won = { partition, from: published, to: next }
      let after: RowsQuery['after']
      // Rows come in coupon order, not in log order: only behind the last page all are published.
      for (let whole = false; !whole; ) {
        const query = { won, limit: eventsPerAppendMax, ...(after && { after }) }
        const issued = await retrying(retry, () => store.issuedRows(query))
        await send(issued)
        after = issued.at(-1)
        whole = issued.length < eventsPerAppendMax
      }
      await retrying(retry, () => store.markPublished(partition, next))
    },
    close: () => publishing ?? Promise.resolve(),
  }
}
