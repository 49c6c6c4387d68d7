// When each attempt starts. Closed loop: the next when one of so many at once has ended. Open
// loop: attempts start on schedule whatever the answers do, so that a slow service cannot slow down
// the storm that measures it; how far a start fell behind its time is reported, never hidden.

import type { Clock } from '../ports/clock.ts'

export type Load = { kind: 'closed'; concurrency: number } | { kind: 'open'; ratePerSecond: number }
/** Runs attempt `index`, which should have started at `intendedAt` (ms of the clock). */
export type Run = (index: number, intendedAt: number) => Promise<void>
export type ClosedLoop = { asks: number; concurrency: number }
export type OpenLoop = { asks: number; ratePerSecond: number }
/** `behindMsMax`: the latest start, after its time; 0 in a closed loop, which has no schedule. */
export type Scheduled = { behindMsMax: number }

/** In an open loop; more only queue in this process, and cost 2 KB each. */
export const inFlightMax = 50_000

export function runLoad(clock: Clock, load: Load & { asks: number }, run: Run): Promise<Scheduled> {
  return load.kind === 'closed' ? runClosedLoop(clock, load, run) : runOpenLoop(clock, load, run)
}

/** Ends when every attempt has; rejects, and starts no more, as soon as one rejects. */
export async function runClosedLoop(clock: Clock, loop: ClosedLoop, run: Run): Promise<Scheduled> {
  // All take from it, and who throws closes it for all.
  const indexes = upTo(loop.asks)
  async function worker(): Promise<void> {
    for (const index of indexes) await run(index, clock.monotonic())
  }
  await Promise.all(Array.from({ length: Math.min(loop.concurrency, loop.asks) }, worker))
  return { behindMsMax: 0 }
}

function* upTo(end: number): Generator<number> {
  for (let index = 0; index < end; index += 1) yield index
}

/** Ends when every attempt has; rejects, and starts no more, as soon as one rejects. */
export function runOpenLoop(clock: Clock, loop: OpenLoop, run: Run): Promise<Scheduled> {
  return new Promise((resolve, reject) => {
    const startedAt = clock.monotonic()
    let next = 0
    let running = 0
    let failed = false
    let behindMsMax = 0

    function ended(): void {
      running -= 1
      if (running === 0 && next === loop.asks) resolve({ behindMsMax })
    }
    function fail(error: unknown): void {
      failed = true
      reject(error)
    }
    function startDue(): void {
      while (next < loop.asks && running < inFlightMax && !failed) {
        const intendedAt = startedAt + (next * 1000) / loop.ratePerSecond
        const behindMs = clock.monotonic() - intendedAt
        if (behindMs < 0) break
        behindMsMax = Math.max(behindMsMax, behindMs)
        running += 1
        run(next, intendedAt).then(ended, fail)
        next += 1
      }
      if (next < loop.asks && !failed) clock.after(1, startDue)
    }
    if (loop.asks === 0) resolve({ behindMsMax })
    else startDue()
  })
}
