// Unknown codes counted by nodes over one Redis: real, away, silent, emptied or no Redis at all.

import assert from 'node:assert/strict'
import { after, describe, it, type TestContext } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { startGuessCountsRedis } from '../../../src/adapters/redis/guess-counts.ts'
import { CodeGuesses, unknownCodesMax } from '../../../src/api/redemptions/code-guesses.ts'
import { ownRedisForTests } from '../../services/redis.ts'
import { freePort, waitFor } from '../../services/server-process.ts'
import { startFakeRedis } from './fake-redis.ts'

const own = await ownRedisForTests()
const skip = typeof own === 'string' ? own : false
after(async () => {
  if (typeof own !== 'string') await own.close()
})
const clock = systemClock()
/** Its own deadline, and a machine under load. */
const boundMs = 100 + 400

function redis() {
  assert.ok(typeof own !== 'string')
  return own.server
}

function startNode(t: TestContext, url: string) {
  const shared = startGuessCountsRedis({ url, clock })
  t.after(() => shared.close())
  const isHere = () => waitFor('its Redis', async () => (await shared.look('nobody')) !== null)
  return { shared, isHere, guesses: new CodeGuesses({ clock, shared }) }
}

async function startTwo(t: TestContext) {
  const nodes = [startNode(t, redis().url), startNode(t, redis().url)] as const
  for (const node of nodes) await node.isHere()
  return nodes
}

describe('unknown codes counted over Redis', { skip }, () => {
  it('are answered as often by all nodes as by one, and nobody is named in Redis', async (t) => {
    const nodes = await startTwo(t)
    const told = await Promise.all(
      Array.from({ length: 60 }, (_, n) => nodes[n % 2 === 0 ? 0 : 1].guesses.note('박지성')),
    )
    assert.equal(told.filter((seconds) => seconds === 0).length, unknownCodesMax)
    for (const { guesses } of [...nodes, startNode(t, redis().url)]) {
      await waitFor('to be refused', async () => (await guesses.retryAfterSeconds('박지성')) > 0)
      assert.ok((await guesses.retryAfterSeconds('박지성')) <= 60)
      assert.equal(await guesses.retryAfterSeconds('bob'), 0)
    }
    const keys = String(await redis().command('KEYS', '*'))
    assert.match(keys, /firstcome:code-guesses:/)
    assert.doesNotMatch(keys, /박지성|bob/)
  })

  it('are forgotten when the time of the first is over', async (t) => {
    const [{ shared }, other] = await startTwo(t)
    await shared.add('short', 2_000)
    const { unknown = 0, leftMs = 0 } = (await other.shared.add('short', 60_000)) ?? {}
    assert.equal(unknown, 2)
    assert.ok(leftMs > 0 && leftMs <= 2_000, `${leftMs} ms`)
    await waitFor('it to be over', async () => (await shared.look('short'))?.unknown === 0)
  })

  it('are counted by each node while Redis is silent, and together when it is back', async (t) => {
    const nodes = await startTwo(t)
    redis().pause()
    for (const { guesses } of nodes) {
      for (let n = 0; n < unknownCodesMax; n++) await answeredInTime(guesses, 'carol')
      assert.ok((await guesses.note('carol')) > 0)
    }
    redis().resume()
    for (const node of nodes) await node.isHere()
    for (let n = 0; n < unknownCodesMax; n++) await nodes[n % 2 === 0 ? 0 : 1].guesses.note('dave')
    for (const { guesses } of nodes) assert.ok((await guesses.retryAfterSeconds('dave')) > 0)
  })

  it('are counted by each node where nothing listens, or something that is no Redis', async (t) => {
    const mute = await startFakeRedis('')
    const rude = await startFakeRedis('-ERR no\r\n')
    const odd = await startFakeRedis('+OK\r\n')
    t.after(() => Promise.all([mute, rude, odd].map((one) => one.close())))
    const nothing = `redis://127.0.0.1:${await freePort()}`
    for (const url of [nothing, mute.url, rude.url, odd.url]) {
      const { guesses } = startNode(t, url)
      for (let n = 0; n < unknownCodesMax; n++) await answeredInTime(guesses, 'erin')
      assert.ok((await guesses.note('erin')) > 0)
    }
  })
})

async function answeredInTime(guesses: CodeGuesses, caller: string): Promise<void> {
  const askedAt = performance.now()
  assert.equal(await guesses.retryAfterSeconds(caller), 0)
  assert.equal(await guesses.note(caller), 0)
  const tookMs = performance.now() - askedAt
  assert.ok(tookMs < boundMs, `${tookMs} ms`)
}
