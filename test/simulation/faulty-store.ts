// The rows of a simulated sale, as an issuer finds them that shares a busy database.

import type { VirtualClock } from '../../src/adapters/memory/clock-virtual.ts'
import type { CouponStore } from '../../src/ports/coupons.ts'
import { PortError } from '../../src/ports/port-error.ts'
import type { Random } from './random.ts'

type FaultyParts = {
  store: CouponStore
  random: Random
  clock: VirtualClock
  faults: { on: boolean }
}

/** Slow; now and then away; and after some commits the answer is lost. */
export function faultyStore(world: FaultyParts, alive: { value: boolean }): CouponStore {
  const { store, random, clock, faults } = world
  const forever = new Promise<never>(() => {})
  async function call<T>(run: () => Promise<T>): Promise<T> {
    await new Promise<void>((resolve) => clock.after(random.int(0, 30), resolve))
    if (!alive.value) return forever
    const dice = faults.on ? random.next() : 1
    if (dice < 0.1) throw new PortError('store_unavailable', 'away', { retryable: true })
    const result = await run()
    if (dice < 0.2) throw new PortError('store_unavailable', 'reply lost', { retryable: true })
    return result
  }
  return {
    positions: () => call(() => store.positions()),
    load: (couponIds) => call(() => store.load(couponIds)),
    revocations: (range) => call(() => store.revocations(range)),
    issuedTo: (asked) => call(() => store.issuedTo(asked)),
    unspent: (of) => call(() => store.unspent(of)),
    apply: (batch) => call(() => store.apply(batch)),
    markPublished: (partition, next) => call(() => store.markPublished(partition, next)),
    heldBy: (userId, page) => call(() => store.heldBy(userId, page)),
    winners: (couponId, page) => call(() => store.winners(couponId, page)),
    byCode: (codes) => call(() => store.byCode(codes)),
    issuedRows: (query) => call(() => store.issuedRows(query)),
    issuedColumns: (query) => call(() => store.issuedColumns(query)),
    snapshot: () => call(() => store.snapshot()),
  }
}
