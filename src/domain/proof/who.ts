// `who`: what stands for a user in the leaves of one coupon. Only who knows the salt can link it to
// a person, and every coupon has another salt for the same user, so that no two of them are linked.

import { Buffer } from 'node:buffer'
import { createHmac, hash } from 'node:crypto'

const whoBytes = 16
export const whoPattern = '^[A-Za-z0-9_-]{21}[AQgw]$'

export type CouponUser = { couponId: string; userId: string }

/** 32 bytes, for this user and coupon alone. */
export function saltOf(proofSecret: string | Buffer, { couponId, userId }: CouponUser): Buffer {
  return createHmac('sha256', proofSecret).update(`${couponId}\0${userId}`).digest()
}

/** 22 characters. */
export function whoOf(salt: Buffer, userId: string): string {
  const digest = hash('sha256', Buffer.concat([salt, Buffer.from(userId)]), 'buffer')
  return digest.toString('base64url', 0, whoBytes)
}
