// At half of what is won and written at most: how long a claim takes, from the time it was due,
// and how soon its row is committed. The latter is what the issuer says of the oldest record of
// each batch: every other record of that batch waited less.

import type { LoadJobResult } from '../load/load-job.ts'
import type { Cores } from './machine.ts'
import { startService } from './service.ts'
import { bucketQuantile } from './statistics.ts'

export type HalfLoad = {
  ratePerSecond: number
  latencyMs: LoadJobResult['latencyMs']
  /** From the append of the oldest claim of a batch to the commit of its rows. */
  rowVisibleMs: { p50: number; p99: number; batches: number }
  /** Why the figures do not count; null where they do. */
  void: string | null
}

const couponId = 'half-load'
const quantity = 10_000_000
const practiceMs = 3_000
const warmUpMs = 1_000
/** Requests due in turn that left later than this were not the service's fault, nor its figures. */
const behindMsMax = 100
/** The part of what was due that must have been answered, or there was no half load. */
const answeredPartMin = 0.98

type HalfLoadOptions = { ratePerSecond: number; durationMs: number; cores: Cores | null }

export async function measureHalfLoad(
  directory: string,
  { ratePerSecond, durationMs, cores }: HalfLoadOptions,
): Promise<HalfLoad> {
  const service = await startService(directory, cores)
  await service.createCoupons([
    { couponId: 'practice', quantity },
    { couponId, quantity },
  ])
  const load = (path: string, ms: number) =>
    service.load({
      paths: [`/coupons/${path}/claims`],
      users: { prefix: 'half-', count: Math.ceil((ratePerSecond * (ms + warmUpMs)) / 1000) },
      once: true,
      expectedStatus: 201,
      ratePerSecond,
      durationMs: ms,
      warmUpMs,
    })
  // The engine compiles what is called often.
  await load('practice', practiceMs)
  await service.issued()
  const before = await service.issueLag()
  const result = await load(couponId, durationMs)
  await service.issued()
  const after = await service.issueLag()
  await service.stop()
  const buckets = after.map(({ upTo, count }, n) => ({
    upTo,
    count: count - (before[n]?.count ?? 0),
  }))
  return {
    ratePerSecond,
    latencyMs: result.latencyMs,
    rowVisibleMs: {
      p50: bucketQuantile(buckets, 0.5) * 1000,
      p99: bucketQuantile(buckets, 0.99) * 1000,
      batches: buckets.at(-1)?.count ?? 0,
    },
    void: whyVoid(result, ratePerSecond),
  }
}

function whyVoid(result: LoadJobResult, ratePerSecond: number): string | null {
  if (result.behindMs > behindMsMax) {
    return `the load generator was ${result.behindMs.toFixed(0)} ms behind`
  }
  const part = result.answersPerSecond / ratePerSecond
  return part >= answeredPartMin ? null : `only ${(part * 100).toFixed(1)} % were answered in time`
}
