// What an audit that goes on from an earlier one does not look at again.

import type { Coupon } from '../../../domain/coupons/state.ts'
import type { KeptEvents, Place } from './kept-blocks.ts'
import type { Restored } from './restored.ts'

export type Before = {
  restored: Restored
  from: SinceFrom
  /** Of a coupon, the last slot whose row was compared. */
  rowsThrough(couponId: string): number
  /** Which of its events were there. */
  events(couponId: string): Omit<KeptEvents, 'couponId'>
  /** By partition, the first offset whose events had perhaps not been published. */
  published(partition: number): number
}
/** By partition the first offset that is looked at, and how many had won before. */
export type SinceFrom = { madeAt: string; claims: number[]; events: number[]; winners: number }

/** To be asked before anything is replayed: the winners of what was restored grow with it. */
export function beforeOf(restored: Restored): Before {
  const { head, coupons, ended, events } = restored
  const all = [...coupons.values()]
  const rows = new Map(all.map((coupon) => [coupon.couponId, rowsOf(coupon, ended)]))
  const winners = all.reduce((sum, coupon) => sum + coupon.winners.size, 0)
  const places = { claims: offsetsOf(head.claims), events: offsetsOf(head.events) }
  return {
    restored,
    from: { madeAt: head.madeAt, ...places, winners },
    rowsThrough: (couponId) => rows.get(couponId) ?? 0,
    events: (couponId) => events.get(couponId) ?? { through: 0, slots: [], revokes: [] },
    published: (partition) => head.claims[partition]?.published ?? 0,
  }
}

/** Those of a rehearsal go some day: until they have, they are looked at as a whole. */
function rowsOf({ couponId, terms, winners }: Coupon, ended: ReadonlySet<string>): number {
  return terms.rehearsal === true && !ended.has(couponId) ? 0 : winners.size
}

function offsetsOf(places: readonly Place[]): number[] {
  return places.map(({ next }) => next)
}
