// What people were told against what is so: the rows, and the log read without the domain's help.

import assert from 'node:assert/strict'
import { claimsTopic, couponEventsTopic } from '../../../src/domain/coupons/messages.ts'
import type { FaultServices } from './fault-services.ts'
import { type Ask, isDefinite } from './node-clients.ts'

export type Holder = { user: string; slot: number; code: string; offset: number }
export type Sale = { couponId: string; quantity: number }

/** In the order of their slots. */
export async function holders(services: FaultServices, couponId: string): Promise<Holder[]> {
  const rows = await services.sql(
    `select user_id, slot, code, log_offset from coupons.issued_coupons
      where coupon_id = '${couponId}' order by slot`,
  )
  return rows.map(([user, slot, code, offset]) => {
    return { user: `${user}`, slot: Number(slot), code: `${code}`, offset: Number(offset) }
  })
}

/** As many rows as were won, slots 1 … n without a hole, and the first people in the log. */
export async function checkRows(services: FaultServices, sale: Sale): Promise<Holder[]> {
  const held = await holders(services, sale.couponId)
  held.forEach(({ slot }, n) => assert.equal(slot, n + 1, `${sale.couponId}: slot ${n + 1}`))
  const winners = await winnersInLog(services, sale)
  assert.deepEqual(
    held.map(({ user, offset }) => [user, offset]),
    winners,
    sale.couponId,
  )
  return held
}

/** Whoever was told yes has it, with that slot and code; whoever was told no has none. */
export function checkLedger(asks: readonly Ask[], held: readonly Holder[]): void {
  const rows = new Map(held.map((holder) => [holder.user, holder]))
  const answered = new Map<string, string>()
  for (const ask of asks) {
    if (!isDefinite(ask)) continue
    const { user, outcome, slot, code } = ask
    const before = answered.get(user) ?? outcome
    assert.equal(outcome, before, `${user} was told ${before} and then ${outcome}`)
    answered.set(user, outcome)
    const row = rows.get(user)
    if (outcome === 'sold-out') assert.equal(row, undefined, `${user} was told no, and has one`)
    else assert.deepEqual({ slot, code }, { slot: row?.slot, code: row?.code }, user)
  }
  for (const { user } of held) assert.equal(answered.get(user), 'issued', `${user} was not told`)
}

/** A claim that was answered before another was sent comes before it in the log. */
export function checkOrder(asks: readonly Ask[]): number {
  const first = asks.filter(({ status }) => status === 201)
  const byOffset = first.toSorted((a, b) => (a.offset ?? 0) - (b.offset ?? 0))
  let latestSent: Ask | undefined
  for (const ask of byOffset) {
    const earlier = latestSent
    if (earlier !== undefined) {
      assert.ok(earlier.sentAt <= ask.at, `${earlier.user} overtook ${ask.user}`)
    }
    if (earlier === undefined || ask.sentAt > earlier.sentAt) latestSent = ask
  }
  return first.length
}

type ClaimRecord = { type: string; couponId: string; userId: string }

/** The first people in the log, and where; found without the fold. */
async function winnersInLog(services: FaultServices, sale: Sale): Promise<[string, number][]> {
  const winners = new Map<string, number>()
  for (const { value, offset } of await services.records(claimsTopic)) {
    const { type, couponId, userId } = JSON.parse(value.toString()) as ClaimRecord
    if (type !== 'coupon.claimed' || couponId !== sale.couponId) continue
    if (winners.size < sale.quantity && !winners.has(userId)) winners.set(userId, offset)
  }
  return [...winners]
}

/** Each winner's event is there; one that was published again is the same. Says how many were. */
export async function checkEvents(services: FaultServices): Promise<{ again: number }> {
  const rows = await services.sql(
    'select coupon_id, slot, user_id, code from coupons.issued_coupons',
  )
  const events = await services.records(couponEventsTopic)
  const values = new Map<string, string>()
  for (const { headers, value } of events) {
    const id = headers?.ce_id ?? ''
    const text = value.toString()
    assert.equal(values.get(id) ?? text, text, id)
    values.set(id, text)
  }
  for (const [couponId, slot, userId, code] of rows) {
    const text = values.get(`coupon.issued/${couponId}/${slot}`)
    assert.ok(text, `${couponId}/${slot} was not published`)
    const event = JSON.parse(text) as { userId: string; code: string }
    assert.deepEqual([event.userId, event.code], [userId, code])
  }
  assert.equal(values.size, rows.length, 'nothing else was published')
  return { again: events.length - values.size }
}
