// Tells others of committed rows, at least once, in order, behind the transactions: the next rows
// are written meanwhile. How far it has told is stored after the telling, so a crash in between
// tells again, with the same event ids.

import { type Retry, retrying } from '../consumer/retry.ts'
import { encodeIssuedEvent } from '../domain/coupons/coupon-events.ts'
import { couponEventsTopic } from '../domain/coupons/messages.ts'
import { sleep } from '../ports/clock.ts'
import type { CouponStore, IssuedRow, Log, RowsQuery, StoredPosition } from '../ports/coupons.ts'

export type IssuePublisherParts = {
  log: Log
  store: CouponStore
  retry: Retry
  /** By partition, the first offset whose rows have not been told. */
  onTold(next: ReadonlyMap<number, number>): Promise<void>
  /** It has stopped for good. */
  onError(error: unknown): void
  crashPoint?: ((name: string) => void) | undefined
}
export type Committed = { issued: readonly IssuedRow[]; next: number }
export type IssuePublisher = {
  /** Resolves when more may be committed, which is at once unless too much waits. */
  tell(partition: number, committed: Committed): Promise<void>
  /** Publishes the rows that a crash left unpublished. */
  publishRows(partition: number, position: StoredPosition): Promise<void>
  /** Resolves when nothing more is told: all there was, if the caller has not stopped. */
  close(): Promise<void>
}

/** Events of one append: some megabytes. */
const eventsPerAppendMax = 5_000
/** Rows committed and not told: as many as a crash may let be told again. */
const rowsWaitingMax = 20_000
/** An append and its mark cost as much as a transaction of rows, and nobody waits for them. */
const tellEveryMsMin = 20

export function createIssuePublisher(parts: IssuePublisherParts): IssuePublisher {
  const { log, store, retry } = parts
  let rows: IssuedRow[] = []
  let positions = new Map<number, number>()
  let telling: Promise<void> | null = null
  let lastToldAt = Number.NEGATIVE_INFINITY

  async function send(issued: readonly IssuedRow[]): Promise<void> {
    for (let at = 0; at < issued.length; at += eventsPerAppendMax) {
      const events = issued.slice(at, at + eventsPerAppendMax).map(encodeIssuedEvent)
      await retrying(retry, () => log.append(couponEventsTopic, events))
    }
  }

  async function tellAll(): Promise<void> {
    while (positions.size > 0) {
      const earlyMs = lastToldAt + tellEveryMsMin - retry.clock.now()
      if (earlyMs > 0) await sleep(retry.clock, earlyMs, retry.signal)
      lastToldAt = retry.clock.now()
      const told = { rows, positions }
      rows = []
      positions = new Map()
      await tellBatch(told)
    }
    telling = null
  }

  async function tellBatch(told: { rows: IssuedRow[]; positions: Map<number, number> }) {
    if (told.rows.length > 0) {
      parts.crashPoint?.('K20')
      await send(told.rows)
      for (const partition of new Set(told.rows.map((row) => row.partition))) {
        const next = told.positions.get(partition) ?? 0
        await retrying(retry, () => store.markPublished(partition, next))
      }
    }
    await parts.onTold(told.positions)
  }

  return {
    async tell(partition, { issued, next }) {
      for (const row of issued) rows.push(row)
      positions.set(partition, next)
      telling ??= tellAll().catch(parts.onError)
      if (rows.length >= rowsWaitingMax) await telling
    },
    async publishRows(partition, { published, next }) {
      if (published >= next) return
      const won = { partition, from: published, to: next }
      let after: RowsQuery['after']
      // Rows come in coupon order, not in log order: only the last page says that all are told.
      for (let whole = false; !whole; ) {
        const query = { won, limit: eventsPerAppendMax, ...(after && { after }) }
        const issued = await retrying(retry, () => store.issuedRows(query))
        await send(issued)
        after = issued.at(-1)
        whole = issued.length < eventsPerAppendMax
      }
      await retrying(retry, () => store.markPublished(partition, next))
    },
    close: () => telling ?? Promise.resolve(),
  }
}
