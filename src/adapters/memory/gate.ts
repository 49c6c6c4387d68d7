// The memory twin of the gate, for tests and simulations: the rules of redis/gate.lua on the
// clock it is given. It is away only after `setHere(false)`, and it can be wiped.

import type { Clock } from '../../ports/clock.ts'
import {
  defaultGateLimits,
  type Gate,
  type GateCoupon,
  type GateLimits,
  type GateVerdict,
  keepMs,
} from '../../ports/gate.ts'

export type MemoryGateOptions = { clock: Clock; limits?: Partial<GateLimits> }
export type MemoryGate = Gate & {
  /** Forgets everything, as a Redis that was flushed. */
  wipe(): void
  setHere(here: boolean): void
  /** How many coupons it remembers now. */
  size(): number
}

type Entry = {
  quantity: number
  issued: number
  /** How many had been issued as this round began, and how many it has let through. */
  base: number
  used: number
  fullAt: number | null
  /** When each user was let through. */
  seen: Map<string, number>
  until: number
}

export function createGateMemory({ clock, limits: given }: MemoryGateOptions): MemoryGate {
  const limits = { ...defaultGateLimits, ...given }
  const entries = new Map<string, Entry>()
  let here = true

  function entryOf(coupon: GateCoupon, now: number): Entry {
    for (const [key, { until }] of entries) if (until <= now) entries.delete(key)
    const key = `${coupon.couponId} ${coupon.epoch}`
    const { issued, quantity } = coupon
    const fresh = { quantity, issued, base: issued, used: 0, fullAt: null, seen: new Map() }
    const entry: Entry = entries.get(key) ?? { ...fresh, until: 0 }
    entry.quantity = Math.max(entry.quantity, quantity)
    entry.issued = Math.max(entry.issued, issued)
    // Some have won without it.
    entry.base = Math.max(entry.base, entry.issued - entry.used)
    entry.until = Math.max(entry.until, now + keepMs(coupon, limits, clock))
    entries.set(key, entry)
    return entry
  }

  function verdictOn(entry: Entry, userId: string, now: number): GateVerdict {
    const seenAt = entry.seen.get(userId)
    if (seenAt !== undefined && now - seenAt < limits.seenMs) return 'seen'
    if (entry.fullAt !== null && now - entry.fullAt >= limits.fullMs) {
      Object.assign(entry, { base: entry.issued, used: 0, fullAt: null })
    }
    if (entry.quantity <= entry.base + entry.used) {
      entry.fullAt ??= now
      return 'full'
    }
    entry.fullAt = null
    entry.used += 1
    entry.seen.set(userId, now)
    return 'pass'
  }

  return {
    async ask(claims) {
      const now = clock.monotonic()
      return claims.map(({ coupon, userId }) =>
        here ? verdictOn(entryOf(coupon, now), userId, now) : 'pass',
      )
    },
    isHere: () => here,
    wipe: () => entries.clear(),
    setHere(next) {
      here = next
    },
    size: () => entries.size,
    async close() {
      here = false
    },
  }
}
