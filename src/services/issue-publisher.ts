// Tells others of committed rows, at least once, in order. How far it has told is stored after the
// telling, so a crash in between tells again, with the same event ids.

import { encodeIssuedEvent } from '../domain/coupons/coupon-events.ts'
import { couponEventsTopic } from '../domain/coupons/messages.ts'
import type { CouponStore, IssuedRow, Log, StoredPosition } from '../ports.ts'
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

  async function publish(partition: number, told: { issued: readonly IssuedRow[]; next: number }) {
    if (told.issued.length === 0) return
    parts.crashPoint?.('K20')
    for (let at = 0; at < told.issued.length; at += eventsPerAppendMax) {
      const events = told.issued.slice(at, at + eventsPerAppendMax).map(encodeIssuedEvent)
      await retrying(retry, () => log.append(couponEventsTopic, events))
    }
    await retrying(retry, () => store.markPublished(partition, told.next))
  }

  return {
    publish,
    async publishRows(partition, position) {
      for (let from = position.published; from < position.next; ) {
        const won = { partition, from, to: position.next }
        const query = { won, limit: eventsPerAppendMax }
        const issued = await retrying(retry, () => store.issuedRows(query))
        const last = issued.at(-1)
        if (last === undefined) return
        const whole = issued.length < eventsPerAppendMax
        from = whole ? position.next : last.offset + 1
        await publish(partition, { issued, next: from })
      }
    },
  }
}
