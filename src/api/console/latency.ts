// How long answers took, in buckets that can be added over nodes and taken from each other. Each is
// a fifth wider than the one before, which is as exact as a chart is read.

export const latencyBuckets = 96
const bucketsPerDoubling = 4
/** The upper end of the first one, ms; the last one has no end (about 12 minutes). */
const firstMs = 0.05

export function bucketOf(ms: number): number {
  if (!(ms > firstMs)) return 0
  const bucket = Math.ceil(Math.log2(ms / firstMs) * bucketsPerDoubling)
  return Math.min(bucket, latencyBuckets - 1)
}

/** ms below which this part of them was answered; null of none. */
export function percentile(counts: ArrayLike<number>, part: number): number | null {
  let all = 0
  for (let n = 0; n < counts.length; n++) all += counts[n] ?? 0
  if (all === 0) return null
  let left = all * part
  for (let n = 0; n < counts.length; n++) {
    left -= counts[n] ?? 0
    if (left <= 1e-9) return upperEnd(n)
  }
  return upperEnd(counts.length - 1)
}

function upperEnd(bucket: number): number {
  return Math.round(firstMs * 2 ** (bucket / bucketsPerDoubling) * 100) / 100
}
