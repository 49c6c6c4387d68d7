// Holds what everyone was answered about their orders against what they asked for and what the
// service says afterwards: one verdict per promise, with the first breaches named. Prices,
// discounts and sums are recomputed from the plan. Pure, so that every promise is tested.

import { isDefinite } from '../attempts.ts'
import { count, counted, sumOf } from '../figures.ts'
import { type Check, type NotJudged, type Verdict, verdictsOf } from '../promises.ts'
import {
  couponsAgree,
  endIsKept,
  moneyAddsUp,
  noneIsDead,
  scarceSellsOut,
  stockAddsUp,
} from './order-afterwards.ts'
import {
  endName,
  isSeen,
  type OrderCase,
  type OrderEvidence,
  orderCase,
  type SeenCase,
  shownLines,
  shownOrder,
  type Wish,
} from './order-evidence.ts'
import { dueOf } from './plan.ts'

export type OrderPromise = keyof typeof checks

const checks = {
  ended: ['every order ended', everyOrderEnded],
  expected: ['each as it should', eachAsItShould],
  confirmed: ['orders are confirmed', someAreConfirmed],
  told: ['a told end is kept', ofSeen(endIsKept)],
  once: ['a double click is one order', doubleClickIsOne],
  one_coupon: ['one coupon, one order', oneOfTwoWins],
  scarce: ['scarce goods sell out, never over', ofSeen(scarceSellsOut)],
  discount: ['the discount is subtracted', discountIsSubtracted],
  coupons: ['coupons add up', ofSeen(couponsAgree)],
  stock: ['stock adds up', ofSeen(stockAddsUp)],
  money: ['money adds up', ofSeen(moneyAddsUp)],
  letters: ['nothing had to be given up', ofSeen(noneIsDead)],
} satisfies Record<string, Check<OrderCase>>

export function reconcileOrders(evidence: OrderEvidence): Verdict<OrderPromise>[] {
  return verdictsOf<OrderPromise, OrderCase>(checks, orderCase(evidence))
}

/** What may come to agree by itself, once what was cancelled is undone. */
const settling: readonly OrderPromise[] = ['told', 'scarce', 'coupons', 'stock', 'money']

export function isSettled(verdicts: readonly Verdict<OrderPromise>[]): boolean {
  return verdicts.every(({ promise, kept }) => kept !== false || !settling.includes(promise))
}

/** A check of what the service says after the orders, which it may not live to be asked. */
function ofSeen(find: (orders: SeenCase, breaches: string[]) => string | NotJudged) {
  return (orders: OrderCase, breaches: string[]) => {
    const unseen = { notJudged: 'it ended before this was read' }
    return isSeen(orders) ? find(orders, breaches) : unseen
  }
}

function everyOrderEnded(orders: OrderCase, breaches: string[]): string | NotJudged {
  const { entries, users } = orders
  if (!isSeen(orders))
    return { notJudged: `${counted(entries.length, 'order')} ended before it did` }
  for (const { answer, intent } of entries) {
    if (isDefinite(answer)) continue
    const why = answer.kind === 'unknown' ? answer.reason : 'accepted, but it never ended'
    breaches.push(`${users[intent.user]}, ${intent.key}: ${why}`)
  }
  const ended = count(entries.length - breaches.length)
  return `${ended} of ${counted(entries.length, 'order')}`
}

/** Nobody is to run out of time: who waits for an answer and gets none was not served. */
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
  for (const entry of entries) {
    const end = endName(entry)
    if (end === null) continue
    if (expectedEnds[entry.intent.wish].includes(end)) asExpected += 1
    else {
      const { user, wish } = entry.intent
      breaches.push(`${users[user]} (${wish.replace('_', ' ')}) was told ${end}`)
    }
  }
  return `${count(asExpected)} ended as foreseen`
}

/** A service that confirms none keeps all other promises with ease. */
function someAreConfirmed(orders: OrderCase, breaches: string[]): string | NotJudged {
  const { entries, confirmed } = orders
  const able = entries.filter(({ intent }) => expectedEnds[intent.wish].includes('confirmed'))
  if (confirmed.length > 0) return `${count(confirmed.length)} of ${count(able.length)} placings`
  if (able.length === 0) return { notJudged: 'nobody placed one that could be' }
  if (!isSeen(orders)) return { notJudged: 'it ended before any was' }
  breaches.push(`none of ${counted(able.length, 'order')} was confirmed`)
  return 'none'
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

function discountIsSubtracted({ shop, confirmed }: OrderCase, breaches: string[]): string {
  const all = confirmed.map(({ order, intent }) => {
    const due = dueOf(shop, intent)
    const expected = { ...order, couponId: intent.couponId ?? null, sums: due.sums }
    if (shownLines(order, { prices: true }) !== shownLines(due, { prices: true })) {
      breaches.push(`order ${order.orderId} has other lines or prices`)
    } else if (shownOrder(order) !== shownOrder(expected)) {
      const wanted = `expected ${shownOrder(expected)}`
      breaches.push(`order ${order.orderId} is ${shownOrder(order)}, ${wanted}`)
    }
    return due.sums
  })
  const sum = (figure: 'subtotal' | 'discount' | 'total') => count(sumOf(all, figure))
  return `${sum('subtotal')} − ${sum('discount')} = ${sum('total')} to pay`
}
