// Holds what everyone who returned an order was answered against what they asked for, and what the
// service says afterwards against what is left of it: an order is returned once, and its money, its
// pieces and its coupon are back. Pure.

import { isDefinite, type Undecided } from '../attempts.ts'
import { count, counted } from '../figures.ts'
import { type NotJudged, type Verdict, verdictOf } from '../promises.ts'
import type { OrderAnswer, OrderSeen } from '../service.ts'
import { couponsAgree, moneyAddsUp, stockAddsUp } from './order-afterwards.ts'
import { type Intent, type OrderEvidence, orderCase, shownOrder } from './order-evidence.ts'

/** Who returns an order, and how. */
export type ReturnWish = 'own' | 'operator' | 'twice' | 'two_callers' | 'again' | 'not_confirmed'
/** `by`: in turn where `atOnce` is false. */
export type ReturnPlan = {
  order: OrderSeen
  intent: Intent
  wish: ReturnWish
  asks: readonly { by: 'user' | 'operator'; key: string }[]
  atOnce: boolean
}
export type ToldReturn = ReturnPlan & { answers: readonly (OrderAnswer | Undecided)[] }
export type ReturnEvidence = {
  known: OrderEvidence
  told: readonly ToldReturn[]
  /** Promises that were broken before anything was returned. */
  brokenBefore: readonly string[]
}

const title = 'what is returned is given back'
const ways: readonly Pick<ReturnPlan, 'wish' | 'asks' | 'atOnce'>[] = [
  { wish: 'own', asks: [{ by: 'user', key: 'back' }], atOnce: false },
  { wish: 'twice', asks: [1, 2].map(() => ({ by: 'user', key: 'back' })), atOnce: true },
  {
    wish: 'two_callers',
    asks: (['user', 'operator'] as const).map((by) => ({ by, key: 'back' })),
    atOnce: true,
  },
  { wish: 'operator', asks: [{ by: 'operator', key: 'back' }], atOnce: false },
  { wish: 'again', asks: ['back', 'other'].map((key) => ({ by: 'user', key })), atOnce: false },
]
const notConfirmed = { wish: 'not_confirmed', asks: [{ by: 'user', key: 'back' }] } as const
const returnsMax = 60
const oneIn = 3

/** Of a third of those who were confirmed, and of one that never was. */
export function returnsOf(known: OrderEvidence): ReturnPlan[] {
  const { confirmed, ended, entries } = orderCase(known)
  const chosen = confirmed.filter((_, index) => index % oneIn === 0).slice(0, returnsMax)
  const plans = chosen.flatMap(({ order, intent }, index) => {
    const way = ways[index % ways.length]
    return way === undefined ? [] : [{ order, intent, ...way }]
  })
  const order = ended.find(({ status }) => status === 'cancelled')
  const entry = entries.find(({ answer }) => answer.kind === 'ended' && answer.order === order)
  if (order === undefined || entry === undefined) return plans
  return [...plans, { order, intent: entry.intent, ...notConfirmed, atOnce: false }]
}

export function reconcileReturns(evidence: ReturnEvidence): Verdict {
  const breaches: string[] = []
  const found = evidence.known.payments === 'service' ? byService : judged(evidence, breaches)
  return verdictOf({ promise: 'returns', title, found, breaches })
}

const byService: NotJudged = { notJudged: 'a payment service would have to refund what it took' }

function judged({ known, told, brokenBefore }: ReturnEvidence, breaches: string[]): string {
  const users = known.users
  for (const one of told) {
    const names = one.answers.map(nameOf)
    if (isExpected(one.wish, names)) continue
    const wish = one.wish.replace('_', ' ')
    breaches.push(`${users[one.intent.user]} (${wish}) was told ${names.join(' and ')}`)
  }
  const returned = told.filter(({ answers }) => answers.map(nameOf).includes('returned'))
  breaches.push(...told.flatMap(otherSums))
  if (known.seen !== null) breaches.push(...leftBehind({ known, told: returned, brokenBefore }))
  return `${count(returned.length)} of ${counted(told.length, 'order')}`
}

function nameOf(answer: OrderAnswer | Undecided): string {
  if (!isDefinite(answer)) return answer.kind === 'unknown' ? answer.reason : answer.kind
  return answer.kind === 'refused' ? answer.problem : answer.order.status
}

const expectedAnswers: Record<ReturnWish, readonly string[]> = {
  own: ['returned'],
  operator: ['returned'],
  twice: ['returned', 'returned'],
  two_callers: ['order-already-returned', 'returned'],
  again: ['returned', 'order-already-returned'],
  not_confirmed: ['order-not-confirmed'],
}

/** Of two callers either may have come first. */
function isExpected(wish: ReturnWish, names: readonly string[]): boolean {
  const told = wish === 'two_callers' ? names.toSorted() : names
  return told.join() === expectedAnswers[wish].join()
}

/** The order that was returned is the one that was confirmed. */
function otherSums({ order, answers }: ToldReturn): string[] {
  return answers.flatMap((answer) => {
    if (answer.kind !== 'ended' || answer.order.status !== 'returned') return []
    return differs(answer.order, order)
  })
}

function differs(now: OrderSeen, confirmed: OrderSeen): string[] {
  const expected = shownOrder({ ...confirmed, status: 'returned', reason: now.reason })
  if (now.orderId === confirmed.orderId && shownOrder(now) === expected) return []
  return [`order ${confirmed.orderId} is ${shownOrder(now)}, expected ${expected}`]
}

/** Money, pieces and coupons, as if these orders had never been confirmed. */
function leftBehind({ known, told, brokenBefore }: ReturnEvidence): string[] {
  const breaches: string[] = []
  const { seen } = known
  if (seen === null) return breaches
  const gone = new Set(told.map(({ order }) => order.orderId))
  const all = orderCase(known)
  const left = {
    ...all,
    seen,
    confirmed: all.confirmed.filter(({ order }) => !gone.has(order.orderId)),
  }
  for (const { order } of told) {
    const now = seen.orders.get(order.orderId) ?? { missing: 'never asked' }
    if ('missing' in now) breaches.push(`order ${order.orderId} cannot be read: ${now.missing}`)
    else if (!brokenBefore.includes('told')) breaches.push(...differs(now.value, order))
  }
  const checks = { coupons: couponsAgree, stock: stockAddsUp, money: moneyAddsUp }
  for (const [promise, check] of Object.entries(checks)) {
    if (!brokenBefore.includes(promise)) check(left, breaches)
  }
  return breaches
}
