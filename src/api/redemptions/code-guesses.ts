// Codes cannot be tried out: whoever names some that nobody has is told nothing about codes until
// a minute from the first of them is over. Each caller is counted apart; a bounded number of them
// is remembered, the latest ones.

import type { Clock, Moment } from '../../ports/clock.ts'
import { Latest } from '../latest.ts'

/** At least ten are always answered; some nodes together stay below a hundred. */
export const unknownCodesMax = 20
const windowMs = 60_000
const callersMax = 10_000

export class CodeGuesses {
  private readonly clock: Pick<Clock, 'monotonic'>
  private readonly callers = new Latest<string, { unknown: number; until: Moment }>(callersMax)

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.clock = clock
  }

  /** How long this caller is told nothing; 0: not now. */
  retryAfterSeconds(caller: string): number {
    const now = this.clock.monotonic()
    const known = this.callers.get(caller)
    if (known === undefined || known.unknown < unknownCodesMax || now >= known.until) return 0
    return Math.ceil((known.until - now) / 1000)
  }

  /** One more was asked for that nobody has. False: it is too many, and is not answered either. */
  note(caller: string): boolean {
    if (this.retryAfterSeconds(caller) > 0) return false
    const now = this.clock.monotonic()
    const known = this.callers.get(caller)
    const window = known && now < known.until ? known : { unknown: 0, until: now + windowMs }
    window.unknown += 1
    this.callers.set(caller, window)
    return true
  }
}
