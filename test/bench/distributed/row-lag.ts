// How soon a row can be seen after its user was told yes, at half of the rows that a build makes
// at most: an open loop, and one reader of SQL for all builds alike.

import { benchSecret } from '../service.ts'
import { expectAll, runClaimLoad } from './claim-load.ts'
import type { RunningContender } from './contender.ts'
import { connections, quantityMax } from './full-load.ts'
import type { RowLag } from './row-sampler.ts'

export type Paced = {
  ratePerSecond: number
  answeredPerSecond: number
  latencyMs: { p50: number; p99: number; max: number }
  rowLag: RowLag
  winners: number
  /** Why the figures do not count; null where they do. */
  void: string | null
}
export type PacedOptions = {
  couponId: string
  ratePerSecond: number
  durationMs: number
  pollMs: number
  samplesPerSecond: number
}

const warmUpMs = 1_000
/** Requests that left later than this were not the service's fault, nor its figures. */
const behindMsMax = 100
/** The part of what was due that must have been answered, or the rate was not held. */
const answeredPartMin = 0.98

export async function measurePaced(
  contender: RunningContender,
  options: PacedOptions,
): Promise<Paced> {
  const { couponId, ratePerSecond, durationMs, pollMs, samplesPerSecond } = options
  await contender.createCoupon(couponId, quantityMax)
  const result = await runClaimLoad({
    ports: [contender.port],
    path: contender.claimPath(couponId),
    secret: benchSecret,
    connections,
    users: {
      prefix: `${couponId}-`,
      count: Math.ceil((ratePerSecond * (durationMs + warmUpMs)) / 1_000),
    },
    durationMs,
    warmUpMs,
    ratePerSecond,
    sampling: {
      url: contender.postgresUrl,
      table: contender.rowTable,
      couponId,
      oneIn: Math.max(1, Math.round(ratePerSecond / samplesPerSecond)),
      pollMs,
    },
  })
  const { latencyMs, behindMs, answers, sent } = expectAll(result, 201)
  if (result.rowLag === null) throw new Error('nobody looked for the rows')
  const answeredPerSecond = answers / (durationMs / 1_000)
  return {
    ratePerSecond,
    answeredPerSecond,
    latencyMs,
    rowLag: result.rowLag,
    winners: sent,
    void: whyVoid({ behindMs, part: answeredPerSecond / ratePerSecond }),
  }
}

function whyVoid({ behindMs, part }: { behindMs: number; part: number }): string | null {
  if (behindMs > behindMsMax) return `the load generator was ${behindMs.toFixed(0)} ms behind`
  return part >= answeredPartMin ? null : `only ${(part * 100).toFixed(1)} % were answered in time`
}
