// The slot of each user who won a coupon, as a Map of them: those who were known before are in
// columns of the audit's own, which nothing adds to any more; those since are in a Map.

import type { PackedWinners } from '../../../domain/coupons/winners.ts'

type Before = Pick<PackedWinners, 'get' | 'has' | 'keys' | 'size'>

export class SlotsByUser {
  size: number
  private readonly before: Before | null
  private readonly since = new Map<string, number>()

  constructor(before: Before | null = null) {
    this.before = before
    this.size = before?.size ?? 0
  }

  get(userId: string): number | undefined {
    return this.since.get(userId) ?? this.before?.get(userId)?.slot
  }

  has(userId: string): boolean {
    return this.since.has(userId) || this.before?.has(userId) === true
  }

  set(userId: string, slot: number): void {
    const known = this.since.size
    this.since.set(userId, slot)
    if (this.since.size > known && this.before?.has(userId) !== true) this.size += 1
  }

  *keys(): Iterable<string> {
    yield* this.before?.keys() ?? []
    for (const userId of this.since.keys()) if (this.before?.has(userId) !== true) yield userId
  }
}
