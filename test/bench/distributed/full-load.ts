// What a build does when it is asked as fast as it can answer: winning claims, rounds of them until
// the last row is there as well, and refusals once all is gone. The processor time is that of every
// process that works for it, from the first claim to the last row.

import { waitFor } from '../../services/server-process.ts'
import { benchSecret } from '../service.ts'
import { median } from '../statistics.ts'
import type { Backends } from './backends.ts'
import { type ClaimLoad, expectAll, runClaimLoad } from './claim-load.ts'
import type { RunningContender } from './contender.ts'
import { processorSeconds } from './processor-time.ts'

export type FullLoad = {
  winsPerSecond: number
  /** Until the last row was there. */
  rowsPerSecond: number
  soldOutPerSecond: number
  latencyMs: { p50: number; p99: number }
  /** Milliseconds for one winning claim, by process. */
  processorMs: Record<string, number>
  processorMsOfAll: number
  /** The load generator's own, which is not among them. */
  loadMs: number
}
export type FullLoadOptions = { rounds: number; roundMs: number }

export const connections = 256
const practiceMs = 1_500
/** Nobody here answers more. */
const winsPerSecondMax = 40_000
const rowsWaitMsMax = 60_000
export const quantityMax = 10_000_000

export async function measureFullLoad(
  contender: RunningContender,
  backends: Backends,
  { rounds, roundMs }: FullLoadOptions,
): Promise<FullLoad> {
  await measureWins(contender, backends, { couponId: 'practice', roundMs: practiceMs })
  const measured: Wins[] = []
  for (let n = 0; n < rounds; n += 1) {
    measured.push(await measureWins(contender, backends, { couponId: `full-${n}`, roundMs }))
  }
  const names = Object.keys(measured[0]?.processorMs ?? {})
  const processorMs = Object.fromEntries(
    names.map((name) => [name, median(measured.map((it) => it.processorMs[name] ?? 0))]),
  )
  return {
    winsPerSecond: median(measured.map((it) => it.winsPerSecond)),
    rowsPerSecond: median(measured.map((it) => it.rowsPerSecond)),
    soldOutPerSecond: await measureSoldOut(contender, roundMs),
    latencyMs: {
      p50: median(measured.map((it) => it.latencyMs.p50)),
      p99: median(measured.map((it) => it.latencyMs.p99)),
    },
    processorMs,
    processorMsOfAll: median(measured.map((it) => sum(Object.values(it.processorMs)))),
    loadMs: median(measured.map((it) => it.loadMs)),
  }
}

type Wins = Omit<FullLoad, 'soldOutPerSecond' | 'processorMsOfAll'>

async function measureWins(
  contender: RunningContender,
  backends: Backends,
  { couponId, roundMs }: { couponId: string; roundMs: number },
): Promise<Wins> {
  await contender.createCoupon(couponId, quantityMax)
  const count = Math.ceil((winsPerSecondMax * roundMs) / 1_000)
  const meter = processorMeter(contender, backends)
  const result = await runClaimLoad({
    ...loadOn(contender, couponId),
    users: { prefix: `${couponId}-`, count },
    durationMs: roundMs,
  })
  const { answers, seconds, latencyMs, cpuSeconds } = expectAll(result, 201)
  const endedAt = performance.now()
  await rowsAreThere(contender, couponId, answers)
  const lateSeconds = (performance.now() - endedAt) / 1_000
  const used = meter()
  return {
    winsPerSecond: answers / seconds,
    rowsPerSecond: answers / (seconds + lateSeconds),
    latencyMs,
    processorMs: Object.fromEntries(
      Object.entries(used).map(([name, all]) => [name, (all / answers) * 1_000]),
    ),
    loadMs: (cpuSeconds / answers) * 1_000,
  }
}

async function measureSoldOut(contender: RunningContender, roundMs: number): Promise<number> {
  const couponId = 'sold-out'
  await contender.createCoupon(couponId, 1)
  const load = loadOn(contender, couponId)
  await runClaimLoad({ ...load, users: { prefix: 'first-', count: 1 } })
  await rowsAreThere(contender, couponId, 1)
  const count = Math.ceil((winsPerSecondMax * roundMs) / 1_000)
  const users = { prefix: 'late-', count }
  const result = await runClaimLoad({ ...load, users, durationMs: roundMs })
  return expectAll(result, 409).answersPerSecond
}

export function loadOn(contender: RunningContender, couponId: string): Omit<ClaimLoad, 'users'> {
  const path = contender.claimPath(couponId)
  return { ports: [contender.port], path, secret: benchSecret, connections }
}

/** Counting is not free for the database either: not too often. */
export async function rowsAreThere(
  contender: RunningContender,
  couponId: string,
  count: number,
): Promise<void> {
  const what = `${count} rows of ${couponId}`
  let looks = 0
  await waitFor(
    what,
    async () => {
      looks += 1
      if (looks > 10) await new Promise((resolve) => setTimeout(resolve, 250))
      return (await contender.rowCount(couponId)) >= count
    },
    rowsWaitMsMax,
  )
}

/** Starts now; a call says how many seconds each process has used since. */
export function processorMeter(
  contender: RunningContender,
  backends: Backends,
): () => Record<string, number> {
  const seconds = () =>
    Object.entries({ ...contender.pids(), ...backends.pids }).map(
      ([name, pids]) => [name, processorSeconds(pids)] as const,
    )
  const before = new Map(seconds())
  return () =>
    Object.fromEntries(seconds().map(([name, at]) => [name, at - (before.get(name) ?? 0)]))
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
