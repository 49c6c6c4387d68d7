// The slot of each user who won a coupon, as a Map of them, in columns of the audit's own: of a
// million users a Map keeps twice the memory, all of it for the garbage collector to look at. What
// no log should say, a slot that is not the next or a second one of a user, is in a Map.

import { PackedWinners } from '../../../domain/coupons/winners.ts'

export class SlotsByUser {
  private readonly inOrder: PackedWinners
  private readonly others = new Map<string, number>()
  /** Of the others, those who are not in order as well. */
  private strangers = 0

  /** `known`: from before; more are added to it. */
  constructor(known = new PackedWinners()) {
    this.inOrder = known
  }

  get size(): number {
    return this.inOrder.size + this.strangers
  }

  get(userId: string): number | undefined {
    const other = this.others.size === 0 ? undefined : this.others.get(userId)
    return other ?? this.inOrder.slotOf(userId)
  }

  has(userId: string): boolean {
    return this.get(userId) !== undefined
  }

  set(userId: string, slot: number): void {
    const held = this.get(userId)
    if (held === undefined && slot === this.inOrder.size + 1) {
      this.inOrder.set(userId, { slot, ...notAsked })
      return
    }
    if (held === undefined) this.strangers += 1
    this.others.set(userId, slot)
  }

  *keys(): Iterable<string> {
    yield* this.inOrder.keys()
    for (const userId of this.others.keys()) if (!this.inOrder.has(userId)) yield userId
  }
}

/** The ledger has only slots. */
const notAsked = { claimId: '', offset: 0, appendedAt: 0 }
