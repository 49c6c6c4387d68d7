// What the order process and the three steps store in a small model world: each record is decided
// and its effects applied at once, as a transaction would. Every effect is counted, so that one
// which happens twice is found, and effects that contradict what is stored throw.

import assert from 'node:assert/strict'
import type { OfferTerms } from '../../src/domain/coupons/offer.ts'
import {
  type CouponFacts,
  decideCoupon,
  evolveCoupon,
} from '../../src/domain/orders/coupon-step.ts'
import type {
  AnyPlaced,
  OrderMessage,
  ProductMessage,
  StepMessage,
  WalletMessage,
} from '../../src/domain/orders/messages.ts'
import {
  decidePayment,
  evolvePayment,
  type NotNow,
  type PaymentCommand,
  type PaymentEffect,
  type ProviderAnswer,
} from '../../src/domain/orders/payment-step.ts'
import { decide, evolve, initialState, type OrderCommand } from '../../src/domain/orders/process.ts'
import { decideProduct, eventsOf, evolveProduct } from '../../src/domain/orders/product.ts'
import {
  absent,
  type Charge,
  type CouponRow,
  type CouponUse,
  type OrderState,
  type PaymentRow,
  type Product,
  type StockRow,
} from '../../src/domain/orders/state.ts'
import { decideStock, evolveStock } from '../../src/domain/orders/stock-step.ts'
import { decideCharge, decideTopUp, unsettledOf } from '../../src/domain/orders/wallet.ts'

/** A coupon that a user has won, at an offset of the claims log's one partition. */
export type WonRow = { couponId: string; userId: string; offset: number } & OfferTerms
export type Stores = {
  orders: Map<string, OrderState>
  /** What the process was given for each order, in this order. */
  commands: Map<string, OrderCommand[]>
  couponRows: Map<string, CouponRow>
  stockRows: Map<string, StockRow>
  paymentRows: Map<string, PaymentRow>
  won: readonly WonRow[]
  issuerNext: number
  /** How far it had been when its rows were dropped. */
  issuerWas: number
  /** By coupon and user, as the issuer has applied it. */
  revoked: Set<string>
  /** The same, whatever was dropped since: nobody may spend them. */
  everRevoked: Set<string>
  /** The same, which redemption had it merely reserved when it was counted; null: none. */
  countedWith: Map<string, string | null>
  /** Redemptions whose coupon was taken by content that uses it at once. */
  takenAtOnce: Set<string>
  /** The order that uses a coupon, by coupon and user. */
  uses: Map<string, string>
  products: Map<string, Product>
  balances: Map<string, number>
  charges: Map<string, Charge>
  /** What each supplying command added. */
  supplied: Map<string, number>
  /** How often each effect happened to each order. */
  effects: Map<string, number>
  outcomes: Map<string, number>
}

export function createStores(won: readonly WonRow[]): Stores {
  return {
    orders: new Map(),
    commands: new Map(),
    couponRows: new Map(),
    stockRows: new Map(),
    paymentRows: new Map(),
    won,
    issuerNext: 0,
    issuerWas: 0,
    revoked: new Set(),
    everRevoked: new Set(),
    countedWith: new Map(),
    takenAtOnce: new Set(),
    uses: new Map(),
    products: new Map(),
    balances: new Map(),
    charges: new Map(),
    supplied: new Map(),
    effects: new Map(),
    outcomes: new Map(),
  }
}

export function takeOrder(stores: Stores, orderId: string, command: OrderCommand): OrderMessage[] {
  const state = stores.orders.get(orderId) ?? initialState()
  const { outcome, events, publish } = decide(command, state)
  count(stores.outcomes, `process ${outcome}`)
  if (events.length > 0) stores.orders.set(orderId, events.reduce(evolve, state))
  stores.commands.set(orderId, [...(stores.commands.get(orderId) ?? []), command])
  return [...publish]
}

/** `waits`: the issuer is behind, or another has the coupon; try again later. */
export function takeCoupon(
  stores: Stores,
  { message, at }: { message: OrderMessage; at: number },
): { replies: StepMessage[]; waits: boolean } {
  const row = stores.couponRows.get(message.orderId) ?? absent
  const isPlacing = message.type === 'order.placed' || message.type === 'redemption.placed'
  const facts = isPlacing ? couponFacts(stores, message) : null
  const { outcome, events, effects, replies } = decideCoupon({ message, at, facts }, row)
  count(stores.outcomes, `coupon ${outcome}`)
  const next = events.reduce(evolveCoupon, row)
  if (events.length > 0) stores.couponRows.set(message.orderId, next)
  if (isPlacing && next.status === 'waiting') {
    count(stores.outcomes, replies.length === 0 ? 'coupon waits' : 'coupon wants')
    return { replies: [...replies], waits: true }
  }
  if (isPlacing && row.status !== 'used' && next.status === 'used') {
    const placed = row.status === 'waiting' ? row.placed : message
    const { minimum = 0 } = next
    if ('use' in placed && placed.use && placed.subtotal >= minimum) {
      stores.takenAtOnce.add(message.orderId)
    }
  }
  if (message.type === 'redemption.used' && 'userId' in row) checkCounted(stores, row)
  for (const { kind, use } of effects) {
    const key = `${use.couponId}/${use.userId}`
    const isRevoked = stores.everRevoked.has(key)
    if (isRevoked) count(stores.outcomes, `coupon ${kind} of a revoked one`)
    if (kind === 'keep') continue
    assert.equal(stores.uses.get(key), kind === 'use' ? undefined : use.orderId)
    assert.ok(kind !== 'use' || !isRevoked, `I15: ${use.orderId} spent what was revoked before`)
    if (kind === 'use') stores.uses.set(key, use.orderId)
    else stores.uses.delete(key)
    count(stores.effects, `coupon ${kind} ${message.orderId}`)
  }
  return { replies: [...replies], waits: false }
}

/**
 * What was told to be taken is not used at once all the same. Of two contents under one id the step
 * may have taken the one that reserves, where the process has the other: then it was reserved.
 */
function checkCounted(stores: Stores, { orderId, couponId, userId }: CouponUse): void {
  const order = stores.orders.get(orderId)
  if (order === undefined || !('redemption' in order) || order.redemption.use !== true) return
  if (!stores.takenAtOnce.has(orderId)) return
  const counted = stores.countedWith.get(`${couponId}/${userId}`)
  assert.notEqual(counted, orderId, `${orderId} was used at once, and a revoke counted its coupon`)
  if (counted === null) count(stores.outcomes, 'coupon revoked after a use at once')
}

/** null: the pieces are held by others; try again later. */
export function takeStock(stores: Stores, message: OrderMessage): StepMessage[] | null {
  const row = stores.stockRows.get(message.orderId) ?? absent
  const decision = decideStock({ message, at: 0, products: stores.products }, row)
  count(stores.outcomes, `stock ${decision.outcome}`)
  const next = decision.events.reduce(evolveStock, row)
  if (decision.events.length > 0) stores.stockRows.set(message.orderId, next)
  for (const effect of decision.effects) {
    for (const [productId, event] of eventsOf(effect)) {
      const product = stores.products.get(productId) ?? absent
      stores.products.set(productId, evolveProduct(product, event))
    }
    count(stores.effects, `stock ${effect.kind} ${message.orderId}`)
  }
  if (message.type === 'order.placed' && next.status === 'waiting') return null
  return [...decision.replies]
}

export function takePayment(
  stores: Stores,
  orderId: string,
  command: PaymentCommand,
): { replies: StepMessage[]; calls: PaymentEffect[] } {
  const row = stores.paymentRows.get(orderId) ?? absent
  const { outcome, events, effects, replies } = decidePayment(command, row)
  count(stores.outcomes, `payment ${outcome}`)
  if (events.length > 0) stores.paymentRows.set(orderId, events.reduce(evolvePayment, row))
  if (command.kind === 'record' && command.message.type === 'order.confirmed') {
    const charge = stores.charges.get(orderId)
    if (charge?.status === 'captured') {
      stores.charges.set(orderId, { status: 'captured', amount: charge.amount })
    }
  }
  return { replies: [...replies], calls: [...effects] }
}

/** The built-in provider. null: what was captured may still come back; try again later. */
export function callProvider(stores: Stores, call: PaymentEffect): ProviderAnswer | null {
  const { orderId, userId, amount } = call.payment
  const { unsettled, mayReturn } = capturedOf(stores, userId)
  const before = stores.charges.get(orderId) ?? absent
  const balance = stores.balances.get(userId) ?? 0
  const answer = askWallet(stores, call, unsettled)
  if (answer.kind === 'not_now') {
    count(stores.outcomes, 'payment not now')
    return null
  }
  const isRefusedNow = before.status === 'absent' && answer.kind === 'refused'
  if (isRefusedNow) assert.ok(amount > balance + mayReturn, `${orderId} was refused too soon`)
  return answer
}

/** Another provider, which knows nothing of what may come back. */
export function callService(stores: Stores, call: PaymentEffect): ProviderAnswer {
  const answer = askWallet(stores, call, 0)
  assert.ok(answer.kind !== 'not_now')
  return answer
}

function askWallet(
  stores: Stores,
  { kind, payment }: PaymentEffect,
  unsettled: number,
): ProviderAnswer | NotNow {
  const { orderId, userId, amount } = payment
  const before = stores.charges.get(orderId) ?? absent
  const balance = stores.balances.get(userId) ?? 0
  const command = kind === 'undo' ? { kind } : { kind, amount }
  const decision = decideCharge(command, before, { balance, unsettled })
  if (decision.charge !== before) stores.charges.set(orderId, decision.charge)
  stores.balances.set(userId, balance + decision.add)
  if (decision.add !== 0) count(stores.effects, `payment ${kind} ${orderId}`)
  return decision.answer
}

/** `mayReturn`: by the orders themselves, whatever the payment step has come to know of them. */
function capturedOf(
  { charges, paymentRows, orders }: Stores,
  userId: string,
): { unsettled: number; mayReturn: number } {
  const sums = { unsettled: 0, mayReturn: 0 }
  for (const [orderId, charge] of charges) {
    const row = paymentRows.get(orderId) ?? absent
    if (charge.status !== 'captured' || !('userId' in row) || row.userId !== userId) continue
    sums.unsettled += unsettledOf(charge)
    // A return gives anew, as a top-up does: nobody waits for it.
    const isSold = ['confirmed', 'returning', 'returned']
    if (!isSold.includes(orders.get(orderId)?.status ?? '')) sums.mayReturn += charge.amount
  }
  return sums
}

export function takeSupply(stores: Stores, message: ProductMessage | WalletMessage): void {
  if (message.type === 'wallet.topped_up') {
    const balance = stores.balances.get(message.userId) ?? 0
    const before = stores.supplied.get(message.commandId) ?? null
    const { outcome, add } = decideTopUp({ message, before }, balance)
    stores.balances.set(message.userId, balance + add)
    if (outcome === 'done') stores.supplied.set(message.commandId, message.amount)
    return
  }
  const product = stores.products.get(message.productId) ?? absent
  const before = stores.supplied.get(message.commandId) ?? null
  const { event } = decideProduct({ message, before }, product)
  if (event === null) return
  stores.products.set(message.productId, evolveProduct(product, event))
  if (event.type === 'added') stores.supplied.set(message.commandId, event.add)
}

function couponFacts(stores: Stores, { userId, coupon }: AnyPlaced): CouponFacts | null {
  if (coupon === undefined) return null
  const { couponId } = coupon
  const row = stores.won.find((it) => it.couponId === couponId && it.userId === userId)
  const { issuerNext, issuerWas } = stores
  const issued = row === undefined || row.offset >= issuerNext ? null : row
  const usedBy = stores.uses.get(`${couponId}/${userId}`) ?? null
  const user = stores.couponRows.get(usedBy ?? '')
  const [isKept, reserved] =
    user?.status === 'used' ? [user.kept === true, user.reserved ?? null] : [false, null]
  const isRevoked = issued !== null && stores.revoked.has(`${couponId}/${userId}`)
  return { issuerNext, issuerWas, issued, isRevoked, usedBy, isKept, reserved }
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1)
}
