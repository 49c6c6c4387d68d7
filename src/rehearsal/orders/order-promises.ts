// Holds what everyone was answered about their orders against what the service says afterwards, and
// adds it all up: one verdict per promise, with the first breaches named. Prices, discounts and
// sums are recomputed from the plan. Pure, so that every promise is tested by planting its breach.

import { isDefinite } from '../attempts.ts'
import { count, counted, sumOf } from '../figures.ts'
import { type Check, type Verdict, verdictsOf } from '../promises.ts'
import type { Seen } from '../rehearsal.ts'
import type { OrderSeen } from '../service.ts'
import {
  type OrderCase,
  type OrderEntry,
  type OrderEvidence,
  orderCase,
  type Wish,
} from './order-evidence.ts'
import { discountOfRehearsal } from './plan.ts'

export type OrderPromise = keyof typeof checks

const checks = {
  ended: ['every order ended', everyOrderEnded],
  expected: ['each as it should', eachAsItShould],
  told: ['a told end is kept', endIsKept],
  once: ['a double click is one order', doubleClickIsOne],
  one_coupon: ['one coupon, one order', oneOfTwoWins],
  scarce: ['scarce goods sell out, never over', scarceSellsOut],
  discount: ['the discount is subtracted', discountIsSubtracted],
  coupons: ['coupons add up', couponsAgree],
  stock: ['stock adds up', stockAddsUp],
  money: ['money adds up', moneyAddsUp],
} satisfies Record<string, Check<OrderCase>>

export function reconcileOrders(evidence: OrderEvidence): Verdict<OrderPromise>[] {
  return verdictsOf<OrderPromise, OrderCase>(checks, orderCase(evidence))
}

/** What may come to agree by itself, once what was cancelled is undone. */
const settling: readonly OrderPromise[] = ['told', 'scarce', 'coupons', 'stock', 'money']

export function isSettled(verdicts: readonly Verdict<OrderPromise>[]): boolean {
  return verdicts.every(({ promise, kept }) => kept || !settling.includes(promise))
}

function everyOrderEnded({ entries, users }: OrderCase, breaches: string[]): string {
  for (const { answer, intent } of entries) {
    if (isDefinite(answer)) continue
    const why = answer.kind === 'unknown' ? answer.reason : 'accepted, but it never ended'
    breaches.push(`${users[intent.user]}, ${intent.key}: ${why}`)
  }
  const ended = count(entries.length - breaches.length)
  return `${ended} of ${counted(entries.length, 'order')}`
}

/** Besides, any order may run out of time, which is the operator's setting. */
const expectedEnds: Record<Wish, readonly string[]> = {
  plain: ['confirmed'],
  no_money: ['insufficient_funds'],
  scarce: ['confirmed', 'out_of_stock'],
  double_click: ['confirmed'],
  race: ['confirmed', 'coupon_already_used'],
  not_held: ['coupon-not-held'],
}

function eachAsItShould({ entries, users }: OrderCase, breaches: string[]): string {
  let asExpected = 0
  let timedOut = 0
  for (const entry of entries) {
    const end = endName(entry)
    if (end === null) continue
    if (end === 'timed_out') timedOut += 1
    else if (expectedEnds[entry.intent.wish].includes(end)) asExpected += 1
    else {
      const { user, wish } = entry.intent
      breaches.push(`${users[user]} (${wish.replace('_', ' ')}) was told ${end}`)
    }
  }
  const late = timedOut > 0 ? `, ${count(timedOut)} ran out of time` : ''
  return `${count(asExpected)} ended as foreseen${late}`
}

function endName({ answer }: OrderEntry): string | null {
  if (answer.kind === 'refused') return answer.problem
  if (answer.kind !== 'ended') return null
  const { status, reason } = answer.order
  return status === 'cancelled' ? (reason ?? 'cancelled') : status
}

function endIsKept({ seen, ended }: OrderCase, breaches: string[]): string {
  for (const order of ended) {
    const now = seen.orders.get(order.orderId) ?? { missing: 'never asked' }
    if ('missing' in now) {
      breaches.push(`order ${order.orderId} was told ${shown(order)}, then: ${now.missing}`)
    } else if (!sameEnd(now.value, order)) {
      breaches.push(
        `order ${order.orderId} was told ${shown(order)}, is ${shown(now.value)} by GET`,
      )
    }
  }
  const same = count(ended.length - breaches.length)
  return `${same} of ${counted(ended.length, 'order')} say the same`
}

/** What a cancelled order would have cost may be known only after its end. */
function sameEnd(now: OrderSeen, answered: OrderSeen): boolean {
  if (now.orderId !== answered.orderId || shown(now) !== shown(answered)) return false
  const known = { prices: answered.status === 'confirmed' }
  return shownLines(now, known) === shownLines(answered, known)
}

function shown({ status, reason, couponId, sums }: OrderSeen): string {
  const why = reason === null ? '' : ` (${reason})`
  const cost = sums === null ? '' : `, ${sums.subtotal} − ${sums.discount} = ${sums.total}`
  return `${status}${why}${couponId === null ? '' : `, coupon ${couponId}`}${cost}`
}

function doubleClickIsOne({ entries, users }: OrderCase, breaches: string[]): string {
  const byUser = new Map<number, Set<string>>()
  for (const { intent, answer } of entries) {
    if (intent.wish !== 'double_click' || answer.kind !== 'ended') continue
    const ids = byUser.get(intent.user) ?? new Set()
    byUser.set(intent.user, ids.add(answer.order.orderId))
  }
  for (const [user, ids] of byUser) {
    if (ids.size > 1) breaches.push(`${users[user]} has two orders: ${[...ids].join(', ')}`)
  }
  return `${counted(byUser.size, 'user')} clicked twice`
}

function oneOfTwoWins({ entries, users }: OrderCase, breaches: string[]): string {
  const racing = entries.filter(({ intent }) => intent.wish === 'race')
  const races = Map.groupBy(racing, ({ intent }) => intent.user)
  for (const [user, placed] of races) {
    const answers = placed.map((entry) => endName(entry) ?? 'nothing')
    const won = answers.filter((end) => end === 'confirmed').length
    const inTime = !answers.includes('timed_out')
    if (won > 1 || (won < 1 && inTime)) {
      breaches.push(`${users[user]} raced for one coupon and was told ${answers.join(' and ')}`)
    }
  }
  return `${counted(races.size, 'race')} of two orders for one coupon, one won each`
}

/** Nothing else stands in the way of those who want it, so nobody is refused what is left. */
function scarceSellsOut({ entries, shop, seen }: OrderCase, breaches: string[]): string {
  const scarce = shop.products.at(-1)
  const product = seen.products.at(-1)
  if (scarce === undefined || product === undefined) return 'none'
  if ('missing' in product) {
    breaches.push(product.missing)
    return 'not to be had'
  }
  const ends = entries.filter(({ intent }) => intent.wish === 'scarce').map(endName)
  const refused = ends.filter((end) => end === 'out_of_stock').length
  const confirmed = ends.filter((end) => end === 'confirmed').length
  const { sold } = product.value
  if (Math.max(sold, confirmed) > scarce.stock) {
    const most = count(Math.max(sold, confirmed))
    breaches.push(`${most} of ${scarce.productId} sold, there were ${count(scarce.stock)}`)
  }
  if (refused > 0 && sold < scarce.stock && !ends.includes('timed_out')) {
    const left = count(scarce.stock - sold)
    breaches.push(`${count(refused)} told out of stock, yet ${left} are left`)
  }
  const figures = `${count(sold)} of ${count(scarce.stock)} sold`
  return `${figures}, ${count(refused)} told out of stock`
}

/** On its own account: sharing the service's function would share its mistakes. */
function discountIsSubtracted({ shop, confirmed }: OrderCase, breaches: string[]): string {
  const prices = new Map(shop.products.map(({ productId, price }) => [productId, price]))
  const due = confirmed.map(({ order, intent }) => {
    const lines = intent.lines.map((line) => {
      return { ...line, unitPrice: prices.get(line.productId) ?? 0 }
    })
    const subtotal = lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0)
    const percent = intent.couponId === undefined ? 0 : discountOfRehearsal.value
    const discount = Math.floor((subtotal * percent) / 100)
    const sums = { subtotal, discount, total: subtotal - discount }
    const expected = { ...order, couponId: intent.couponId ?? null, sums }
    if (shownLines(order, { prices: true }) !== shownLines({ lines }, { prices: true })) {
      breaches.push(`order ${order.orderId} has other lines or prices`)
    } else if (shown(order) !== shown(expected)) {
      breaches.push(`order ${order.orderId} is ${shown(order)}, expected ${shown(expected)}`)
    }
    return sums
  })
  const sum = totalsOf(due)
  return `${sum('subtotal')} − ${sum('discount')} = ${sum('total')} to pay`
}

function shownLines({ lines }: Pick<OrderSeen, 'lines'>, { prices }: { prices: boolean }): string {
  const texts = lines.map(({ productId, quantity, unitPrice }) => {
    return `${productId} ${quantity} ${prices ? unitPrice : ''}`
  })
  return texts.join()
}

/** A coupon is used exactly where one confirmed order used it (I13). */
function couponsAgree(all: OrderCase, breaches: string[]): string {
  const { users, won, shop, seen, confirmed } = all
  const withCoupon = confirmed.filter(({ intent }) => intent.couponId !== undefined)
  const spent = Map.groupBy(withCoupon, ({ intent }) => intent.user)
  const known = users.flatMap((userId, user) => {
    const coupons = valueOf(seen.users[user]?.coupons, `the coupons of ${userId}`, breaches)
    if (coupons === null) return []
    const held = coupons.filter(({ couponId }) => couponId === shop.couponId)
    const orders = (spent.get(user) ?? []).map(({ order }) => order.orderId)
    const owned = won[user] === true ? 1 : 0
    if (held.length !== owned) breaches.push(`${userId} has ${held.length} coupons, won ${owned}`)
    const used = held.flatMap(({ orderId }) => orderId ?? [])
    if (used.join() !== orders.join()) {
      const by = orders.join(' and ') || 'none'
      breaches.push(`the coupon of ${userId}: used by ${used.join() || 'none'}, confirmed ${by}`)
    }
    return [{ used: used.length, unused: held.length - used.length }]
  })
  const sum = totalsOf(known)
  const orders = `${count(withCoupon.length)} confirmed with one`
  return `${sum('used')} used = ${orders}; ${sum('unused')} left`
}

/** What there was = what is there + held + sold, and sold is what was confirmed (I11). */
function stockAddsUp({ shop, seen, confirmed }: OrderCase, breaches: string[]): string {
  const lines = confirmed.flatMap(({ intent }) => intent.lines)
  const bought = Map.groupBy(lines, ({ productId }) => productId)
  const known = shop.products.flatMap(({ productId, stock }, n) => {
    const product = valueOf(seen.products[n], productId, breaches)
    if (product === null) return []
    const { available, held, sold } = product
    if (available + held + sold !== stock || available < 0) {
      breaches.push(`${productId}: ${count(stock)} at first, now ${shownStock([product])}`)
    }
    const pieces = sumOf(bought.get(productId) ?? [], 'quantity')
    if (sold !== pieces)
      breaches.push(`${productId}: ${count(sold)} sold, ${count(pieces)} confirmed`)
    if (held !== 0) breaches.push(`${productId}: ${count(held)} held by orders that ended`)
    return [{ ...product, stock }]
  })
  return `${count(sumOf(known, 'stock'))} = ${shownStock(known)}`
}

function shownStock(products: readonly Record<'available' | 'held' | 'sold', number>[]): string {
  const sum = totalsOf(products)
  return `${sum('available')} available + ${sum('held')} held + ${sum('sold')} sold`
}

/** Every wallet: what came in = what is left + what the confirmed orders cost (I12). */
function moneyAddsUp({ users, topUps, seen, confirmed }: OrderCase, breaches: string[]): string {
  const paid = Map.groupBy(confirmed, ({ intent }) => intent.user)
  const known = users.flatMap((userId, user) => {
    const left = valueOf(seen.users[user]?.balance, `the wallet of ${userId}`, breaches)
    if (left === null) return []
    const topUp = topUps[user] ?? 0
    const sums = (paid.get(user) ?? []).flatMap(({ order }) => order.sums ?? [])
    const cost = sumOf(sums, 'total')
    if (left < 0 || topUp !== left + cost) {
      const cameIn = `${count(topUp)} came in`
      breaches.push(`${userId}: ${cameIn}, ${count(left)} left, ${count(cost)} paid`)
    }
    return [{ topUp, left, cost }]
  })
  const sum = totalsOf(known)
  return `${sum('topUp')} = ${sum('left')} in wallets + ${sum('cost')} paid`
}

/** Adds up a figure of all, as it is shown. */
function totalsOf<Figure extends string>(all: readonly Record<Figure, number>[]) {
  return (figure: Figure) => count(sumOf(all, figure))
}

/** null where it could not be read, which is a breach. */
function valueOf<Value>(
  seen: Seen<Value> | undefined,
  what: string,
  breaches: string[],
): Value | null {
  if (seen !== undefined && 'value' in seen) return seen.value
  breaches.push(`${what} cannot be read: ${seen?.missing ?? 'never asked'}`)
  return null
}
