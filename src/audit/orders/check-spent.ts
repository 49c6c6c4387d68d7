// Whether a coupon was spent by whom it belongs to, in its time, and once: by what the claims log
// says of it, and by what else its user has ordered. All of a user is looked at together.

import type { Terms } from '../../domain/coupons/messages.ts'
import type { Revocation } from '../../domain/coupons/revocations.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import type { OrderHistory } from '../../domain/orders/history.ts'
import type { AnyPlaced } from '../../domain/orders/messages.ts'
import type { LogBounds } from '../../ports/log.ts'
import { sameJson } from '../compare-columns.ts'
import { type Broken, brokenOrder, recordAt } from '../findings.ts'
import { type HistoryParts, overdueGraceMs, skewMsMax } from './check-histories.ts'

/** The replayed claims; what is newer than they are is left alone. */
export type ReplayedClaims = {
  coupons: ReadonlyMap<string, Coupon>
  bounds: readonly LogBounds[]
  /** When they had not been read yet, ms UTC; absent: nothing was written meanwhile. */
  readAt?: number | undefined
}
/**
 * What of an order concerns its user's coupons and money. `due`: only where the wallet refused it
 * for want of money.
 */
export type SpendingHistory = Pick<
  OrderHistory,
  | 'orderId'
  | 'placed'
  | 'alsoPlaced'
  | 'due'
  | 'end'
  | 'returnDue'
  | 'redemption'
  | 'answers'
  | 'couponLetGoAt'
>
export type SpendingParts = Pick<HistoryParts, 'findings' | 'now' | 'isStopped'> & {
  /** All of each user of whom there are any. */
  histories: readonly SpendingHistory[]
  claims: ReplayedClaims | null
}
/** What spends a coupon, by its append time, ms UTC. */
type Spending = Pick<OrderHistory, 'answers'> & {
  placed: AnyPlaced
  placedAt: number
  broken: Broken
}

/**
 * The order or redemption that spent it, by user and coupon. What was given back another can
 * spend.
 */
export function checkSpendings(
  parts: SpendingParts,
  spent = new Map<string, string>(),
): Map<string, string> {
  const { histories, findings } = parts
  for (const { orderId, placed, end, returnDue, redemption, answers } of histories) {
    if (redemption !== null || end?.message.type !== 'order.confirmed' || placed === null) continue
    const { message, origin } = placed
    const broken = brokenOrder(findings, orderId)
    const spending = { placed: message, placedAt: origin.appendedAt, answers, broken }
    checkSpent(spending, parts, returnDue === null ? spent : new Map())
  }
  for (const { orderId, redemption, answers } of histories) {
    if (redemption === null) continue
    const { used, released, placed } = redemption
    const { message, origin } = placed
    const broken = brokenOrder(findings, orderId)
    const spending = { placed: message, placedAt: origin.appendedAt, answers, broken }
    if (used !== null && released === null) checkSpent(spending, parts, spent)
  }
  return spent
}

/**
 * Null: it has nothing to do with a coupon, and was not refused. `isOfWallet`: no other provider
 * was to take the money.
 */
export function spendingOf(
  history: OrderHistory,
  isOfWallet: boolean,
): (SpendingHistory & { userId: string }) | null {
  const { orderId, placed, alsoPlaced, end, returnDue, redemption, couponLetGoAt } = history
  const by = redemption?.placed ?? placed
  const { 'coupon.used': used, 'coupon.refused': refused } = history.answers
  const { 'stock.refused': noStock, 'payment.refused': noMoney } = history.answers
  const isPoor = isOfWallet && noMoney?.reason === 'insufficient_funds'
  if (by === null) return null
  if ((by.message.coupon ?? used ?? refused ?? noStock) === undefined && !isPoor) return null
  const { userId } = by.message
  const answers = { 'coupon.used': used, 'coupon.refused': refused, 'stock.refused': noStock }
  const due = isPoor ? history.due : null
  const of = { userId, orderId, placed, alsoPlaced, end, returnDue, redemption, couponLetGoAt }
  return { ...of, due, answers: answers as SpendingHistory['answers'] }
}

function checkSpent(
  { placed, placedAt, answers, broken }: Spending,
  parts: SpendingParts,
  spent: Map<string, string>,
): void {
  const { claims } = parts
  const { orderId, userId, coupon } = placed
  if (coupon === undefined) return
  const { couponId, partition, offset } = coupon
  const other = spent.get(`${userId} ${couponId}`)
  if (other !== undefined) {
    broken('I13', `${userId} spent coupon ${couponId} here and in order ${other}`)
  }
  spent.set(`${userId} ${couponId}`, orderId)
  if (claims === null || offset >= (claims.bounds[partition]?.end ?? 0)) return
  const known = claims.coupons.get(couponId)
  const won = known?.winners.get(userId)
  if (known === undefined || won === undefined) {
    return broken('I13', `${userId} never won coupon ${couponId}, which it has spent`)
  }
  if (won.offset !== offset || known.partition !== partition) {
    const named = recordAt({ partition, offset })
    const real = recordAt({ partition: known.partition, offset: won.offset })
    broken('I13', `it names ${named} for coupon ${couponId}, which was won by ${real}`)
  }
  if (won.appendedAt > placedAt + skewMsMax(parts)) {
    broken('I13', `it was placed before ${userId} had won coupon ${couponId}, which it has spent`)
  }
  const used = answers['coupon.used']
  const taken = { discount: used?.discount, minimum: used?.minimum }
  const { discount, minimum } = known.terms
  if (!sameJson(taken, { discount, minimum })) {
    broken('I12', `another discount was taken off than that of coupon ${couponId}`)
  }
  const revokedAt = revocationOf(known, won.slot)?.appendedAt ?? Number.POSITIVE_INFINITY
  if (coupon.revoked !== undefined || placedAt - revokedAt > overdueGraceMs) {
    broken('I15', `it was placed after coupon ${couponId} had been revoked, which it has spent`)
  }
  const lateMs = placedAt - endOf(known.terms, won.appendedAt)
  if (lateMs <= skewMsMax(parts)) return
  broken(
    'I15',
    `it was placed ${lateMs} ms after coupon ${couponId} had expired, which it has spent`,
  )
}

/** The first that took it. */
export function revocationOf({ revocations }: Coupon, slot: number): Revocation | undefined {
  return revocations.commands.values().find(({ userId, taken }) => {
    return taken !== null && (userId === null ? slot <= taken.to : slot === taken.to)
  })
}

/** Until when a coupon that was won then could be spent. */
export function endOf({ validUntil, validDays }: Terms, wonAt: number): number {
  if (validUntil !== undefined) return validUntil
  return validDays === undefined ? Number.POSITIVE_INFINITY : wonAt + validDays * 86_400_000
}
