// What firstcome tells others once a coupon's row is committed: CloudEvents 1.0 in binary mode
// (attributes in headers, data in the value). The id is derived, so a repeated event is the same
// event and its reader can drop it.

import { formatInstant } from '../time.ts'

export type IssuedEvent = {
  couponId: string
  userId: string
  slot: number
  claimId: string
  code: string
  /** Milliseconds UTC: the append time of the claim. */
  appendedAt: number
}
export type EventEntry = { key: string; value: Buffer; headers: Record<string, string> }

export function encodeIssuedEvent(event: IssuedEvent): EventEntry {
  const { couponId, userId, slot, claimId, code } = event
  const issuedAt = formatInstant(event.appendedAt)
  return {
    key: couponId,
    value: Buffer.from(JSON.stringify({ couponId, userId, slot, claimId, code, issuedAt })),
    headers: {
      ce_specversion: '1.0',
      ce_type: 'coupon.issued',
      ce_source: '/firstcome/issuer',
      ce_id: `coupon.issued/${couponId}/${slot}`,
      ce_time: issuedAt,
      'content-type': 'application/json',
    },
  }
}
