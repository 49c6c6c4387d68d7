// How a request waits for what it cannot know by itself: it is told, or looks, and looks less and
// less often. What is stored decides; being told only spares the looking.

import { type Clock, sleep } from '../../ports/clock.ts'

export type GrowingLooks<Found> = {
  clock: Clock
  msMax: number
  /** Whether somebody tells as a rule: then looking is for what was not told. */
  isTold?: boolean
  /** What there is to be found; null: not yet. */
  look(): Promise<Found | null>
  /** Resolves with it, where somebody tells. */
  told?: Promise<Found> | undefined
  /** Resolves once it is worth looking now. */
  hint?: Promise<void> | undefined
}

/** To the first look; each further pause is half as long again, up to `pauseMsMax`. */
const lookAfterMs = 10
const lookAfterToldMs = 100
const growth = 1.5
/** Nobody at a till notices less. */
const pauseMsMax = 150

/** Null: not in time. */
export async function lookOften<Found>(looks: GrowingLooks<Found>): Promise<Found | null> {
  const { clock, msMax, look, told } = looks
  const until = clock.monotonic() + msMax
  let { hint } = looks
  let pauseMs = looks.isTold ? lookAfterToldMs : lookAfterMs
  for (;;) {
    const leftMs = until - clock.monotonic()
    if (leftMs <= 0) return null
    const over = new AbortController()
    const ways: Promise<Found | null>[] = []
    if (told !== undefined) ways.push(told)
    if (hint !== undefined) ways.push(hint.then(nothing))
    ways.push(sleep(clock, Math.min(pauseMs, leftMs), over.signal).then(nothing))
    void hint?.then(() => {
      hint = undefined
    })
    const found = await Promise.race(ways)
    over.abort()
    const seen = found ?? (await look())
    if (seen !== null) return seen
    pauseMs = Math.min(pauseMs * growth, pauseMsMax)
  }
}

function nothing(): null {
  return null
}
