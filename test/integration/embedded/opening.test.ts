// A sale that opens under steady claims: nobody before its time by the log's clock, nobody told
// not-open after somebody won, and no slot burnt by who came too early.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Crowd, users } from '../processes/crowd.ts'
import {
  newDataDirectory,
  removeDataDirectory,
  startService,
} from '../processes/service-process.ts'

const quantity = 50
const opensInMs = 500
const claimMsMax = 15_000

describe('the opening of a coupon', () => {
  it('is at its time, once, for everyone', async (t) => {
    const data = await newDataDirectory()
    const service = await startService({ data })
    const crowd = new Crowd(service)
    const couponId = 'opens-soon'
    const opens = (at: number) => ({ opensAt: new Date(at).toISOString() })
    await crowd.create({ couponId, quantity, ...opens(Date.now() + 3_600_000) })
    const deadline = performance.now() + claimMsMax
    const everyone = users('early', 100)
    const told = new Set<string>()
    let opensAt = Number.POSITIVE_INFINITY
    /** In a moment, once each has been told that it is not open. */
    async function open(): Promise<void> {
      opensAt = Date.now() + opensInMs
      const { status, text } = await crowd.edit(couponId, opens(opensAt))
      assert.equal(status, 200, text)
    }

    // Each asks again and again, so that claims are under way at every moment of the opening.
    await Promise.all(
      everyone.map(async (user) => {
        for (;;) {
          const { outcome } = await crowd.claim(couponId, user)
          if (outcome === 'issued' || outcome === 'sold-out') return
          assert.equal(outcome, 'not-open')
          const before = told.size
          if (told.add(user).size === everyone.length && before < told.size) await open()
          assert.ok(performance.now() < deadline, 'it never opened')
        }
      }),
    )

    const answers = [...crowd.ledger.values()].flat()
    const winners = answers.filter(({ outcome }) => outcome === 'issued')
    const early = answers.filter(({ outcome }) => outcome === 'not-open')
    t.diagnostic(`${early.length} told not-open, ${winners.length} issued`)
    assert.ok(early.length > 0, 'somebody was early')
    assert.equal(winners.length, quantity)
    assert.ok(
      winners.every(({ appendedAt = 0 }) => appendedAt >= opensAt),
      'I9',
    )
    const slots = winners.map(({ slot = 0 }) => slot).toSorted((a, b) => a - b)
    assert.deepEqual(
      slots,
      Array.from({ length: quantity }, (_, n) => n + 1),
    )

    const firstWin = Math.min(...winners.map(({ offset = 0 }) => offset))
    const recorded = early.filter(({ offset }) => offset !== undefined)
    assert.ok(
      recorded.every(({ offset = 0 }) => offset < firstWin),
      'not-open after the opening',
    )
    const { outcome } = await crowd.claim(couponId, 'late')
    assert.equal(outcome, 'sold-out')

    await crowd.close()
    assert.equal(await service.stop(), 0)
    await removeDataDirectory(data)
  })
})
