// The few statistics that the benchmark quotes.

/** The mean of the two in the middle where their number is even. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}

/** Cumulative, as Prometheus has them; `upTo` of the last one is infinite. */
export type Bucket = { upTo: number; count: number }

/** As `histogram_quantile` of Prometheus: a straight line within the bucket. NaN of nothing. */
export function bucketQuantile(buckets: readonly Bucket[], quantile: number): number {
  const rank = (buckets.at(-1)?.count ?? 0) * quantile
  const at = buckets.findIndex(({ count }) => count >= rank && count > 0)
  const below = buckets[at - 1] ?? { upTo: 0, count: 0 }
  const bucket = buckets[at]
  if (bucket === undefined) return Number.NaN
  if (bucket.upTo === Number.POSITIVE_INFINITY) return below.upTo
  const part = (rank - below.count) / (bucket.count - below.count)
  return below.upTo + (bucket.upTo - below.upTo) * part
}

/** The smallest value that so large a part of them does not exceed. NaN of nothing. */
export function quantileOf(sorted: readonly number[], quantile: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * quantile) - 1)] ?? Number.NaN
}
