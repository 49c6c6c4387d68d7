// The acts on each coupon that were done, in the order of the log: who did what, when and why, and
// where its record stands. Kept as the fold meets them, so every node that has read the log has
// the same list, and none is stored anywhere else. A record that was refused, or that repeated
// another one, is no act.

import type { ControlCommand, ControlOutcome, Decision } from '../../domain/coupons/decide.ts'
import type { ControlMessage } from '../../domain/coupons/messages.ts'

/** Where its record stands, and when it was appended (ms UTC). */
export type Act = Readonly<ControlCommand>
export type ActsPage = { limit: number; after?: number | undefined }

export class CouponActs {
  private readonly coupons = new Map<string, OfCoupon>()
  /** Of all coupons, as they were met. */
  private readonly every: Act[] = []

  get size(): number {
    return this.every.length
  }

  slice(from: number, through: number): Act[] {
    return this.every.slice(from, through)
  }

  /** What was learned from the log before this start. */
  restore(acts: readonly Act[]): void {
    for (const act of acts) this.add(act)
  }

  /** To be called for every control record, in the order of its partition. */
  decided(command: ControlCommand, { events }: Decision<ControlOutcome>): void {
    if (events.some((event) => 'offset' in event)) this.add(command)
  }

  private add(command: Act): void {
    const { message } = command
    const known = this.coupons.get(message.couponId)
    const own: OfCoupon = known ?? { all: [], byId: new Map() }
    // A partition that was away at a start is read again from there.
    if ((own.all.at(-1)?.offset ?? -1) >= command.offset) return
    this.every.push(command)
    this.coupons.set(message.couponId, own)
    own.all.push(command)
    own.byId.set(idOf(message), command)
  }

  /** The act that this command has been, or that was done before in its place. */
  doneBy(message: ControlMessage): Act | undefined {
    const own = this.coupons.get(message.couponId)
    const [first] = own?.all ?? []
    if (message.type === 'coupon.created') return first
    const act = own?.byId.get(idOf(message))
    if (act !== undefined || message.type !== 'coupon.closed') return act
    return own?.all.find((other) => other.message.type === message.type)
  }

  /** Strictly behind the offset `after`. */
  page(couponId: string, { limit, after = -1 }: ActsPage): readonly Act[] {
    const all = this.coupons.get(couponId)?.all ?? []
    const from = firstBehind(all, after)
    return all.slice(from, from + limit)
  }
}

type OfCoupon = { all: Act[]; byId: Map<string, Act> }

/** No type has a space. */
function idOf({ type, commandId }: ControlMessage): string {
  return `${type} ${commandId}`
}

function firstBehind(all: readonly Act[], after: number): number {
  let from = 0
  let to = all.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((all[middle]?.offset ?? 0) > after) to = middle
    else from = middle + 1
  }
  return from
}
