// Latencies of very many asks in little memory, to three digits.

import { build } from 'hdr-histogram-js'

/** Milliseconds. */
export type Latency = { p50: number; p90: number; p99: number; p999: number; max: number }
export type Latencies = { record(ms: number): void; figures(): Latency }

/** An hour in µs, beyond any deadline of an ask. */
const latencyMax = 3_600_000_000

export function startLatency(): Latencies {
  const histogram = build({ highestTrackableValue: latencyMax, numberOfSignificantValueDigits: 3 })
  return {
    record(ms) {
      histogram.recordValue(Math.min(Math.max(Math.round(ms * 1000), 0), latencyMax))
    },
    figures() {
      const max = histogram.maxValue / 1000
      // A percentile is the upper end of its bucket, which may lie above the maximum.
      const at = (percentile: number) => {
        return Math.min(histogram.getValueAtPercentile(percentile) / 1000, max)
      }
      return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max }
    },
  }
}
