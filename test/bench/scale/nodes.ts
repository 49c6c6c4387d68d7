// What grows with the number of API processes: winning claims a second of one sale through all of
// them at once, and what a claim costs. On a machine with few cores they share what there is.

import type { Backends } from '../distributed/backends.ts'
import { runClaimLoad } from '../distributed/claim-load.ts'
import { loadOn, processorMeter, quantityMax, rowsAreThere } from '../distributed/full-load.ts'
import { prepareOurs, startOurs } from '../distributed/our-contender.ts'
import { median } from '../statistics.ts'

export type NodesGrown = {
  nodes: number
  winsPerSecond: number
  p99Ms: number
  /** Of all processes, for one winning claim, and of the API's alone. */
  processorMs: number
  apiMs: number
}
export type NodesOptions = { nodes: number; rounds: number; roundMs: number }

/** Of all nodes together. */
const winsPerSecondMax = 40_000

export async function measureNodes(
  backends: Backends,
  { nodes, rounds, roundMs }: NodesOptions,
): Promise<NodesGrown> {
  const home = await prepareOurs(backends)
  const ours = await startOurs(home, { nodes })
  const measured: Omit<NodesGrown, 'nodes'>[] = []
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const couponId = `nodes-${nodes}-${round}`
      await ours.createCoupon(couponId, quantityMax)
      const meter = processorMeter(ours, backends)
      const count = Math.ceil((winsPerSecondMax * roundMs) / 1_000)
      const { loads } = await runClaimLoad({
        ...loadOn(ours, couponId),
        ports: ours.ports,
        users: { prefix: `${couponId}-`, count },
        durationMs: roundMs,
      })
      const won = loads.reduce((sum, { byStatus }) => sum + (byStatus[201] ?? 0), 0)
      const lost = loads.reduce((sum, load) => sum + load.lost + load.answers, -won)
      if (lost !== 0) throw new Error(`${lost} of ${won} claims were not told 201`)
      await rowsAreThere(ours, couponId, won)
      const used = meter()
      const all = Object.values(used).reduce((sum, seconds) => sum + seconds, 0)
      // The first one is practice.
      if (round === 0) continue
      measured.push({
        winsPerSecond: loads.reduce((sum, load) => sum + load.answersPerSecond, 0),
        p99Ms: Math.max(...loads.map(({ latencyMs }) => latencyMs.p99)),
        processorMs: (all / won) * 1_000,
        apiMs: ((used.api ?? Number.NaN) / won) * 1_000,
      })
    }
  } finally {
    await ours.stop()
  }
  const of = (name: keyof Omit<NodesGrown, 'nodes'>) => median(measured.map((one) => one[name]))
  return {
    nodes,
    winsPerSecond: of('winsPerSecond'),
    p99Ms: of('p99Ms'),
    processorMs: of('processorMs'),
    apiMs: of('apiMs'),
  }
}
