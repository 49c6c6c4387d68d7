// What time it is by the log's clock, which decides what has opened and closed, as far as this node
// knows it: from the latest records that it read as they came. The wall clock of this machine may
// say anything.

import type { Clock, Instant, Moment } from '../../ports/clock.ts'

export type LogTimeParts = {
  clock: Clock
  /** How far what is known may be from the truth. */
  skewMsMax: number
  /** The wall clock is so far ahead of the log's; behind it where negative. */
  onDiffers(seconds: number): void
}

/** The log's clock may have been set since: one claim then goes to the log and looks again. */
const knownForMsMax = 60_000
/** Less is a matter of how long a record takes to be read. */
const reportedMsMin = 5_000

export class LogTime {
  private readonly parts: LogTimeParts
  private seen: { at: Instant; readAt: Moment } | null = null
  private reported = false

  constructor(parts: LogTimeParts) {
    this.parts = parts
  }

  /** To be called with the append time of what has just been appended. */
  read(at: Instant): void {
    const readAt = this.parts.clock.monotonic()
    if (this.isKnown() && at < this.estimate()) return
    this.seen = { at, readAt }
    this.report()
  }

  estimate(): Instant {
    const { clock } = this.parts
    if (this.seen === null) return clock.now()
    return Math.round(this.seen.at + clock.monotonic() - this.seen.readAt)
  }

  /** A time that the log's clock cannot have passed. */
  max(): Instant {
    if (!this.isKnown()) return Number.POSITIVE_INFINITY
    return Math.max(this.estimate(), this.parts.clock.now()) + this.parts.skewMsMax
  }

  private isKnown(): boolean {
    if (this.seen === null) return false
    return this.parts.clock.monotonic() - this.seen.readAt <= knownForMsMax
  }

  /** Once, and again once it was mended. */
  private report(): void {
    const differenceMs = this.parts.clock.now() - this.estimate()
    const differs = Math.abs(differenceMs) > reportedMsMin
    if (differs && !this.reported) this.parts.onDiffers(Math.round(differenceMs / 1000))
    this.reported = differs
  }
}
