import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { test } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { PortError } from '../../ports/port-error.ts'
import { clockToleranceMs } from './token-checks.ts'
import { TokenVerifier, tokenLimits } from './token-verifier.ts'

const start = 1_700_000_000_000
const exp = start / 1000 + 60
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: 'jwk' }), kid })
const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

function tokenOf(kid: string, claims: object = {}): string {
  const text = `${encoded({ alg: 'EdDSA', kid })}.${encoded({ sub: 'ann', exp, ...claims })}`
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`
}

function started(limits = {}) {
  const clock = virtualClock(start)
  const askedAt: number[] = []
  const news: string[] = []
  const provider = { keys: [jwk(publicKey, 'one')], isAway: false }
  const tokens = new TokenVerifier({
    secret: 'a secret of at least thirty-two bytes',
    rules: { userClaim: 'sub' },
    clock,
    limits,
    source: {
      async read() {
        askedAt.push(clock.monotonic())
        if (provider.isAway) throw new PortError('keys_unavailable', 'is away')
        return JSON.stringify({ keys: provider.keys })
      },
      close: async () => {},
    },
    onNews: ({ message }) => news.push(message),
  })
  const after = (ms: number) => clock.runUntil(clock.now() + ms)
  return { clock, askedAt, news, provider, tokens, after }
}

test('a token is verified once, and is one no longer than until its end', async () => {
  const { tokens, after } = started()
  await after(0)
  const token = tokenOf('one', { tier: 'gold' })
  const first = tokens.verify(token)
  assert.ok(typeof first === 'object' && 'userId' in first)
  assert.deepEqual(first.token, { sub: 'ann', exp, tier: 'gold' })
  assert.equal(tokens.verify(token), first, 'it was verified again')
  await after(60_000 + clockToleranceMs - 1)
  assert.equal(tokens.verify(token), first)
  await after(1)
  assert.equal(tokens.verify(token), 'expired')
})

test('keys are asked for from time to time, and one that is gone is no longer believed', async () => {
  const { askedAt, news, provider, tokens, after } = started()
  await after(0)
  const token = tokenOf('one')
  assert.equal(typeof tokens.verify(token), 'object')
  provider.isAway = true
  await after(45_000)
  assert.deepEqual(askedAt, [0, 15_000, 30_000, 45_000])
  assert.equal(typeof tokens.verify(token), 'object')
  provider.isAway = false
  provider.keys = [jwk(publicKey, 'two')]
  await after(15_000)
  const verdict = tokens.verify(token)
  await after(2_500)
  assert.equal(await verdict, 'key')
  assert.equal(typeof tokens.verify(tokenOf('two')), 'object')
  assert.deepEqual(news, [
    'the identity provider gave keys for tokens: 1',
    'the identity provider is away; the keys known so far stay',
    'the identity provider gave keys for tokens: 1',
  ])
})

test('whoever makes up names of keys, the provider is asked every 2 s at most', async () => {
  const { askedAt, provider, tokens, after } = started({ keyWaitersMax: 50 })
  await after(0)
  const verdicts: unknown[] = []
  const fresh: Promise<unknown>[] = []
  for (let ms = 0; ms < 20_000; ms += 10) {
    verdicts.push(tokens.verify(tokenOf(`made-up-${ms}`)))
    if (ms === 10_000) {
      provider.keys.push(jwk(publicKey, 'two'))
      await after(3_000)
      fresh.push(Promise.resolve(tokens.verify(tokenOf('two'))))
    }
    await after(10)
  }
  await after(5_000)
  const all = await Promise.all(verdicts)
  assert.deepEqual([...new Set(all)].toSorted(), ['key', 'keys_away'])
  assert.ok(all.filter((verdict) => verdict === 'keys_away').length > 1_000, 'none was too many')
  assert.equal(typeof (await fresh[0]), 'object', 'a new key was not taken')
  const gaps = askedAt.slice(1).map((at, n) => at - (askedAt[n] ?? 0))
  assert.ok(
    gaps.every((gap) => gap >= 2_000),
    `asked after ${gaps.join(', ')} ms`,
  )
})

test('a token waits for a key no longer than it may, and those by the secret do not wait', async () => {
  const { provider, tokens, after } = started()
  provider.isAway = true
  const verdict = tokens.verify(tokenOf('one'))
  await after(tokenLimits.keyWaitMsMax)
  assert.equal(await verdict, 'keys_away')
  assert.equal(tokens.verify('no.token.'), 'malformed')
  await tokens.close()
  assert.equal(await tokens.verify(tokenOf('one')), 'keys_away')
})
