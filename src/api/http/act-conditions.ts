// The state that an act on a coupon expects: the ETag of its preview, given back as If-Match. It is
// the offset of the last act that was done, so it is the same on every node and for every act, and
// no claim changes it. Whether the coupon is still in that state, the fold decides.

import type { Coupon } from '../../domain/coupons/state.ts'

export function etagOf({ lastAct }: Coupon): string {
  return `"${lastAct}"`
}

/** Undefined: any state will do; null: a tag that no state of a coupon has. */
export function expectedBy(ifMatch: string | undefined): number | null | undefined {
  const given = ifMatch?.trim()
  if (given === undefined || given === '*') return undefined
  const [, offset] = /^"(0|[1-9]\d{0,14})"$/.exec(given) ?? []
  return offset === undefined ? null : Number(offset)
}
