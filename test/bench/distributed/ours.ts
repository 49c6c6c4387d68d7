// What is measured of ours alone: winning claims beside the constant answer of the same process,
// the issuer's own word on its lag at half load, and a rate that is held for a minute.

import { benchSecret, bucketsOf } from '../service.ts'
import { bucketQuantile, median } from '../statistics.ts'
import type { Backends } from './backends.ts'
import { expectAll, runClaimLoad } from './claim-load.ts'
import { connections, processorMeter, quantityMax, rowsAreThere, sum } from './full-load.ts'
import type { OurContender } from './our-contender.ts'
import { measurePaced, type Paced } from './row-lag.ts'

export type ConstantRatio = {
  /** Milliseconds of the API process, for one answer. */
  constantMs: number
  winMs: number
  /** Winning claims to constant answers, of the same processor time. Medians of rounds. */
  ratio: number
  constantPerSecond: number
}
export type HalfLoad = Paced & {
  /** From the append of the oldest claim of a batch to the commit of its rows. */
  issuerLagMs: { p50: number; p99: number; batches: number }
  /** Processor time, by process: milliseconds for one winning claim. */
  byProcess: Record<string, number>
}
export type Sustained = Paced & {
  seconds: number
  /** Of all processes, to the last row, without the load generator. */
  processorSecondsPerThousand: number
  byProcess: Record<string, number>
  /** Rates that were tried before and not held. */
  notHeld: { ratePerSecond: number; why: string }[]
}

const constantUsers = 5_000
const winsPerSecondMax = 40_000

export async function measureConstantRatio(
  ours: OurContender,
  backends: Backends,
  { rounds, roundMs }: { rounds: number; roundMs: number },
): Promise<ConstantRatio> {
  const measured: ConstantRatio[] = []
  for (let n = 0; n < rounds; n += 1) {
    const couponId = `ratio-${n}`
    await ours.createCoupon(couponId, quantityMax)
    const load = { ports: [ours.port], secret: benchSecret, connections, durationMs: roundMs }
    const constantMeter = processorMeter(ours, backends)
    const constant = expectAll(
      await runClaimLoad({
        ...load,
        path: ours.constantPath,
        users: { prefix: 'constant-', count: constantUsers },
        cycles: true,
      }),
      201,
    )
    const constantMs = ((constantMeter().api ?? Number.NaN) / constant.sent) * 1_000
    const winMeter = processorMeter(ours, backends)
    const wins = expectAll(
      await runClaimLoad({
        ...load,
        path: ours.claimPath(couponId),
        users: { prefix: `${couponId}-`, count: Math.ceil((winsPerSecondMax * roundMs) / 1_000) },
      }),
      201,
    )
    const winMs = ((winMeter().api ?? Number.NaN) / wins.sent) * 1_000
    await rowsAreThere(ours, couponId, wins.sent)
    const constantPerSecond = constant.answersPerSecond
    measured.push({ constantMs, winMs, ratio: constantMs / winMs, constantPerSecond })
  }
  const of = (name: keyof ConstantRatio) => median(measured.map((round) => round[name]))
  return {
    constantMs: of('constantMs'),
    winMs: of('winMs'),
    ratio: of('ratio'),
    constantPerSecond: of('constantPerSecond'),
  }
}

export async function measureHalfLoad(
  ours: OurContender,
  backends: Backends,
  options: { ratePerSecond: number; durationMs: number },
): Promise<HalfLoad> {
  const lag = async () => bucketsOf(await ours.issuerMetrics(), 'firstcome_issue_lag_seconds')
  const before = await lag()
  const meter = processorMeter(ours, backends)
  const paced = await measurePaced(ours, {
    ...options,
    couponId: 'half-load',
    pollMs: 2,
    samplesPerSecond: 50,
  })
  await rowsAreThere(ours, 'half-load', paced.winners)
  const byProcess = Object.fromEntries(
    Object.entries(meter()).map(([name, used]) => [name, (used / paced.winners) * 1_000]),
  )
  const after = await lag()
  const buckets = after.map(({ upTo, count }, n) => {
    return { upTo, count: count - (before[n]?.count ?? 0) }
  })
  const p50 = bucketQuantile(buckets, 0.5) * 1_000
  const p99 = bucketQuantile(buckets, 0.99) * 1_000
  return { ...paced, issuerLagMs: { p50, p99, batches: buckets.at(-1)?.count ?? 0 }, byProcess }
}

const wanted = { p99Ms: 500, lagMs: 1_000 }
const ratesTried = [12_000, 10_000, 8_000, 6_000, 5_000, 4_000, 3_000, 2_000]
const trialMs = 3_000
/** What a short trial holds may still fail within a minute. */
const longRunsMax = 3

export async function measureSustained(
  ours: OurContender,
  backends: Backends,
  { durationMs }: { durationMs: number },
): Promise<Sustained> {
  const notHeld: Sustained['notHeld'] = []
  let longRuns = 0
  for (const ratePerSecond of ratesTried) {
    const options = { ratePerSecond, pollMs: 5, samplesPerSecond: 20 }
    const couponId = `trial-${ratePerSecond}`
    const trial = await measurePaced(ours, { ...options, couponId, durationMs: trialMs })
    const why = whyNotHeld(trial)
    const isLast = ratePerSecond === ratesTried.at(-1)
    if (why !== null && !isLast) {
      notHeld.push({ ratePerSecond, why })
      continue
    }
    const meter = processorMeter(ours, backends)
    const long = { ...options, couponId: `sustained-${ratePerSecond}`, durationMs }
    const sustained = await measurePaced(ours, long)
    await rowsAreThere(ours, long.couponId, sustained.winners)
    const used = meter()
    const whyNot = whyNotHeld(sustained)
    longRuns += 1
    if (whyNot !== null && !isLast && longRuns < longRunsMax) {
      const longWhy = `${whyNot} in ${durationMs / 1_000} s`
      notHeld.push({ ratePerSecond, why: longWhy })
      continue
    }
    const perThousand = (seconds: number) => (seconds / sustained.winners) * 1_000
    return {
      ...sustained,
      seconds: durationMs / 1_000,
      processorSecondsPerThousand: perThousand(sum(Object.values(used))),
      byProcess: Object.fromEntries(
        Object.entries(used).map(([name, seconds]) => [name, perThousand(seconds)]),
      ),
      notHeld,
    }
  }
  throw new Error('there is no rate to try')
}

export function whyNotHeld({ void: reason, latencyMs, rowLag }: Paced): string | null {
  if (reason !== null) return reason
  if (latencyMs.p99 > wanted.p99Ms) return `p99 ${latencyMs.p99.toFixed(0)} ms`
  if (rowLag.missing > 0) return `${rowLag.missing} rows were not seen`
  return rowLag.maxMs > wanted.lagMs ? `rows ${rowLag.maxMs.toFixed(0)} ms late` : null
}
