// The coupon step: uses the coupon that an order names, and lets go of it if the order is
// cancelled. Records of one batch see what those before them did. Where the issuer has not come
// to the coupon yet, the record waits for it a little; then the retry topics give it more time.

import type { ConsumerWork, Item, ItemResult, LookupFailure } from '../consumer/consumer-work.ts'
import { type CouponFacts, decideCoupon, evolveCoupon } from '../domain/orders/coupon-step.ts'
import type { OrderMessage } from '../domain/orders/messages.ts'
import { ordersInput } from '../domain/orders/records.ts'
import { type Clock, sleep } from '../ports/clock.ts'
import {
  type CouponChanges,
  type CouponLoaded,
  type CouponStepStore,
  type CouponWanted,
  couponKey,
} from '../ports/orders.ts'
import { decideRow, stepResult, Working } from './step-work.ts'

/** The issuer is a few milliseconds behind as a rule, and each look costs a transaction. */
export const issuerLookEveryMs = 20
/** The records behind it wait too; an issuer that takes longer is away, not behind. */
export const issuerWaitMsMax = 200

export type CouponStepWork = ConsumerWork<OrderMessage, CouponWanted, CouponLoaded, CouponChanges>

export function createCouponStep(store: CouponStepStore, clock: Clock): CouponStepWork {
  /** Since when each record has waited for the issuer; forgotten with the record. */
  const waitingSince = new WeakMap<OrderMessage, number>()

  function hasTime(message: OrderMessage): boolean {
    const since = waitingSince.get(message) ?? clock.monotonic()
    waitingSince.set(message, since)
    return clock.monotonic() - since < issuerWaitMsMax
  }

  return {
    name: 'coupon-step',
    store,
    inputs: [ordersInput],
    wantedBy,
    decide(items, loaded) {
      const rows = new Working(loaded.rows)
      const effects: CouponChanges['effects'][number][] = []
      const results = items.map(({ message }): ItemResult => {
        const decision = decideRow({ rows, orderId: message.orderId }, evolveCoupon, (row) => {
          return decideCoupon({ message, facts: factsOf(message, loaded) }, row)
        })
        const { outcome, replies } = decision
        if (outcome === 'behind') return { kind: 'waiting' }
        for (const { kind, use } of decision.effects) {
          effects.push({ kind, use })
          const key = couponKey(use)
          const facts = loaded.facts.get(key)
          const usedBy = kind === 'use' ? use.orderId : null
          if (facts !== undefined) loaded.facts.set(key, { ...facts, usedBy })
        }
        return stepResult({ outcome, replies }, message)
      })
      return { changes: { rows: rows.changes(), effects }, results }
    },
    /** Looks again and again; whoever calls it passes the time that is left. */
    async lookUp(items, withinMs) {
      const going = items.map(({ message }) => {
        return withinMs > issuerLookEveryMs && hasTime(message)
      })
      if (going.includes(true)) await sleep(clock, issuerLookEveryMs)
      return items.map((item, n) => (going[n] === true ? null : gaveUp(item)))
    },
  }
}

function wantedBy(items: readonly Item<OrderMessage>[]): CouponWanted {
  const orderIds = new Set<string>()
  const coupons = new Map<string, CouponWanted['coupons'][number]>()
  for (const { message } of items) {
    if (message.type === 'order.payment_due') continue
    orderIds.add(message.orderId)
    if (message.type !== 'order.placed' || message.coupon === undefined) continue
    const { couponId, partition } = message.coupon
    const coupon = { couponId, userId: message.userId, partition }
    coupons.set(couponKey(coupon), coupon)
  }
  return { orderIds: [...orderIds], coupons: [...coupons.values()] }
}

function factsOf(message: OrderMessage, { facts }: CouponLoaded): CouponFacts | null {
  if (message.type !== 'order.placed' || message.coupon === undefined) return null
  const { userId, coupon } = message
  return facts.get(couponKey({ couponId: coupon.couponId, userId })) ?? null
}

function gaveUp({ message }: Item<OrderMessage>): LookupFailure {
  const { orderId } = message
  const reason = `the issuer has not yet written the coupon that order ${orderId} names`
  // Until the issuer comes to it, or the order is cancelled by its time.
  return { kind: 'failed', reason, onlyWaits: true }
}
