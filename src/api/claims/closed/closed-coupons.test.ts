import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { anyLog, couponIds } from '../../../../test/models/any-log.ts'
import { recordsOf } from '../../../../test/models/folding-nodes.ts'
import { type Counts, checkLettingGo, type Rows } from '../../../../test/models/folds/letting-go.ts'
import { keptSnapshots } from '../../../../test/models/kept-snapshots.ts'
import type { Entry } from '../../../../test/models/naive-claims.ts'

const step = fc.record({
  letsGo: fc.subarray([0, 1, 2]),
  comesBack: fc.boolean(),
  rows: fc.constantFrom<Rows>('up', 'up', 'up', 'starting', 'away', 'behind'),
  userId: fc.constantFrom('ann', 'bob', 'cat', 'nobody'),
})
const steps = fc.array(step, { minLength: 1, maxLength: 12 })
/** Each is closed on the way, and claimed and revoked behind that. */
const closings = couponIds.map((couponId): Entry => {
  const message = { type: 'coupon.closed', couponId, by: 'op', commandId: 'end' } as const
  return { message, appendedAt: 30 }
})
const anyLogs = fc.array(anyLog(), { minLength: 2, maxLength: 3 }).map((parts) => parts.flat())
const longLog = fc.tuple(anyLogs, fc.constantFrom([], closings, closings), anyLogs).map((parts) => {
  return parts.flat()
})
const cut = fc.double({ min: 0, max: 1, noNaN: true })

describe('coupons whose winners are let go of and come back', () => {
  it('are decided and answered as if they had never gone, from start to start', async () => {
    const counts: Counts = { letGo: 0, back: 0, unsettled: 0, lookedUp: 0, unavailable: 0 }
    await fc.assert(
      fc.asyncProperty(longLog, steps, cut, async (entries, each, at) => {
        const all = recordsOf(entries)
        const store = keptSnapshots({ pause: 3 })
        for (const end of [Math.floor(at * all.length), all.length]) {
          await checkLettingGo({ records: all.slice(0, end), steps: each, store, counts })
        }
      }),
      { numRuns: 100 },
    )
    for (const [what, times] of Object.entries(counts)) assert.ok(times > 0, what)
  })
})
