// The wall clock of the machine is set back and ahead while people claim: nothing waits for it,
// nothing opens by it, nobody is locked out, and the service stops as ever. And nothing goes on by
// itself behind a log that was written while the clock was wrong.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { signToken } from '../../../src/client/tokens.ts'
import { runCli } from '../processes/cli-process.ts'
import { Crowd } from '../processes/crowd.ts'
import { LeapingClock } from '../processes/leaping-clock.ts'
import {
  jwtSecret,
  newDataDirectory,
  removeDataDirectory,
  runService,
  startService,
} from '../processes/service-process.ts'

const minute = 60_000
const hour = 60 * minute
const year = 365 * 24 * hour
/** On a busy machine. A claim that waits for the clock is told pending after 5 s. */
const answerMsMax = 4_000

describe('a wall clock that is set', () => {
  const clock = new LeapingClock()
  after(() => clock.remove())

  test('back or ahead under load delays nobody, locks nobody out and opens nothing', async () => {
    const data = await newDataDirectory()
    const env = { ...clock.env(), FIRSTCOME_USER_RATE_MAX: '5' }
    const service = await startService({ data, env })
    const crowd = new Crowd(service)
    await crowd.create({ couponId: 'now', quantity: 1_000 })
    const opensAt = new Date(Date.now() + 20 * minute).toISOString()
    await crowd.create({ couponId: 'later', quantity: 10, opensAt })
    let slots = 0
    for (const ms of [0, -30_000, -10 * 24 * hour, 30 * minute, -hour, 25 * minute, 0]) {
      await clock.set(ms)
      const from = performance.now()
      const users = Array.from({ length: 20 }, (_, n) => `user-${ms}-${slots + n}`)
      const told = await Promise.all(users.map((user) => crowd.claim('now', user)))
      assert.deepEqual(new Set(told.map(({ outcome }) => outcome)), new Set(['issued']), `${ms}`)
      slots += told.length
      assert.equal((await crowd.claim('later', users[0] ?? '')).outcome, 'not-open')
      assert.ok(performance.now() - from < answerMsMax, `${performance.now() - from} ms at ${ms}`)
    }
    const times = [...crowd.ledger.values()].flatMap((told) => told.map((it) => it.appendedAt ?? 0))
    assert.ok(Math.max(...times) < Date.now() + minute, 'append times have leapt')
    await clock.set(-hour)
    // One that takes longer than it may ends with 1.
    assert.equal(await service.stop(), 0)
    await crowd.close()
    await removeDataDirectory(data)
  })

  test('right behind a log of the future is not gone on with but by the word of an operator', async () => {
    const data = await newDataDirectory()
    const env = { ...clock.env(), FIRSTCOME_JWT_SECRET: jwtSecret }
    await clock.set(5 * year)
    const wrong = await startService({ data, env })
    const early = new Crowd({ url: wrong.url, token: tokenOfYears })
    await early.create({ couponId: 'early', quantity: 2 })
    assert.equal((await early.claim('early', 'ann')).outcome, 'issued')
    await early.close()
    assert.equal(await wrong.stop(), 0)

    await clock.set(0)
    for (let start = 0; start < 2; start++) {
      const { code, output } = await runService({ data, env })
      assert.equal(code, 1)
      assert.match(output, /last written at 20.*clock of this machine says 20.*--accept-clock/)
    }
    const service = await startService({ data, env, args: ['--accept-clock'] })
    const crowd = new Crowd({ url: service.url, token: tokenOfYears })
    const opensAt = new Date(Date.now() + hour).toISOString()
    await crowd.create({ couponId: 'today', quantity: 2 })
    await crowd.create({ couponId: 'soon', quantity: 2, opensAt })
    const told = await crowd.claim('today', 'ann')
    assert.equal(told.outcome, 'issued')
    assert.ok((told.appendedAt ?? Infinity) <= Date.now())
    assert.equal((await crowd.claim('soon', 'ann')).outcome, 'not-open')
    // What has opened stays open, and what was won stays won.
    assert.equal((await crowd.claim('early', 'bob')).outcome, 'issued')
    assert.equal((await crowd.claim('early', 'ann')).slot, 1)
    await crowd.close()
    assert.equal(await service.stop(), 0)

    const { exitCode, out } = await runCli(['audit', '--data', data])
    assert.equal(exitCode, 0, out)
    assert.match(out, /Append times go back from 20.* to 20.*: accepted by \S+@\S+\n/)
    assert.equal(await (await startService({ data, env })).stop(), 0)
    await removeDataDirectory(data)
  })
})

function tokenOfYears(sub: string, operator = false): string {
  const expiresInSeconds = (9 * year) / 1000
  return signToken({ secret: jwtSecret, sub, operator, expiresInSeconds, now: Date.now() })
}
