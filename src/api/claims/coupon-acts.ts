// The acts on each coupon that were done, in the order of the log: who did what, when and why, and
// where its record stands. Kept as the fold meets them, so every node that has read the log has
// the same list, and none is stored anywhere else. A record that was refused, or that repeated
// another one, is no act; what those have said that there was nothing left to do for is kept, too,
// since their keys are given.

import type { ControlCommand, ControlOutcome, Decision } from '../../domain/coupons/decide.ts'
import type { ControlMessage } from '../../domain/coupons/messages.ts'

/** Where its record stands, and when it was appended (ms UTC). */
export type Act = Readonly<ControlCommand>
/** `changedNothing`: it is no act, as what it asked for was so already. */
type Said = Act & { changedNothing?: true }
export type ActsPage = { limit: number; after?: number | undefined }

export class CouponActs {
  private readonly coupons = new Map<string, OfCoupon>()
  /** Of all coupons, as they were met. */
  private readonly every: Said[] = []

  get size(): number {
    return this.every.length
  }

  slice(from: number, through: number): Said[] {
    return this.every.slice(from, through)
  }

  /** What was learned from the log before this start. */
  restore(acts: readonly Said[]): void {
    for (const act of acts) this.add(act)
  }

  /** To be called for every control record, in the order of its partition. */
  decided(command: ControlCommand, { outcome, events }: Decision<ControlOutcome>): void {
    if (events.some((event) => 'offset' in event)) this.add(command)
    else if (isDone(outcome) && this.saidBy(command.message) === undefined) {
      this.add({ ...command, changedNothing: true })
    }
  }

  /** Whether its id was given before, for another reason: everything else the fold compares. */
  isOther(message: ControlMessage, outcome: ControlOutcome): boolean {
    const before = isDone(outcome) ? this.saidBy(message) : undefined
    return before !== undefined && before.message.reason !== message.reason
  }

  private saidBy(message: ControlMessage): Said | undefined {
    const { byId, inVain } = this.coupons.get(message.couponId) ?? {}
    const id = idOf(message)
    return byId?.get(id) ?? inVain?.get(id)
  }

  private add(command: Said): void {
    const { message, changedNothing } = command
    const known = this.coupons.get(message.couponId)
    const own: OfCoupon = known ?? { all: [], byId: new Map(), inVain: new Map() }
    this.coupons.set(message.couponId, own)
    if (changedNothing === true) {
      own.inVain.set(idOf(message), command)
    } else {
      // A partition that was away at a start is read again from there.
      if ((own.all.at(-1)?.offset ?? -1) >= command.offset) return
      own.all.push(command)
      own.byId.set(idOf(message), command)
    }
    this.every.push(command)
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

  /** When it was closed by a record, ms UTC; undefined: it was not. */
  closedAt(couponId: string): number | undefined {
    const { all = [] } = this.coupons.get(couponId) ?? {}
    return all.find(({ message }) => message.type === 'coupon.closed')?.appendedAt
  }

  /** Strictly behind the offset `after`. */
  page(couponId: string, { limit, after = -1 }: ActsPage): readonly Act[] {
    const all = this.coupons.get(couponId)?.all ?? []
    const from = firstBehind(all, after)
    return all.slice(from, from + limit)
  }
}

type OfCoupon = { all: Act[]; byId: Map<string, Act>; inVain: Map<string, Said> }

function isDone({ kind }: ControlOutcome): boolean {
  return kind === 'done' || kind === 'created' || kind === 'unchanged'
}

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
