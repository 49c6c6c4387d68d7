import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '../../../test/simulation/random.ts'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { openLogMemory } from '../../adapters/memory/log.ts'
import { claimsTopic, encodeMessage, newestRules } from '../../domain/coupons/messages.ts'
import { CouponFold } from './coupon-fold.ts'
import { LogTime } from './log-time.ts'

const clock = virtualClock(0)
const waits = { clock, leaderWaitMsMax: 0, closing: new AbortController().signal }

async function foldOf(couponIds: readonly string[]) {
  const log = openLogMemory({ topics: { [claimsTopic]: 4 }, clock })
  const fold = new CouponFold(log, new LogTime({ clock, skewMsMax: 0, onDiffers: () => {} }))
  await create(couponIds)
  const reader = await fold.read({
    claimDecided() {},
    controlDecided() {},
    onVoid: assert.fail,
    onError: assert.fail,
    ...waits,
  })
  await reader.caughtUp
  async function create(ids: readonly string[]): Promise<void> {
    const entries = ids.map((couponId) => {
      const terms = { name: couponId, quantity: 1 }
      const by = { by: 'op', commandId: couponId }
      const message = {
        type: 'coupon.created',
        couponId,
        terms,
        rules: newestRules,
        ...by,
      } as const
      return { key: couponId, value: encodeMessage(message) }
    })
    await log.append(claimsTopic, entries)
  }
  return { fold, create, close: () => reader.close() }
}

function cpuMsOf(run: () => void): number {
  const before = process.threadCpuUsage()
  run()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

describe('records that are none', () => {
  it('are told when they come, and not again by each start', async () => {
    const log = openLogMemory({ topics: { [claimsTopic]: 4 }, clock })
    const junk = () => log.append(claimsTopic, [{ key: 'sale', value: Buffer.from('junk') }])
    await junk()
    for (const came of [1, 2]) {
      const time = new LogTime({ clock, skewMsMax: 0, onDiffers: () => {} })
      let voids = 0
      const met = Promise.withResolvers<void>()
      const reader = await new CouponFold(log, time).read({
        claimDecided() {},
        controlDecided() {},
        onVoid() {
          if (++voids === came) met.resolve()
        },
        onError: met.reject,
        ...waits,
      })
      await reader.caughtUp
      assert.equal(voids, 0)
      for (let n = 0; n < came; n++) await junk()
      await met.promise
      await reader.close()
    }
  })
})

describe('the pages of coupons', () => {
  it('are those of all coupons in the order of their ids, whenever they were made', async () => {
    const random = seededRandom(1)
    const newIds = (count: number) =>
      Array.from({ length: count }, () => `c-${random.int(0, 1e9).toString(36)}`)
    const { fold, create, close } = await foldOf(newIds(300))
    for (let round = 0; round < 5; round++) {
      const inOrder = [...fold.coupons.keys()].toSorted()
      for (const limit of [1, 7, 100]) {
        const seen: string[] = []
        for (let after: string | undefined; ; after = seen.at(-1)) {
          const page = fold.page(after === undefined ? { limit } : { limit, after })
          seen.push(...page.map(({ couponId }) => couponId))
          if (page.length < limit) break
        }
        assert.deepEqual(seen, inOrder)
      }
      assert.deepEqual(fold.page({ limit: 5, after: 'zzz' }), [])
      await create(newIds(random.int(0, 40)))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await close()
  })

  it('take none much time, with 100,000 coupons and new ones between', async () => {
    const { fold, create, close } = await foldOf(
      Array.from({ length: 100_000 }, (_, n) => `c-${((n * 7_919) % 100_003).toString(36)}`),
    )
    const took: number[] = []
    for (let round = 0; round < 9; round++) {
      took.push(cpuMsOf(() => fold.page({ limit: 1_000, after: 'c-5' })))
      await create([`n-${round}`])
      await new Promise((resolve) => setImmediate(resolve))
    }
    const median = took.toSorted((a, b) => a - b)[4] ?? 0
    assert.ok(median < 20, `${took.join()} ms`)
    await close()
  })
})
