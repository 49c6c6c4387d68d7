// Tells others of committed rows, at least once, in order. How far it has told is stored after the
// telling, so a crash in between tells again, with the same event ids.

import { encodeIssuedEvent } from '../domain/coupons/coupon-events.ts'
import { couponEventsTopic } from '../domain/coupons/messages.ts'
import type { CouponStore, IssuedRow, Log, RowsQuery, StoredPosition } from '../ports.ts'
import { type Retry, retrying } from './retrying.ts'

export type IssuePublisherParts = {
  log: Log
  store: CouponStore
  retry: Retry
  crashPoint?: ((name: string) => void) | undefined
}
export type IssuePublisher = {
  publish(partition: number, told: { issued: readonly IssuedRow[]; next: number }): Promise<void>
  /** Publishes the rows that a crash left unpublished. */
  publishRows(partition: number, position: StoredPosition): Promise<void>
}

/** Events of one append: some megabytes. */
const eventsPerAppendMax = 5_000

export function createIssuePublisher(parts: IssuePublisherParts): IssuePublisher {
  const { log, store, retry } = parts

  async function send(issued: readonly IssuedRow[]): Promise<void> {
    for (let at = 0; at < issued.length; at += eventsPerAppendMax) {
      const events = issued.slice(at, at + eventsPerAppendMax).map(encodeIssuedEvent)
      await retrying(retry, () => log.append(couponEventsTopic, events))
    }
  }

  return {
    async publish(partition, { issued, next }) {
      if (issued.length === 0) return
      parts.crashPoint?.('K20')
      await send(issued)
      await retrying(retry, () => store.markPublished(partition, next))
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
  }
}
