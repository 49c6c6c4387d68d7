// Whoever makes up tokens, kids, issuers and keys does not make this process grow.

import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { usedBytes } from '../../../test/integration/processes/used-bytes.ts'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { providerKeysMax } from './provider-key.ts'
import { TokenVerifier } from './token-verifier.ts'

const start = 1_700_000_000_000
const exp = start / 1000 + 3_600
const secret = 'a secret of at least thirty-two bytes'
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
const keyCalled = (kid: string) => ({ ...publicKey.export({ format: 'jwk' }), kid })

/** By the provider's key, whatever it says of itself. */
function signed(header: object, claims: object): string {
  const text = `${encoded({ alg: 'EdDSA', ...header })}.${encoded({ sub: 'ann', exp, ...claims })}`
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`
}

function bySecret(claims: object): string {
  const text = `${encoded({ alg: 'HS256' })}.${encoded({ sub: 'ann', exp, ...claims })}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

async function started(keys: object[], limits = {}) {
  const clock = virtualClock(start)
  const provider = { keys }
  const read = async () => JSON.stringify({ keys: provider.keys })
  const tokens = new TokenVerifier({
    secret,
    rules: { userClaim: 'sub', issuer: 'the issuer' },
    clock,
    limits,
    source: { read, close: async () => {} },
    onNews: () => {},
  })
  const after = (ms: number) => clock.runUntil(clock.now() + ms)
  await after(0)
  return { provider, tokens, after }
}

test('tokens that are refused leave nothing, however many there are', async () => {
  const { tokens, after } = await started([keyCalled('one')], { keyWaitersMax: 100 })
  let made = 0
  const refusals = new Map<unknown, number>()
  /** Of each kind as many, and no two alike; a thousand characters each. */
  async function ask(times: number): Promise<void> {
    const verdicts: unknown[] = []
    for (let n = 0; n < times; n++) {
      const jti = `${made++}`.padEnd(600, 'x')
      const head = encoded({ alg: 'EdDSA', kid: 'one' })
      verdicts.push(
        tokens.verify(`${encoded({ alg: 'EdDSA', kid: jti })}.${encoded({ exp })}.AAAA`),
        tokens.verify(`${head}.${encoded({ sub: jti, exp, iss: 'the issuer' })}.AAAA`),
        tokens.verify(`${encoded({ alg: `RS${made}` })}.${encoded({ jti })}.AAAA`),
        tokens.verify(jti),
        tokens.verify(bySecret({ iss: `https://${jti}` })),
      )
    }
    await after(5_000)
    for (const verdict of await Promise.all(verdicts)) {
      refusals.set(verdict, (refusals.get(verdict) ?? 0) + 1)
    }
  }
  await ask(1_000)
  const before = await usedBytes()
  for (let turn = 0; turn < 4; turn++) await ask(1_000)
  const grown = (await usedBytes()) - before
  assert.deepEqual(tokens.held, { tokens: 0, keys: 1, waiters: 0 })
  assert.ok(grown < 2_000_000, `20,000 tokens of a kilobyte left ${grown} bytes`)
  const kinds = ['algorithm', 'issuer', 'key', 'keys_away', 'malformed', 'signature']
  assert.deepEqual([...refusals.keys()].map(String).toSorted(), kinds)
})

test('tokens that are good are remembered up to a number, and up to a length', async () => {
  const few = await started([], { tokensMax: 500 })
  const iss = 'the issuer'
  for (let jti = 0; jti < 2_000; jti++) few.tokens.verify(bySecret({ iss, jti }))
  const { tokens: number } = few.tokens.held
  assert.ok(number >= 500 && number <= 1_000, `${number} of 2,000 are remembered`)
  const short = await started([], { charactersMax: 100_000 })
  for (let n = 0; n < 500; n++) {
    short.tokens.verify(bySecret({ iss, jti: `${n}`.padEnd(3_000, 'x') }))
  }
  // Each has some 4,100.
  const { tokens: long } = short.tokens.held
  assert.ok(long > 20 && long <= 52, `${long} of 500 are remembered`)
})

test('a provider that gives other keys each time, and too many, leaves those of the last time', async () => {
  const { provider, tokens, after } = await started([])
  let before = 0
  for (let turn = 0; turn < 40; turn++) {
    provider.keys = Array.from({ length: 300 }, (_, n) => keyCalled(`${turn}-${n}`))
    await after(15_000)
    const token = signed({ kid: `${turn}-7` }, { iss: 'the issuer' })
    assert.equal(typeof tokens.verify(token), 'object')
    assert.deepEqual(tokens.held, { tokens: 1, keys: providerKeysMax, waiters: 0 })
    if (turn === 10) before = await usedBytes()
  }
  const grown = (await usedBytes()) - before
  assert.ok(grown < 2_000_000, `29 times other keys left ${grown} bytes`)
})
