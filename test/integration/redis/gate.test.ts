// The gate's adapter while its Redis is away, silent, busy, refusing, emptied or no Redis at all:
// no claim ever gets an error or waits longer than the deadline, and the gate comes back.

import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { defaultRedisGateLimits, startRedisGate } from '../../../src/adapters/redis/gate.ts'
import type { Gate, GateCoupon, GateVerdict } from '../../../src/ports/gate.ts'
import { ownRedisForTests, redisCommand } from '../../services/redis.ts'
import { freePort, waitFor } from '../../services/server-process.ts'
import { startFakeRedis } from './fake-redis.ts'

const own = await ownRedisForTests()
const skip = typeof own === 'string' ? own : false
after(async () => {
  if (typeof own !== 'string') await own.close()
})
const clock = systemClock()
/** A machine under load wakes late; a claim must still not wait for Redis to be well. */
const lateMsMax = 250
const boundMs = defaultRedisGateLimits.deadlineMs + lateMsMax
let coupons = 0

function coupon(): GateCoupon {
  const closesAt = Number.POSITIVE_INFINITY
  return { couponId: 'sale', epoch: `0-${coupons++}-0`, quantity: 1, issued: 0, closesAt }
}

type Timed = { verdicts: GateVerdict[]; tookMs: number }
async function ask(gate: Gate, of: GateCoupon, users: readonly string[]): Promise<Timed> {
  const askedAt = performance.now()
  const verdicts = await gate.ask(users.map((userId) => ({ userId, coupon: of })))
  return { verdicts, tookMs: performance.now() - askedAt }
}

function redis() {
  assert.ok(typeof own !== 'string')
  return own.server
}

async function withGate(
  url: string,
  run: (gate: Gate, warnings: string[]) => Promise<void>,
): Promise<void> {
  const warnings: string[] = []
  const gate = startRedisGate({ url, clock, onWarning: (message) => warnings.push(message) })
  try {
    await run(gate, warnings)
  } finally {
    await gate.close()
  }
}

const here = (gate: Gate) => waitFor('the gate to be here', gate.isHere)

/** It fails while broken, passes everything without waiting, and judges again once mended. */
async function survives(broken: () => Promise<void>, mend: () => Promise<void>, reason: RegExp) {
  await withGate(redis().url, async (gate, warnings) => {
    await here(gate)
    await broken()
    const sale = coupon()
    // It may take a moment to break; and what the gate has noticed by itself needs no claim.
    await waitFor('the gate to be away', async () => {
      const { tookMs } = await ask(gate, sale, ['a', 'b'])
      assert.ok(tookMs < boundMs, `${tookMs} ms`)
      return !gate.isHere()
    })
    const away = await ask(gate, sale, ['a', 'b', 'c'])
    assert.deepEqual(away.verdicts, ['pass', 'pass', 'pass'])
    await mend()
    await here(gate)
    assert.deepEqual((await ask(gate, coupon(), ['a', 'b'])).verdicts, ['pass', 'full'])
    assert.equal(warnings.length, 1, warnings.join('\n'))
    assert.match(warnings[0] ?? '', reason)
  })
}

describe('the gate on a Redis that fails', { skip }, () => {
  it('waits its deadline once where Redis is paused, then no more, and comes back', () =>
    survives(
      async () => redis().pause(),
      async () => redis().resume(),
      /no answer in time; claims go on without it/,
    ))

  it('goes on while Redis is killed, and with the new one, which knows no script', () =>
    survives(redis().crash, redis().start, /Closed|ECONN/))

  it('goes on while Redis runs a script that does not end', () =>
    survives(
      async () => {
        await redis().command('CONFIG', 'SET', 'busy-reply-threshold', '10')
        redisCommand(redis().url, ['EVAL', 'while true do end', '0']).catch(() => {})
        await waitFor('Redis to be busy', () =>
          redis()
            .command('GET', 'x')
            .then(
              () => false,
              (error: unknown) => String(error).includes('BUSY'),
            ),
        )
      },
      async () => void (await redis().command('SCRIPT', 'KILL')),
      /BUSY/,
    ))

  it('goes on where Redis became a replica', () =>
    survives(
      async () => void (await redis().command('REPLICAOF', '127.0.0.1', '1')),
      async () => void (await redis().command('REPLICAOF', 'NO', 'ONE')),
      /READONLY/,
    ))

  it('goes on where Redis has no memory left, and leaves nothing half written', () =>
    survives(
      async () => {
        await redis().flush()
        await redis().command('CONFIG', 'SET', 'maxmemory', '1')
      },
      async () => {
        assert.deepEqual(await redis().command('KEYS', '*'), [])
        await redis().command('CONFIG', 'SET', 'maxmemory', '0')
      },
      /OOM/,
    ))

  it('loads its script anew where Redis has forgotten it, and is not even away', () =>
    withGate(redis().url, async (gate, warnings) => {
      await here(gate)
      await redis().command('SCRIPT', 'FLUSH')
      const [one, two] = [coupon(), coupon()]
      const claims = ['a', 'b'].flatMap((userId) =>
        [one, two].map((of) => ({ userId, coupon: of })),
      )
      assert.deepEqual(await gate.ask(claims), ['pass', 'pass', 'full', 'full'])
      assert.deepEqual([gate.isHere(), warnings], [true, []])
    }))

  it('does not take its own process, where that is busy, for a Redis that is away', () =>
    withGate(redis().url, async (gate, warnings) => {
      await here(gate)
      for (let n = 0; n < 5; n++) {
        const asked = ask(gate, coupon(), ['a', 'b'])
        const busyUntil = performance.now() + 4 * defaultRedisGateLimits.deadlineMs
        await Promise.resolve()
        while (performance.now() < busyUntil);
        assert.deepEqual((await asked).verdicts, ['pass', 'full'])
      }
      assert.deepEqual([gate.isHere(), warnings], [true, []])
    }))

  it('passes what a foreign value under its key keeps it from judging, and touches nothing', () =>
    withGate(redis().url, async (gate) => {
      await here(gate)
      const sale = coupon()
      const prefix = `firstcome:gate:{c:${sale.couponId}}:${sale.epoch}`
      await redis().command('SET', `${prefix}:seen`, 'foreign')
      assert.deepEqual((await ask(gate, sale, ['a', 'b'])).verdicts, ['pass', 'pass'])
      assert.equal(await redis().command('EXISTS', `${prefix}:count`), 0)
    }))

  it('leaves nothing for ever, and everything of a coupon in one slot of a cluster', () =>
    withGate(redis().url, async (gate) => {
      await redis().flush()
      await here(gate)
      await ask(gate, coupon(), ['a', 'b', 'c'])
      const keys = (await redis().command('KEYS', '*')) as string[]
      assert.equal(keys.length, 2)
      for (const key of keys) {
        assert.match(key, /^firstcome:gate:\{c:sale\}:/)
        const ttl = await redis().command('PTTL', key)
        assert.ok(typeof ttl === 'number' && ttl > 0 && ttl <= defaultRedisGateLimits.idleMs, key)
      }
    }))
})

describe('the gate on what is no Redis at all', () => {
  it('lets everything pass from the start, warns once, and tells no password', async () => {
    const port = await freePort()
    const url = `redis://kim:pass-word@127.0.0.1:${port}/3`
    await withGate(url, async (gate, warnings) => {
      await waitFor('a warning', () => warnings.length > 0)
      const { verdicts, tookMs } = await ask(gate, coupon(), ['a', 'b'])
      assert.deepEqual(verdicts, ['pass', 'pass'])
      assert.ok(tookMs < lateMsMax, `${tookMs} ms`)
      assert.equal(gate.isHere(), false)
      assert.deepEqual(warnings, [
        `the gate (Redis at 127.0.0.1:${port}) is away: ECONNREFUSED; claims go on without it`,
      ])
    })
  })

  const replies: [string, string | null, RegExp][] = [
    ['is loading', '-LOADING Redis is loading the dataset in memory\r\n', /LOADING/],
    ['wants a password', '-NOAUTH Authentication required.\r\n', /NOAUTH/],
    ['refuses and repeats a secret', '-ERR unknown command, with args: pass-word\r\n', /ERR/],
    ['gives an answer of another kind', ':1\r\n', /UnexpectedReply/],
    ['speaks another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n', /./],
    ['hangs up', null, /./],
    ['says nothing', '', /no answer in time/],
  ]
  for (const [what, reply, reason] of replies) {
    it(`lets everything pass where it ${what}, and asks it only now and then`, async () => {
      const fake = await startFakeRedis(reply)
      try {
        await withGate(fake.url.replace('//', '//:pass-word@'), async (gate, warnings) => {
          await waitFor('a warning', () => warnings.length > 0)
          assert.match(warnings[0] ?? '', reason)
          assert.doesNotMatch(warnings.join(), /pass-word/)
          const before = fake.commands()
          for (let n = 0; n < 200; n++) {
            const { verdicts, tookMs } = await ask(gate, coupon(), ['a', 'b'])
            assert.deepEqual(verdicts, ['pass', 'pass'])
            assert.ok(tookMs < boundMs, `${tookMs} ms`)
          }
          assert.equal(gate.isHere(), false)
          assert.ok(fake.commands() - before < 50, `${fake.commands() - before} commands`)
        })
      } finally {
        await fake.close()
      }
    })
  }

  it('gives up a connection that stays silent, also before it has greeted', async () => {
    for (const user of ['', 'kim:pass-word@']) {
      const fake = await startFakeRedis('')
      try {
        await withGate(fake.url.replace('//', `//${user}`), async () => {
          await waitFor('the second connection', () => fake.connections() > 1)
        })
      } finally {
        await fake.close()
      }
    }
  })
})
