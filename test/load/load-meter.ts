// What a load measures: latencies, statuses, and how busy the generator itself was.

import { build } from 'hdr-histogram-js'

export type LoadFigures = {
  answers: number
  byStatus: Record<string, number>
  seconds: number
  answersPerSecond: number
  /** Of this process, user and system. */
  cpuSeconds: number
  latencyMs: { p50: number; p90: number; p99: number; p999: number; max: number; mean: number }
  /** The latest start after its time while a connection was free: the generator's own fault. */
  behindMs: number
  /** The latest start after its time because every connection was busy: the server's. */
  waitedMs: number
}
export type LoadMeter = {
  /** Everything before `countFrom` (ms of `performance`) is left out. */
  start(countFrom: number): void
  /** The warm-up is over. */
  warm(): void
  started(dueAt: number, now: number): void
  answered(status: number, dueAt: number, now: number): void
  /** Every connection is busy at `now`. */
  busy(now: number): void
  figures(): LoadFigures
}

/** Ten minutes, in µs. */
const latencyMax = 600_000_000

export function loadMeter(): LoadMeter {
  const histogram = build({ highestTrackableValue: latencyMax, numberOfSignificantValueDigits: 3 })
  const statuses = new Map<number, number>()
  let cpu = process.cpuUsage()
  let countFrom = 0
  let lastAnswerAt = 0
  let busyUntil = 0
  let behindMs = 0
  let waitedMs = 0
  return {
    start(at) {
      countFrom = at
    },
    warm() {
      cpu = process.cpuUsage()
    },
    started(dueAt, now) {
      if (dueAt < countFrom) return
      if (dueAt <= busyUntil) waitedMs = Math.max(waitedMs, now - dueAt)
      else behindMs = Math.max(behindMs, now - dueAt)
    },
    answered(status, dueAt, now) {
      if (dueAt < countFrom) return
      lastAnswerAt = now
      histogram.recordValue(Math.min(Math.round((now - dueAt) * 1000), latencyMax))
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    },
    busy(now) {
      busyUntil = now
    },
    figures() {
      const { user, system } = process.cpuUsage(cpu)
      const answers = histogram.totalCount
      const seconds = Math.max(0, lastAnswerAt - countFrom) / 1000
      const [max, mean] = [histogram.maxValue / 1000, histogram.mean / 1000]
      // A percentile is the upper end of its bucket, which may lie above the maximum.
      const at = (percentile: number) => {
        return Math.min(histogram.getValueAtPercentile(percentile) / 1000, max)
      }
      return {
        answers,
        byStatus: Object.fromEntries(statuses),
        seconds,
        answersPerSecond: seconds > 0 ? answers / seconds : 0,
        cpuSeconds: (user + system) / 1_000_000,
        latencyMs: { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max, mean },
        behindMs,
        waitedMs,
      }
    },
  }
}
