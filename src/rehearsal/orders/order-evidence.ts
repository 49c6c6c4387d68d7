// Who is to order what in a rehearsal of orders, what each was answered, what is there when all is
// read back, and the one reading of it that all checks share. Pure.

import type { PaymentTaker } from '../../ports/payments.ts'
import type { Entry } from '../attempts.ts'
import { addOne } from '../figures.ts'
import type { Seen } from '../rehearsal.ts'
import type {
  CouponHeld,
  LetterSeen,
  NewOrder,
  NewProduct,
  OrderAnswer,
  OrderSeen,
  ProductSeen,
} from '../service.ts'

/** What an order is tried for. */
export type Wish = 'plain' | 'no_money' | 'scarce' | 'double_click' | 'race' | 'not_held'

/** An order to place. */
export type Intent = NewOrder & { user: number; wish: Wish }
/** One placing of an intent. */
export type OrderEntry = Entry<OrderAnswer> & { intent: Intent }

/** Those that were cancelled by reason, those that were refused by problem. */
export function countAnswers(entries: Iterable<OrderEntry>) {
  const [cancelled, refused] = [new Map<string, number>(), new Map<string, number>()]
  const counts = { confirmed: 0, cancelled, refused, pending: 0, unknown: 0 }
  for (const { answer } of entries) {
    const { kind } = answer
    if (kind === 'pending' || kind === 'unknown') counts[kind] += 1
    else if (kind === 'refused') addOne(refused, answer.problem)
    else if (answer.order.status === 'confirmed') counts.confirmed += 1
    else addOne(cancelled, answer.order.reason ?? 'no reason')
  }
  return counts
}

/** The last product is the scarce one. */
export type Shop = { products: readonly NewProduct[]; couponId: string }
export type ShopSeen = {
  /** By index of the user. */
  users: { balance: Seen<number>; coupons: Seen<CouponHeld[]> }[]
  /** In the order of the plan. */
  products: Seen<ProductSeen>[]
  /** By order id. */
  orders: Map<string, Seen<OrderSeen>>
  /** Dead letters that were not there before. */
  letters: Seen<LetterSeen[]>
}
export type OrderEvidence = {
  users: readonly string[]
  shop: Shop
  payments: PaymentTaker
  /** By index of the user, as is `won`. */
  topUps: readonly number[]
  won: readonly boolean[]
  entries: readonly OrderEntry[]
  /** Null where the service could not be asked any more. */
  seen: ShopSeen | null
}

/** The evidence, read: what each check gets. Every order once, as it was first answered. */
export type OrderCase = OrderEvidence & {
  ended: readonly OrderSeen[]
  confirmed: readonly { order: OrderSeen; intent: Intent }[]
}

/** Where the service was there to be read afterwards. */
export type SeenCase = OrderCase & { seen: ShopSeen }

export function isSeen(orders: OrderCase): orders is SeenCase {
  return orders.seen !== null
}

export function orderCase(evidence: OrderEvidence): OrderCase {
  const byId = new Map<string, OrderCase['confirmed'][number]>()
  for (const { answer, intent } of evidence.entries) {
    if (answer.kind !== 'ended' || byId.has(answer.order.orderId)) continue
    byId.set(answer.order.orderId, { order: answer.order, intent })
  }
  const all = [...byId.values()]
  return {
    ...evidence,
    ended: all.map(({ order }) => order),
    confirmed: all.filter(({ order }) => order.status === 'confirmed'),
  }
}

/** What became of an order, in one word; null where nobody knows. */
export function endName({ answer }: OrderEntry): string | null {
  if (answer.kind === 'refused') return answer.problem
  if (answer.kind !== 'ended') return null
  const { status, reason } = answer.order
  return status === 'cancelled' ? (reason ?? 'cancelled') : status
}

export function shownOrder({ status, reason, couponId, sums }: OrderSeen): string {
  const why = reason === null ? '' : ` (${reason})`
  const cost = sums === null ? '' : `, ${sums.subtotal} − ${sums.discount} = ${sums.total}`
  return `${status}${why}${couponId === null ? '' : `, coupon ${couponId}`}${cost}`
}

export function shownLines(
  { lines }: Pick<OrderSeen, 'lines'>,
  { prices }: { prices: boolean },
): string {
  const texts = lines.map(({ productId, quantity, unitPrice }) => {
    return `${productId} ${quantity} ${prices ? unitPrice : ''}`
  })
  return texts.join()
}
