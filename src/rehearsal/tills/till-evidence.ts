// What shops with tills of their own do in a rehearsal of orders, with what each was answered, and
// what the service says of it afterwards. Pure.

import type { Undecided } from '../attempts.ts'
import type { Seen } from '../rehearsal.ts'
import type { Issued } from '../service.ts'
import type { StandingSeen, TillAnswer } from './till-calls.ts'

/** What a coupon of the tills is tried for. */
export type TillWish =
  | 'two_tills'
  | 'revoke_race'
  | 'revoked'
  | 'late'
  | 'below'
  | 'card_failed'
  | 'given_up'
  | 'paid'
  | 'one_shot'
  | 'double_click'
  | 'brought_back'

export type Redeem = {
  kind: 'redeem'
  /** Names the redemption, within its coupon. */
  key: string
  till: number
  reference: string
  subtotal: number
  use: boolean
}
export type TillAct =
  | Redeem
  /** What the redemption of this key comes to. */
  | { kind: 'use' | 'release'; key: string }
  | { kind: 'revoke' }
  /** Of everybody at once: one call for all, which takes what nobody has spent. */
  | { kind: 'revoke_all' }
/** Null: of a redemption that was refused, which nobody could name. */
export type ToldAct = { act: TillAct; answer: TillAnswer | Undecided | null }
/** `stages`: one after the other; the acts of each at the same moment. */
export type Part<Act = TillAct> = { user: number; wish: TillWish; stages: Act[][] }

/** How one coupon is shown afterwards. */
export type CouponShown = {
  /** By its code, with what it would take off `shownSubtotal`. */
  code: Seen<{ status: string; couponId: string; userId: string; offer: string }>
  /** To whoever has it; null: they do not see it. */
  own: Seen<string | null>
  /** By the key of the redemption. */
  redemptions: Map<string, Seen<StandingSeen>>
}
export type TillEvidence = {
  couponId: string
  users: readonly string[]
  /** By user: what they won; null where the service gave them none. */
  won: readonly (Issued | null)[]
  told: readonly Part<ToldAct>[]
  /** How many unspent ones the revoke of all took; null where nobody said. */
  taken: number | null
  /** By user; null where the service could not be asked any more. */
  seen: readonly CouponShown[] | null
}
