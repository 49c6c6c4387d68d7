// What a service says once everyone has ordered, held against what they were told: orders, coupons,
// stock, wallets and dead letters. Checks of order-promises.ts.

import { count, counted, sumOf } from '../figures.ts'
import type { NotJudged } from '../promises.ts'
import type { Seen } from '../rehearsal.ts'
import type { OrderSeen } from '../service.ts'
import { endName, type SeenCase, shownLines, shownOrder } from './order-evidence.ts'
import { dueOf } from './plan.ts'

export function endIsKept({ seen, ended }: SeenCase, breaches: string[]): string {
  for (const order of ended) {
    const now = seen.orders.get(order.orderId) ?? { missing: 'never asked' }
    if ('missing' in now) {
      breaches.push(`order ${order.orderId} was told ${shownOrder(order)}, then: ${now.missing}`)
    } else if (!sameEnd(now.value, order)) {
      breaches.push(
        `order ${order.orderId} was told ${shownOrder(order)}, is ${shownOrder(now.value)} by GET`,
      )
    }
  }
  const same = count(ended.length - breaches.length)
  return `${same} of ${counted(ended.length, 'order')} say the same`
}

/** What a cancelled order would have cost may be known only after its end. */
function sameEnd(now: OrderSeen, answered: OrderSeen): boolean {
  if (now.orderId !== answered.orderId || shownOrder(now) !== shownOrder(answered)) return false
  const known = { prices: answered.status === 'confirmed' }
  return shownLines(now, known) === shownLines(answered, known)
}

/** Nothing else stands in the way of those who want it, so nobody is refused what is left. */
export function scarceSellsOut({ entries, shop, seen }: SeenCase, breaches: string[]): string {
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

/** A coupon is used exactly where one confirmed order used it (I13). */
export function couponsAgree(all: SeenCase, breaches: string[]): string {
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
    for (const { status, orderId } of held) {
      if (status === (orderId === null ? 'unused' : 'used')) continue
      breaches.push(`the coupon of ${userId} is ${status}, used by ${orderId ?? 'none'}`)
    }
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
export function stockAddsUp({ shop, seen, confirmed }: SeenCase, breaches: string[]): string {
  const lines = confirmed.flatMap(({ intent }) => intent.lines)
  const bought = Map.groupBy(lines, ({ productId }) => productId)
  const known = shop.products.flatMap(({ productId, price, stock }, n) => {
    const product = valueOf(seen.products[n], productId, breaches)
    if (product === null) return []
    const { available, held, sold } = product
    if (product.price !== price) {
      breaches.push(`${productId} costs ${count(product.price)}, asked for was ${count(price)}`)
    }
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
export function moneyAddsUp(all: SeenCase, breaches: string[]): string | NotJudged {
  const { users, shop, topUps, seen, confirmed, payments } = all
  if (payments === 'service') {
    return { notJudged: 'a payment service takes it: hold its captures against these orders' }
  }
  const paid = Map.groupBy(confirmed, ({ intent }) => intent.user)
  const known = users.flatMap((userId, user) => {
    const left = valueOf(seen.users[user]?.balance, `the wallet of ${userId}`, breaches)
    if (left === null) return []
    const topUp = topUps[user] ?? 0
    const sums = (paid.get(user) ?? []).map(({ intent }) => dueOf(shop, intent).sums)
    const cost = sumOf(sums, 'total')
    if (left < 0 || topUp !== left + cost) {
      const cameIn = `${count(topUp)} came in`
      breaches.push(`${userId}: ${cameIn}, ${count(left)} left, ${count(cost)} to pay`)
    }
    return [{ topUp, left, cost }]
  })
  const sum = totalsOf(known)
  return `${sum('topUp')} = ${sum('left')} in wallets + ${sum('cost')} paid`
}

/** Whatever a consumer gives up while orders are placed, somebody has to look at. */
export function noneIsDead({ seen }: SeenCase, breaches: string[]): string {
  const letters = valueOf(seen.letters, 'the dead letters', breaches)
  for (const { deadLetterId, key, reason } of letters ?? []) {
    breaches.push(`dead letter ${deadLetterId} of ${key}: ${reason}`)
  }
  return letters === null ? 'not to be had' : counted(letters.length, 'new dead letter')
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
