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
  const { clock, msMax, look, told, hint } = looks
  const until = clock.monotonic() + msMax
  let pauseMs = looks.isTold ? lookAfterToldMs : lookAfterMs
  let found: Found | null = null
  let news = new AbortController()
  const wake = () => news.abort()
  void hint?.then(wake)
  void told?.then((one) => {
    found = one
    wake()
  })
  for (;;) {
    const leftMs = until - clock.monotonic()
    if (leftMs <= 0) return null
    await sleep(clock, Math.min(pauseMs, leftMs), news.signal)
    // What comes while it looks is worth another look, at once.
    news = new AbortController()
    const seen = found ?? (await look())
    if (seen !== null) return seen
    pauseMs = Math.min(pauseMs * growth, pauseMsMax)
  }
}
