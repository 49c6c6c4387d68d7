import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import { openLogMemory } from '../adapters/memory/log.ts'
import { claimsTopic, encodeMessage } from '../domain/coupons/messages.ts'
import { noRevocations } from '../domain/coupons/revocations.ts'
import type { Coupon, Issued } from '../domain/coupons/state.ts'
import { partitionFor } from '../domain/partitioner.ts'
import { loadedFault } from './loaded-coupons.ts'

const couponId = 'sale'
const partitions = 2
const partition = partitionFor(couponId, partitions)
const now = Date.parse('2026-01-01T00:00:00Z')

/** Claims of kim, lee and ann, and one of park for another coupon, at the offsets 0 to 3. */
async function logOfClaims() {
  const log = openLogMemory({ topics: { [claimsTopic]: partitions }, clock: virtualClock(now) })
  const asked = [
    ['kim', couponId],
    ['lee', couponId],
    ['ann', couponId],
    ['park', 'other'],
  ] as const
  for (const [userId, of] of asked) {
    const claim = { type: 'coupon.claimed', couponId: of, userId, claimId: `of ${userId}` } as const
    await log.append(claimsTopic, [{ key: couponId, value: encodeMessage(claim) }])
  }
  return log
}

function won(userId: string, slot: number, offset = slot - 1): [string, Issued] {
  return [userId, { slot, claimId: `of ${userId}`, offset, appendedAt: now }]
}

function coupon(changes: Partial<Coupon> = {}): Coupon {
  return {
    status: 'open',
    couponId,
    partition,
    rules: 1,
    name: 'Spring',
    terms: { name: 'Sale', quantity: 2 },
    opensAt: 0,
    closesAt: Number.POSITIVE_INFINITY,
    quantity: 3,
    paused: false,
    commands: new Map([['restock', 1]]),
    revocations: noRevocations(),
    lastAct: 3,
    winners: new Map([won('kim', 1), won('lee', 2), won('ann', 3)]),
    ...changes,
  }
}

function winners(...all: [string, Issued][]): Partial<Coupon> {
  return { winners: new Map(all) }
}

describe('a coupon that is loaded from its rows', async () => {
  const log = await logOfClaims()
  const first = [won('kim', 1), won('lee', 2)] as const
  const ann = won('ann', 3)[1]
  const cases: readonly (readonly [string, Partial<Coupon>, RegExp | null])[] = [
    ['is what the log below the position can have made', {}, null],
    ['has no winners', winners(), null],
    ['has as many winners as its quantity', {}, null],
    [
      'has more winners than its quantity',
      { quantity: 2, commands: new Map() },
      /3 have it, but its quantity is 2/,
    ],
    ['has another quantity than was ordered', { quantity: 4 }, /quantity is 4, but 2 and 1 more/],
    ['stands in another partition', { partition: 1 - partition }, /not of partition/],
    [
      'has two winners of one record',
      winners(...first, won('ann', 3, 1)),
      /record 1, which is not behind the last/,
    ],
    [
      'has winners that do not come in the order of the log',
      winners(won('lee', 1, 1), won('kim', 2, 0)),
      /record 0, which is not behind the last/,
    ],
    [
      'has a winner of the record at the position',
      winners(...first, won('ann', 3, 4)),
      /record 4, but the rows end at 4/,
    ],
    ['has a winner of another user’s record', winners(...first, ['bob', ann]), /no claim/],
    [
      'has a winner by another claim',
      winners(...first, ['ann', { ...ann, claimId: 'x' }]),
      /no claim/,
    ],
    [
      'has a winner of another time',
      winners(...first, ['ann', { ...ann, appendedAt: now + 1 }]),
      /no claim/,
    ],
    ['has a winner of another coupon’s record', winners(...first, won('park', 3, 3)), /no claim/],
  ]
  for (const [what, changes, said] of cases) {
    it(`${what}: ${said === null ? 'nothing is wrong' : 'is told'}`, async () => {
      const positions = new Map([
        [partition, 4],
        [1 - partition, 4],
      ])
      const fault = await loadedFault({ log, partitions, positions }, [coupon(changes)])
      if (said === null) assert.equal(fault, null)
      else assert.match(fault ?? 'nothing', said)
    })
  }
})
