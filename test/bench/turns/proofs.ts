// What the proof of a sale costs a winning claim: the same service with and without it, in turns;
// and what it costs to count the order in which claims arrive.

import { ArrivalOrder } from '../../../src/api/claims/arrival-order.ts'
import { median } from '../statistics.ts'
import type { PartOptions, PartReport } from '../summary/part.ts'
import { turnSizes, winsOn, withServices } from './claims.ts'
import { measuredText, measureInTurns } from './in-turns.ts'

const countings = { rounds: 9, claims: 500_000 }

export function measureProofs(options: PartOptions): Promise<PartReport> {
  const { rounds, roundMs } = options.quick ? turnSizes.quick : turnSizes.full
  return withServices(options, async (start) => {
    const services = {
      without: await start('without', { FIRSTCOME_PROOF: 'false' }),
      with: await start('with', { FIRSTCOME_PROOF: 'true' }),
    }
    const side = (name: keyof typeof services) => ({
      name: `${name} proofs`,
      measure: (round: number) =>
        winsOn(services[name], { couponId: 'sale', prefix: `round-${round}-`, roundMs }),
    })
    const onRound = (round: number) => options.say(`round ${round} of ${rounds}`)
    const sides = await measureInTurns([side('without'), side('with')], { rounds, onRound })
    const [without, withThem] = sides
    const arrivalNanoseconds = nanosecondsToCount()
    const arrivalsPart = arrivalNanoseconds / 1_000 / (without?.microseconds ?? Number.NaN)
    const text =
      measuredText(`winning claims, ${rounds} rounds in turns, medians`, sides) +
      `to count the order of arrivals   ${arrivalNanoseconds.toFixed(0)} ns a claim, ` +
      `${(arrivalsPart * 100).toFixed(1)} % of a winning one\n`
    const figures = { withProofs: withThem?.speedRatio ?? Number.NaN, arrivalsPart }
    return { text, figures, voids: [], report: { sides, arrivalNanoseconds } }
  })
}

/** For one claim on one coupon, which is compared with as many as there may be. */
function nanosecondsToCount(): number {
  const rounds = Array.from({ length: countings.rounds }, () => {
    const order = new ArrivalOrder()
    const before = process.threadCpuUsage()
    for (let n = 0; n < countings.claims; n += 1) order.placed('sale', n)
    const { user, system } = process.threadCpuUsage(before)
    return ((user + system) * 1_000) / countings.claims
  })
  return median(rounds)
}
