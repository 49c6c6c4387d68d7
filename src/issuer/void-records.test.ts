import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLocalGroups } from '../adapters/log-file/group-local.ts'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import { createCouponStoreMemory } from '../adapters/memory/coupon-store.ts'
import { type AppendOutcome, openLogMemory } from '../adapters/memory/log.ts'
import { claimsTopic, couponEventsTopic, encodeMessage } from '../domain/coupons/messages.ts'
import { decodeDeadLetterMessage } from '../domain/orders/dead-letter-messages.ts'
import { deadLettersTopic } from '../domain/orders/retries.ts'
import type { CouponStore } from '../ports/coupons.ts'
import { startIssuer } from './issuer.ts'
import { lettersPerBatchMax } from './void-records.ts'

function createWorld() {
  const clock = virtualClock(Date.parse('2026-01-01T00:00:00Z'))
  const outcomes: AppendOutcome[] = []
  const topics = { [claimsTopic]: 1, [couponEventsTopic]: 1, [deadLettersTopic]: 1 }
  const nextAppend = (): AppendOutcome => outcomes.shift() ?? { takesMs: 0, outcome: 'stored' }
  const log = openLogMemory({ topics, clock, nextAppend })
  const store = createCouponStoreMemory()
  const errors: unknown[] = []
  const junk = (...texts: string[]) =>
    log.append(
      claimsTopic,
      texts.map((text) => ({ key: 'k', value: Buffer.from(text) })),
    )
  const claim = (userId: string) => {
    const message = { type: 'coupon.claimed', couponId: 'sale', userId, claimId: userId } as const
    return log.append(claimsTopic, [{ key: 'sale', value: encodeMessage(message) }])
  }
  const start = (over: Partial<CouponStore> = {}) => {
    // Each alone in its group, as after the one before was killed.
    const { join } = createLocalGroups(() => 1)
    return startIssuer({
      log: { ...log, join },
      store: { ...store, ...over },
      clock,
      codeSecret: 'a secret that is used in tests only',
      onError: (error) => errors.push(error),
    })
  }
  const pass = (ms: number) => clock.runUntil(clock.now() + ms)
  const letters = () =>
    log
      .records(deadLettersTopic)
      .flat()
      .map(({ value }) => {
        const decoded = decodeDeadLetterMessage(value)
        assert.ok(decoded.kind === 'message' && decoded.message.type === 'dead_letter.buried')
        return decoded.message
      })
  const position = async () => (await store.positions()).get(0)?.next
  return { log, store, outcomes, errors, junk, claim, start, pass, letters, position }
}

describe('bytes on the claims log that are no record', () => {
  it('become dead letters with the place, the bytes and the reason', async () => {
    const world = createWorld()
    await world.claim('kim')
    await world.junk('{"type":1}', '\u0001')
    await world.claim('lee')
    const issuer = await world.start()
    await world.pass(100)
    assert.equal(await world.position(), 4)
    const seen = world.letters().map(({ deadLetterId, value, reason, redrivable }) => {
      return [deadLetterId, Buffer.from(value, 'base64').toString(), reason, redrivable]
    })
    assert.deepEqual(seen, [
      ['issuer.claims.0.1', '{"type":1}', 'no type', false],
      ['issuer.claims.0.2', '\u0001', 'not JSON', false],
    ])
    await world.claim('park')
    await world.pass(100)
    assert.equal(await world.position(), 5)
    assert.equal(world.letters().length, 2, 'and once')
    assert.deepEqual(world.errors, [])
    await issuer.close()
  })

  it('are dead-lettered before the position moves, and the same where that is done again', async () => {
    const world = createWorld()
    await world.junk('junk')
    const away = { takesMs: 10_000, outcome: 'refused' } as const
    world.outcomes.push(away)
    await world.start({ apply: () => new Promise(() => {}) })
    await world.pass(5_000)
    assert.deepEqual(world.letters(), [])
    assert.equal(await world.position(), undefined)
    await world.pass(10_000)
    assert.equal(world.letters().length, 1, 'it was not tried again')
    assert.equal(await world.position(), undefined)
    const next = await world.start()
    await world.pass(100)
    const [first, second, ...more] = world.letters()
    assert.deepEqual(first, second)
    assert.equal(more.length, 0)
    assert.equal(await world.position(), 1)
    assert.deepEqual(world.errors, [])
    await next.close()
  })

  it('are not dead-lettered again when dropped rows are derived anew', async () => {
    const world = createWorld()
    await world.junk('old', 'new')
    const issuer = await world.start({
      positions: async () => new Map([[0, { next: 0, published: 0, notified: 1 }]]),
    })
    await world.pass(100)
    assert.deepEqual(
      world.letters().map(({ deadLetterId }) => deadLetterId),
      ['issuer.claims.0.1'],
    )
    await issuer.close()
  })

  for (const more of [1, 50]) {
    it(`do not stop the issuer by their number: the last letter says that there are ${more} more`, async () => {
      const world = createWorld()
      const flood = Array.from({ length: lettersPerBatchMax + more }, (_, n) => `junk ${n}`)
      await world.junk(...flood)
      await world.claim('kim')
      const issuer = await world.start()
      await world.pass(1_000)
      assert.equal(await world.position(), flood.length + 1)
      const letters = world.letters()
      assert.equal(letters.length, lettersPerBatchMax)
      assert.equal(letters.at(-2)?.reason, 'not JSON')
      assert.equal(
        letters.at(-1)?.reason,
        `not JSON; ${more} more up to offset ${flood.length - 1} have no letter of their own`,
      )
      await issuer.close()
    })
  }
})
