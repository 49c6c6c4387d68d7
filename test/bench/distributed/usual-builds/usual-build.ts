// What the usual builds have in common: a claim is taken by something, and the user is told.

import type { Pool } from 'pg'

export type Told =
  /** Yes: the coupon is the user's, or will be. */
  | { told: 'issued'; slot: number }
  /** The user asked before. */
  | { told: 'again' }
  | { told: 'sold-out' }
export type UsualBuild = {
  claim(couponId: string, userId: string): Promise<Told>
  close(): Promise<void>
}
export type BuildName = 'row-lock' | 'sorted-set' | 'counter'

export const savedTopic = 'usual.coupons'
/** The usual rule: twice the cores and one. More only wait for each other, at a price. */
export const poolConnections = 5

/** Quantities do not change here: one look at each is enough. */
export function quantities(pool: Pool): (couponId: string) => Promise<number> {
  const known = new Map<string, Promise<number>>()
  async function read(couponId: string): Promise<number> {
    const { rows } = await pool.query<{ quantity: number }>(
      'select quantity from usual.coupons where coupon_id = $1',
      [couponId],
    )
    return rows[0]?.quantity ?? 0
  }
  return (couponId) => {
    const found = known.get(couponId) ?? read(couponId)
    known.set(couponId, found)
    return found
  }
}
