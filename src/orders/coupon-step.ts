// The coupon step: uses the coupon that an order names, and lets go of it if the order is
// cancelled. Records of one batch see what those before them did. Where the issuer, or a rebuild,
// has not come to the coupon yet, or a living order has it, the order waits.

import {
  type ConsumerWork,
  endPatienceMs,
  type Item,
  type ItemResult,
  patienceMsMax,
} from '../consumer/consumer-work.ts'
import {
  type CouponFacts,
  decideCoupon,
  evolveCoupon,
  isAnswerable,
  repeatAnswer,
} from '../domain/orders/coupon-step.ts'
import type { AnyPlaced, OrderMessage } from '../domain/orders/messages.ts'
import { ordersInput } from '../domain/orders/records.ts'
import type { WaitingForCoupon } from '../domain/orders/state.ts'
import {
  type CouponChanges,
  type CouponLoaded,
  type CouponStepStore,
  type CouponWanted,
  couponKey,
} from '../ports/orders.ts'
import { decideRow, stepResult, Working } from './step-work.ts'
import { WaitingOrders } from './waiting-orders.ts'

/** The issuer is a few milliseconds behind as a rule. */
export const issuerLookEveryMs = 20

export type CouponStepWork = ConsumerWork<OrderMessage, CouponWanted, CouponLoaded, CouponChanges>

export function createCouponStep(store: CouponStepStore): CouponStepWork {
  const waiting = new WaitingOrders({
    store,
    wantedBy,
    decide,
    ready: async (rows) => {
      const facts = await store.facts(rows.map(({ placed }) => placed).flatMap(couponOf))
      return rows.filter((row) => mayAnswer(row, facts))
    },
    repliesOf: (row) => repeatAnswer(row).replies,
    lookEveryMs: issuerLookEveryMs,
  })
  return {
    name: 'coupon-step',
    store,
    inputs: [{ ...ordersInput, patienceMs }],
    wantedBy,
    decide,
    stored(changes) {
      waiting.stored(changes)
      if (changes.effects.length > 0) waiting.changed()
    },
    task: { start: (task) => waiting.start(task) },
  }
}

function decide(items: readonly Item<OrderMessage>[], loaded: CouponLoaded) {
  const rows = new Working(loaded.rows)
  const effects: CouponChanges['effects'][number][] = []
  const results = items.map(({ message, at }): ItemResult => {
    const decision = decideRow({ rows, orderId: message.orderId }, evolveCoupon, (row) => {
      return decideCoupon({ message, at, facts: factsOf(message, loaded) }, row)
    })
    for (const effect of decision.effects) {
      effects.push(effect)
      note(effect, loaded)
    }
    return stepResult(decision, message)
  })
  return { changes: { rows: rows.changes(), effects }, results }
}

/** What the next records of the batch find. */
function note({ kind, use }: CouponChanges['effects'][number], { facts }: CouponLoaded): void {
  const key = couponKey(use)
  const known = facts.get(key)
  if (known === undefined) return
  const isReleased = kind === 'release'
  const { orderId, reserved = null } = use
  const held = isReleased ? nobodys : { usedBy: orderId, reserved }
  facts.set(key, { ...known, ...held, isKept: kind === 'keep' })
}

const nobodys = { usedBy: null, reserved: null }

function mayAnswer(row: WaitingForCoupon, facts: CouponLoaded['facts']): boolean {
  const known = factsOf(row.placed, { facts })
  return known === null || isAnswerable(row, known)
}

const notOfCoupons: readonly string[] = [
  'order.payment_due',
  'order.return_asked',
  'order.returned',
  'redemption.use',
] satisfies OrderMessage['type'][]

/** Who names no coupon is not answered by this step. */
function patienceMs(type: string, value: Buffer): number {
  if (notOfCoupons.includes(type)) return patienceMsMax
  if (type === 'order.confirmed') return endPatienceMs
  return type === 'order.placed' && !value.includes(couponField) ? patienceMsMax : 0
}

const couponField = '"coupon":'

function wantedBy(items: readonly Item<OrderMessage>[]): CouponWanted {
  const orderIds = new Set<string>()
  const coupons = new Map<string, CouponWanted['coupons'][number]>()
  for (const { message } of items) {
    if (notOfCoupons.includes(message.type)) continue
    orderIds.add(message.orderId)
    if (!isPlaced(message)) continue
    for (const coupon of couponOf(message)) coupons.set(couponKey(coupon), coupon)
  }
  return { orderIds: [...orderIds], coupons: [...coupons.values()] }
}

/** One, or none. */
function couponOf({ userId, coupon }: AnyPlaced): CouponWanted['coupons'][number][] {
  if (coupon === undefined) return []
  return [{ couponId: coupon.couponId, userId, partition: coupon.partition }]
}

function factsOf(
  message: OrderMessage,
  { facts }: Pick<CouponLoaded, 'facts'>,
): CouponFacts | null {
  if (!isPlaced(message) || message.coupon === undefined) return null
  const { userId, coupon } = message
  return facts.get(couponKey({ couponId: coupon.couponId, userId })) ?? null
}

function isPlaced(message: OrderMessage): message is AnyPlaced {
  return message.type === 'order.placed' || message.type === 'redemption.placed'
}
