// Coupons in a simulated rush: some buyers have one, which takes nothing off. While they order,
// operators revoke some of them, and the issuer's rows are dropped and made anew.

import type { OrderPlaced } from '../../src/domain/orders/messages.ts'
import { couponKey } from '../../src/ports/orders.ts'
import type { OrdersSystem } from '../models/orders-consumers.ts'
import type { WonRow } from '../models/orders-stores.ts'
import type { Random } from './random.ts'
import { appendRevoke, type ClaimsOfWorld, revokedKeys } from './world-revokes.ts'

export type Coupons = {
  /** What a user's order says of the coupon, by a node that may know of its revoke. */
  namedBy(userId: string): Pick<OrderPlaced, 'coupon'>
  has(userId: string): boolean
  isRevoked(userId: string): boolean
  claims: ClaimsOfWorld
  /** Who had spent what when it was revoked; null: nobody. */
  spentBefore: ReadonlyMap<string, string | null>
  /** Within a while. */
  scheduleActs(withinMs: number): void
}
type Parts = { system: OrdersSystem; random: Random; users: readonly string[] }

const couponId = 'spring'
const end = Number.MAX_SAFE_INTEGER
/** Longer than the coupon step needs to look again. */
const rebuildMsMax = 3_000

export function createCoupons({ system, random, users }: Parts): Coupons {
  const { clock } = system
  const { tables } = system.stores.coupons
  const won = users.map((userId, offset): WonRow => ({ couponId, userId, offset }))
  const claims: ClaimsOfWorld = { won, revokes: [] }
  const spentBefore = new Map<string, string | null>()
  let isMadeAnew = false
  issue()

  /** As the issuer has written it: the wins first, then the revokes. */
  function issue(): void {
    system.issued(new Map(won.map((row) => [couponKey(row), {}])))
    tables.issuerNext.set(0, won.length)
  }

  function writeRevokes(): void {
    for (const key of keysRevoked()) {
      tables.revoked.add(key)
      if (!spentBefore.has(key)) spentBefore.set(key, tables.uses.get(key) ?? null)
    }
    tables.issuerNext.set(0, end)
  }

  function keysRevoked(): string[] {
    return revokedKeys(claims).map((key) => key.replace('/', ' '))
  }

  function revoke(): void {
    const userId = random.chance(0.2) ? null : (users[random.int(0, users.length - 1)] ?? null)
    // Whether an order came sooner than the rows were behind, no append time says.
    appendRevoke(claims, { couponId, userId }, end)
    if (!isMadeAnew) writeRevokes()
    if (random.chance(0.5)) clock.after(random.int(0, 100), makeAnew)
  }

  function makeAnew(): void {
    if (isMadeAnew) return
    isMadeAnew = true
    tables.issuerWas.set(0, tables.issuerNext.get(0) ?? 0)
    tables.issuerNext.set(0, 0)
    tables.issued.clear()
    tables.revoked.clear()
    const ms = random.int(0, rebuildMsMax)
    clock.after(random.int(0, 100), issue)
    clock.after(ms + 101, () => {
      isMadeAnew = false
      writeRevokes()
    })
  }

  return {
    claims,
    spentBefore,
    has: (userId) => users.includes(userId),
    isRevoked: (userId) => revokedKeys(claims).includes(`${couponId}/${userId}`),
    namedBy(userId) {
      const row = won.find((one) => one.userId === userId)
      if (row === undefined) return {}
      const last = this.isRevoked(userId) ? claims.revokes.at(-1) : undefined
      const isKnown = last !== undefined && random.chance(0.5)
      const coupon = { couponId, partition: 0, offset: row.offset }
      return { coupon: isKnown ? { ...coupon, revoked: last.offset } : coupon }
    },
    scheduleActs(withinMs) {
      if (users.length === 0) return
      for (let n = random.int(0, 3); n > 0; n -= 1) clock.after(random.int(0, withinMs), revoke)
    },
  }
}
