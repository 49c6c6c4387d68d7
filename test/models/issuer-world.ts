// The real issuer on a log and rows in memory, which takes all that is there and stops: so it can
// be started anew, on other rows.

import assert from 'node:assert/strict'
import { virtualClock } from '../../src/adapters/memory/clock-virtual.ts'
import { createCouponStoreMemory } from '../../src/adapters/memory/coupon-store.ts'
import { openLogMemory } from '../../src/adapters/memory/log.ts'
import {
  type CouponMessage,
  claimsTopic,
  couponEventsTopic,
  encodeMessage,
} from '../../src/domain/coupons/messages.ts'
import { startIssuer } from '../../src/issuer/issuer.ts'
import type { CouponStore } from '../../src/ports/coupons.ts'

/** Some seconds. */
const roundsMax = 5_000

export function createIssuerWorld() {
  const clock = virtualClock(0)
  const log = openLogMemory({ topics: { [claimsTopic]: 1, [couponEventsTopic]: 1 }, clock })
  const store = createCouponStoreMemory()
  const codeSecret = 'a secret that is used in tests only'
  const onError = assert.ifError
  return {
    store,
    append(...messages: CouponMessage[]) {
      const entries = messages.map((message) => {
        return { key: message.couponId, value: encodeMessage(message) }
      })
      return log.append(claimsTopic, entries)
    },
    /** Takes all that is there. */
    async run(over: { store?: CouponStore } = {}) {
      const issuer = await startIssuer({ log, store, clock, codeSecret, onError, ...over })
      await clock.runUntil(clock.now() + 100)
      const end = log.records(claimsTopic).flat().length
      // A database takes time of its own, which is not that of the log.
      for (let n = 0; n < roundsMax && (issuer.positions().get(0) ?? 0) < end; n++) {
        await new Promise((resolve) => setTimeout(resolve, 1))
        await clock.runUntil(clock.now())
      }
      await issuer.close()
    },
    events() {
      const records = log.records(couponEventsTopic).flat()
      return records.map(({ headers }) => headers?.ce_id?.replace('coupon.', ''))
    },
  }
}
