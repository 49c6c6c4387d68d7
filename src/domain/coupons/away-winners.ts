// The winners of a coupon that was closed long ago, while they are not in memory: how many they
// are and where the last one won is all that is kept, and the rows know the rest. Who asks for a
// user has to have looked first: nobody is told no because he was not found here.

import type { Issued, Winners } from './winners.ts'

export class AwayWinners implements Winners {
  readonly size: number
  /** Of the claim that won last: rows that go beyond it have all of them. */
  readonly lastOffset: number
  /** Questions about one user since it was set to 0. */
  asked = 0
  /** Users who were looked up; null: has not won. */
  private readonly lookedUp = new Map<string, Issued | null>()
  /** While they are back. */
  private all: Winners | null = null

  constructor({ size, lastOffset }: Pick<AwayWinners, 'size' | 'lastOffset'>) {
    this.size = size
    this.lastOffset = lastOffset
  }

  get areBack(): boolean {
    return this.all !== null
  }

  /** Whether `get` and `has` may be asked. */
  knows(userId: string): boolean {
    return this.all !== null || this.lookedUp.has(userId)
  }

  get(userId: string): Issued | undefined {
    this.asked += 1
    if (this.all !== null) return this.all.get(userId)
    const found = this.lookedUp.get(userId)
    if (found === undefined) throw notHere()
    return found ?? undefined
  }

  has(userId: string): boolean {
    return this.get(userId) !== undefined
  }

  /** What the rows say. */
  tell(userId: string, issued: Issued | undefined): void {
    if (this.lookedUp.size >= lookedUpMax) this.lookedUp.clear()
    this.lookedUp.set(userId, issued ?? null)
  }

  /** All of them, for as long as they are asked for often. */
  comeBack(all: Winners): void {
    if (all.size !== this.size) throw new RangeError(`${all.size} winners instead of ${this.size}`)
    this.all = all
    this.lookedUp.clear()
  }

  /** Also what was looked up. */
  letGo(): void {
    this.all = null
    this.lookedUp.clear()
  }

  set(): never {
    throw new Error('nobody wins a coupon whose winners are away')
  }

  keys(): MapIterator<string> {
    return this.here().keys()
  }

  values(): MapIterator<Issued> {
    return this.here().values()
  }

  entries(): MapIterator<[string, Issued]> {
    return this.here().entries()
  }

  [Symbol.iterator](): MapIterator<[string, Issued]> {
    return this.entries()
  }

  private here(): Winners {
    if (this.all === null) throw notHere()
    return this.all
  }
}

/** A megabyte or two; whoever is asked that often comes back long before. */
const lookedUpMax = 10_000

function notHere(): Error {
  return new Error('the winners are away and were not looked up')
}
