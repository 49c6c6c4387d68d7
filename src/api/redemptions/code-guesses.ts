// Codes cannot be tried out: whoever names some that nobody has is told nothing about codes until
// a minute from the first of them is over. Each caller is counted apart, by all nodes together;
// each node also counts by itself, and that alone holds while the nodes cannot count together. A
// bounded number of callers is remembered, the latest ones.

import type { Clock, Moment } from '../../ports/clock.ts'
import type { GuessCount, GuessCounts } from '../../ports/guess-counts.ts'
import { Latest } from '../latest.ts'

/** At least ten are always answered; four nodes that cannot count together stay below a hundred. */
export const unknownCodesMax = 20
const windowMs = 60_000
const callersMax = 10_000

export type CodeGuessesParts = {
  clock: Pick<Clock, 'monotonic'>
  /** Absent: this is the only node. */
  shared?: GuessCounts | undefined
}

export class CodeGuesses {
  private readonly parts: CodeGuessesParts
  private readonly callers = new Latest<string, { unknown: number; until: Moment }>(callersMax)

  constructor(parts: CodeGuessesParts) {
    this.parts = parts
  }

  /** How long this caller is told nothing; 0: not now. */
  async retryAfterSeconds(caller: string): Promise<number> {
    const { shared } = this.parts
    const seconds = this.knownSeconds(caller)
    if (seconds > 0 || shared === undefined) return seconds
    this.learn(caller, await shared.look(caller))
    return this.knownSeconds(caller)
  }

  /** One more that nobody has. Above 0: it is too many, and is not answered either. */
  async note(caller: string): Promise<number> {
    const { clock, shared } = this.parts
    const seconds = this.knownSeconds(caller)
    if (seconds > 0) return seconds
    const now = clock.monotonic()
    const known = this.callers.get(caller)
    const window = known && now < known.until ? known : { unknown: 0, until: now + windowMs }
    window.unknown += 1
    this.callers.set(caller, window)
    const together = (await shared?.add(caller, windowMs)) ?? null
    this.learn(caller, together)
    return together !== null && together.unknown > unknownCodesMax ? this.knownSeconds(caller) : 0
  }

  private knownSeconds(caller: string): number {
    const now = this.parts.clock.monotonic()
    const known = this.callers.get(caller)
    if (known === undefined || known.unknown < unknownCodesMax || now >= known.until) return 0
    return Math.ceil((known.until - now) / 1000)
  }

  private learn(caller: string, together: GuessCount | null): void {
    if (together === null || together.unknown < unknownCodesMax) return
    const until = this.parts.clock.monotonic() + together.leftMs
    this.callers.set(caller, { unknown: together.unknown, until })
  }
}
