// A storm: attempts start as their load says, and each ends in the ledger. Latencies of very many
// of them are kept in little memory, to three digits. What was told is known at every moment.

import { build } from 'hdr-histogram-js'
import type { Clock, Moment } from '../ports/clock.ts'
import type { Entry } from './attempts.ts'
import { count, share } from './figures.ts'
import type { Run } from './rehearsal.ts'
import { type Load, runLoad } from './scheduler.ts'

export type StormPlan<Kept> = {
  load: Load & { asks: number }
  /** Starts ask `index`, of one attempt or of several at the same moment. */
  ask(index: number): Promise<Kept>[]
  /** In all asks. */
  attempts: number
  /** What progress shows: "Asking: 10 of 20  9 issued · 1 sold out". */
  title: string
  /** Those that are 0 are left out. */
  figures(entries: readonly Kept[]): [figure: number, what: string][]
}
/** Milliseconds. */
type Latency = { p50: number; p90: number; p99: number; p999: number; max: number }
export type Storm<Kept> = {
  entries: Kept[]
  seconds: number
  behindMsMax: number
  /** From when each should have started to its end, retries included. */
  latency: Latency
}

/** What has ended so far, and when the first attempt of all began: null where none has yet. */
export type Ledger<Kept> = {
  entries: Kept[]
  startedAt: Moment | null
  latency: ReturnType<typeof build>
}

export function newLedger<Kept>(): Ledger<Kept> {
  const latency = build({ highestTrackableValue: latencyMax, numberOfSignificantValueDigits: 3 })
  return { entries: [], startedAt: null, latency }
}

/** As of now; what ends later is not in it. */
export function stormSoFar<Kept>(
  { entries, startedAt, latency }: Ledger<Kept>,
  clock: Clock,
): Storm<Kept> {
  const seconds = startedAt === null ? 0 : (clock.monotonic() - startedAt) / 1000
  return { entries: [...entries], seconds, behindMsMax: 0, latency: latencyOf(latency) }
}

/** An hour in µs, beyond any deadline of an attempt. */
const latencyMax = 3_600_000_000

export async function blow<Kept extends Entry<unknown>>(
  { clock, progress }: Run,
  { load, ask, attempts, title, figures }: StormPlan<Kept>,
  ledger: Ledger<Kept>,
): Promise<Storm<Kept>> {
  const { entries, latency } = ledger
  const startedAt = clock.monotonic()
  ledger.startedAt = startedAt
  const all = runLoad(clock, load, async (index, intendedAt) => {
    const asked = ask(index).map(async (attempt) => {
      const entry = await attempt
      entries.push(entry)
      const µs = Math.round((entry.endedAt - intendedAt) * 1000)
      latency.recordValue(Math.min(Math.max(µs, 0), latencyMax))
    })
    await Promise.all(asked)
  })
  const line = () => {
    const perSecond = (entries.length * 1000) / (clock.monotonic() - startedAt)
    const shown = [...figures(entries), [perSecond, 'a second'] as const]
    const words = shown.flatMap(([figure, what]) => {
      return figure > 0 ? [`${count(Math.round(figure))} ${what}`] : []
    })
    return `${title}: ${share(entries.length, attempts)}  ${words.join(' · ')}`
  }
  const { behindMsMax } = await progress.during(line, all)
  return { ...stormSoFar(ledger, clock), behindMsMax }
}

function latencyOf(histogram: ReturnType<typeof build>): Latency {
  const max = histogram.maxValue / 1000
  // A percentile is the upper end of its bucket, which may lie above the maximum.
  const at = (percentile: number) => {
    return Math.min(histogram.getValueAtPercentile(percentile) / 1000, max)
  }
  return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max }
}
