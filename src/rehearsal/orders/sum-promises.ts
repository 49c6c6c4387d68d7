// Adds up coupons, stock and money after a rehearsal of orders: what the service says is there,
// against what the confirmed orders took. Pure.

import { count } from '../report.ts'
import type { OrderCase } from './order-evidence.ts'

/** A coupon is used exactly where one confirmed order used it (I13). */
export function couponsAgree({ evidence, confirmed }: OrderCase, breaches: string[]): string {
  const { users, won, shop, seen } = evidence
  const spent = new Map<number, string[]>()
  for (const { order, intent } of confirmed) {
    if (intent.couponId === undefined) continue
    spent.set(intent.user, [...(spent.get(intent.user) ?? []), order.orderId])
  }
  const figures = { used: 0, unused: 0 }
  for (const [user, userId] of users.entries()) {
    const coupons = seen.users[user]?.coupons ?? { missing: 'never asked' }
    if ('missing' in coupons) {
      breaches.push(`the coupons of ${userId} cannot be read: ${coupons.missing}`)
      continue
    }
    const held = coupons.value.filter(({ couponId }) => couponId === shop.couponId)
    const orders = spent.get(user) ?? []
    const owned = won[user] === true ? 1 : 0
    if (held.length !== owned) breaches.push(`${userId} has ${held.length} coupons, won ${owned}`)
    const used = held.flatMap(({ orderId }) => (orderId === null ? [] : [orderId]))
    figures.used += used.length
    figures.unused += held.length - used.length
    if (used.join() !== orders.join()) {
      const by = orders.join(' and ') || 'none'
      breaches.push(`the coupon of ${userId}: used by ${used.join() || 'none'}, confirmed ${by}`)
    }
  }
  const withCoupon = confirmed.filter(({ intent }) => intent.couponId !== undefined).length
  const orders = `${count(withCoupon)} confirmed with one`
  return `${count(figures.used)} used = ${orders}; ${count(figures.unused)} left`
}

/** What there was = what is there + held + sold, and sold is what was confirmed (I11). */
export function stockAddsUp({ evidence, confirmed }: OrderCase, breaches: string[]): string {
  const { shop, seen } = evidence
  const bought = new Map<string, number>()
  for (const { intent } of confirmed) {
    for (const { productId, quantity } of intent.lines) {
      bought.set(productId, (bought.get(productId) ?? 0) + quantity)
    }
  }
  const all = { initial: 0, available: 0, held: 0, sold: 0 }
  for (const [n, { productId, stock }] of shop.products.entries()) {
    const product = seen.products[n] ?? { missing: 'never asked' }
    if ('missing' in product) {
      breaches.push(`${productId} cannot be read: ${product.missing}`)
      continue
    }
    const { available, held, sold } = product.value
    all.initial += stock
    all.available += available
    all.held += held
    all.sold += sold
    const is = `${count(available)} available + ${count(held)} held + ${count(sold)} sold`
    if (available + held + sold !== stock || available < 0) {
      breaches.push(`${productId}: ${count(stock)} at first, now ${is}`)
    }
    const confirmedPieces = bought.get(productId) ?? 0
    if (sold !== confirmedPieces) {
      breaches.push(`${productId}: ${count(sold)} sold, ${count(confirmedPieces)} confirmed`)
    }
    if (held !== 0) breaches.push(`${productId}: ${count(held)} held by orders that ended`)
  }
  const sums = `${count(all.available)} available + ${count(all.held)} held`
  return `${count(all.initial)} = ${sums} + ${count(all.sold)} sold`
}

/** Every wallet: what came in = what is left + what the confirmed orders cost (I12). */
export function moneyAddsUp({ evidence, confirmed }: OrderCase, breaches: string[]): string {
  const { users, topUps, seen } = evidence
  const paid = new Map<number, number>()
  for (const { order, intent } of confirmed) {
    const total = order.sums?.total ?? 0
    paid.set(intent.user, (paid.get(intent.user) ?? 0) + total)
  }
  const all = { topUps: 0, balances: 0, paid: 0 }
  for (const [user, userId] of users.entries()) {
    const balance = seen.users[user]?.balance ?? { missing: 'never asked' }
    if ('missing' in balance) {
      breaches.push(`the wallet of ${userId} cannot be read: ${balance.missing}`)
      continue
    }
    const topUp = topUps[user] ?? 0
    const cost = paid.get(user) ?? 0
    all.topUps += topUp
    all.balances += balance.value
    all.paid += cost
    if (balance.value < 0 || topUp !== balance.value + cost) {
      const has = `${count(balance.value)} left`
      breaches.push(`${userId}: ${count(topUp)} came in, ${has}, ${count(cost)} paid`)
    }
  }
  const sums = `${count(all.balances)} in wallets + ${count(all.paid)} paid`
  return `${count(all.topUps)} = ${sums}`
}
