// How long a new order would take now, from what the watch reads of the orders topic: those that
// are in line before it, by how many leave the line in a second. Whoever is overtaken by a later
// order that was confirmed waits for something of its own (a piece, a slow payment) and stands in
// nobody's way. A short line, or one that moves at once, says nothing: then nobody is refused.

import type { Clock, Moment } from '../../ports/clock.ts'
import { Latest } from '../latest.ts'

/** What leaves is counted in slots of time. */
const slotMs = 100
/** A line whose first has come sooner is a burst that is being taken, perhaps by a cold service. */
const burstMs = 1_500
const slotsMin = 10
/** What a provider that takes a second for each, 64 at once, does in four: no line to speak of. */
export const lineMin = 256
/** Of a pause of a second, as of a database that tidies up, the last seconds know more. */
const slotsMax = 30

export class OrderPace {
  private readonly clock: Pick<Clock, 'monotonic'>
  /** When each was seen placed, in the order of their coming. */
  private readonly line: Latest<string, Moment>
  private readonly left = new Float64Array(slotsMax + 1)
  private slot = 0

  /** `lineMax`: remembered at most. */
  constructor(clock: Pick<Clock, 'monotonic'>, lineMax: number) {
    this.clock = clock
    this.line = new Latest(lineMax)
  }

  placed(orderId: string): void {
    if (!this.line.has(orderId)) this.line.set(orderId, this.clock.monotonic())
  }

  cancelled(orderId: string): void {
    if (this.line.delete(orderId)) this.count(1)
  }

  /** Only one that was confirmed has gone the whole way, and overtakes. */
  confirmed(orderId: string): void {
    const { line } = this
    if (!line.has(orderId)) return
    let gone = 0
    for (; line.has(orderId); gone++) line.delete(line.oldest()?.[0] ?? orderId)
    this.count(gone)
  }

  /** The log is read anew. */
  clear(): void {
    this.line.clear()
    this.left.fill(0)
  }

  /** 0 where the line says nothing, infinite where it is long and nothing moves. */
  expectedMs(): number {
    if (this.line.size <= lineMin) return 0
    const now = this.clock.monotonic()
    const [, since] = this.line.oldest() ?? [null, now]
    if (now - since < burstMs) return 0
    this.turnTo(now)
    return this.line.size / Math.max(this.perMs(slotsMin), this.perMs(slotsMax))
  }

  private count(gone: number): void {
    this.turnTo(this.clock.monotonic())
    const at = this.slot % this.left.length
    this.left[at] = (this.left[at] ?? 0) + gone
  }

  private turnTo(now: Moment): void {
    const slot = Math.floor(now / slotMs)
    const first = Math.max(this.slot + 1, slot - slotsMax)
    for (let empty = first; empty <= slot; empty++) this.left[empty % this.left.length] = 0
    this.slot = slot
  }

  /** In so many whole slots before this one. */
  private perMs(slots: number): number {
    let gone = 0
    for (let n = 1; n <= slots; n++) gone += this.left[(this.slot - n) % this.left.length] ?? 0
    return gone / (slots * slotMs)
  }
}
