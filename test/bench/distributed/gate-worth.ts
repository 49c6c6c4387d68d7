// What the gate saves: the records that a sale puts into the log when many more ask, each three
// times, than there are coupons, through three API processes, with and without it.

import { sumOf } from '../service.ts'
import { runClaimLoad } from './claim-load.ts'
import { loadOn } from './full-load.ts'
import { broken, judge } from './ledger.ts'
import { type OurHome, startOurs } from './our-contender.ts'

export type GateWorth = {
  users: number
  quantity: number
  withGate: GateSale
  without: GateSale
}
export type GateSale = {
  records: number
  answers: number
  answersPerSecond: number
  broken: string[]
  unknown: number
}
export type GateWorthOptions = { users: number; quantity: number }

const nodes = 3
const asks = 3
const settleMs = 1_000

export async function measureGateWorth(
  home: OurHome,
  options: GateWorthOptions,
): Promise<GateWorth> {
  return {
    ...options,
    withGate: await sell(home, { ...options, gate: true }),
    without: await sell(home, { ...options, gate: false }),
  }
}

async function sell(
  home: OurHome,
  { users, quantity, gate }: GateWorthOptions & { gate: boolean },
): Promise<GateSale> {
  const ours = await startOurs(home, { nodes, gate })
  try {
    const couponId = gate ? 'gate' : 'no-gate'
    const prefix = `${couponId}-`
    await ours.createCoupon(couponId, quantity)
    const appended = async () =>
      (await ours.apiMetrics()).reduce(
        (sum, text) => sum + sumOf(text, 'firstcome_append_claims_sum'),
        0,
      )
    const before = await appended()
    const { loads, answers } = await runClaimLoad({
      ...loadOn(ours, couponId),
      ports: ours.ports,
      users: { prefix, count: users },
      asks,
      ledger: true,
    })
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    const rows = (await ours.rows(couponId)).map(({ userId, slot }) => {
      return { user: Number(userId.slice(prefix.length)), slot }
    })
    const judgement = judge({ quantity, users, answers, rows })
    const lost = loads.reduce((sum, load) => sum + load.lost, 0)
    return {
      records: (await appended()) - before,
      answers: answers.length,
      answersPerSecond: loads.reduce((sum, load) => sum + load.answersPerSecond, 0),
      broken: broken(judgement),
      unknown: judgement.unknown + lost,
    }
  } finally {
    await ours.stop()
  }
}
