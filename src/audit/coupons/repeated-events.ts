// Events of winners whose codes were not derived, because an earlier audit has compared their rows
// and events: one that is published again has to be the same. There are few of them.

import type { IssuedEvent } from '../../domain/coupons/coupon-events.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import type { WinnerCodes } from './winner-codes.ts'

export type Repeats = {
  add(event: IssuedEvent, coupon: Coupon): void
  /** All that were added. */
  compare(): Promise<void>
}

export function createRepeats(
  codes: Pick<WinnerCodes, 'derive'>,
  onWrong: (event: IssuedEvent) => void,
): Repeats {
  let waiting: { event: IssuedEvent; rules: number }[] = []
  let compared = Promise.resolve()

  async function compareSome(): Promise<void> {
    const some = waiting
    waiting = []
    if (some.length === 0) return
    const runs = some.map(({ event: { couponId, slot, claimId }, rules }) => {
      return { couponId, rules, firstSlot: slot, claimIds: [claimId] }
    })
    const derived = await codes.derive(runs)
    for (const [n, { event }] of some.entries()) if (event.code !== derived[n]) onWrong(event)
  }

  return {
    add: (event, { rules }) => void waiting.push({ event, rules }),
    compare() {
      compared = compared.then(compareSome)
      return compared
    },
  }
}
