// One process with an identity provider: its users, whatever they are called, claim, order and are
// audited, and it starts and serves while the provider is away.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type SigningKey,
  signed,
  signingKey,
  startIdentityProvider,
} from '../http/identity-provider.ts'
import { runCli } from '../processes/cli-process.ts'
import {
  newDataDirectory,
  removeDataDirectory,
  type ServiceProcess,
  startService,
  untilReady,
} from '../processes/service-process.ts'

const users = ['kim.lee+shop@example.com', '김 철수', 'José 🎟']
const key = signingKey('ES256', 'one')

function tokenOf(sub: string, { scope, by = key }: { scope?: string; by?: SigningKey } = {}) {
  const exp = Math.floor(Date.now() / 1000) + 600
  return signed(by, { sub, exp, iss: 'https://id', aud: 'shop', ...(scope && { scope }) })
}

type Call = { as: string; json?: object }

async function ask(service: ServiceProcess, line: string, { as: token, json: body }: Call) {
  const [method = '', path = ''] = line.split(' ')
  const json = { 'content-type': 'application/json', 'idempotency-key': 'one' }
  const response = await fetch(service.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && json) },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

test('users of an identity provider claim, order and are audited, also while it is away', async (t) => {
  const provider = await startIdentityProvider([key.jwk])
  const data = await newDataDirectory()
  const env = {
    FIRSTCOME_JWKS_URL: provider.url,
    FIRSTCOME_JWT_ISSUER: 'https://id',
    FIRSTCOME_JWT_AUDIENCE: 'shop',
  }
  let service = await startService({ data, env })
  t.after(async () => {
    await provider.stop()
    await service.stop()
    await removeDataDirectory(data)
  })
  await untilReady(service)
  const operator = tokenOf('운영자', { scope: 'operator' })
  const tea = { productId: 'tea', name: 'Tea', price: 5, stock: 10 }
  assert.equal((await ask(service, 'POST /products', { as: operator, json: tea })).status, 201)
  const coupon = {
    couponId: 'tea',
    name: 'Tea',
    quantity: 5,
    discount: { kind: 'amount', value: 1 },
  }
  assert.equal((await ask(service, 'POST /coupons', { as: operator, json: coupon })).status, 201)
  for (const user of users) {
    // As some keyboards type it.
    const token = tokenOf(user.normalize('NFD'))
    const claimed = await ask(service, 'POST /coupons/tea/claims', { as: token })
    assert.deepEqual([claimed.status, claimed.body.userId], [201, user])
    const path = `/wallets/${encodeURIComponent(user)}/top-ups`
    assert.equal(
      (await ask(service, `POST ${path}`, { as: operator, json: { amount: 100 } })).status,
      200,
    )
    const lines = [{ productId: 'tea', quantity: 2 }]
    const ordered = await ask(service, 'POST /orders', {
      as: token,
      json: { lines, couponId: 'tea' },
    })
    assert.equal(ordered.body.status, 'confirmed', JSON.stringify(ordered.body))
    const wallet = await ask(service, 'GET /wallets/mine', { as: token })
    assert.deepEqual(wallet.body, { userId: user, balance: 91 })
  }
  await service.stop()
  await provider.stop()

  service = await startService({ data, env })
  await untilReady(service)
  const options = { env: { ...env, FIRSTCOME_DATA: data } }
  const { out } = await runCli(['token', '--user', 'José 🎟'.normalize('NFD')], options)
  const mine = await ask(service, 'GET /coupons/tea/claims/mine', { as: out.trim() })
  assert.deepEqual([mine.status, mine.body.userId, mine.body.slot], [200, 'José 🎟', 3])
  const unknown = await ask(service, 'POST /coupons/tea/claims', { as: tokenOf('kim') })
  assert.deepEqual([unknown.status, unknown.body.reason], [503, 'token_keys'])
  const foreign = service.token('kim')
  assert.equal((await ask(service, 'POST /coupons/tea/claims', { as: foreign })).status, 401)
  const audited = await runCli(['audit'], options)
  assert.equal(audited.exitCode, 0, audited.out + audited.err)
  await provider.start()
  const deadline = performance.now() + 30_000
  while ((await ask(service, 'POST /coupons/tea/claims', { as: tokenOf('kim') })).status !== 201) {
    assert.ok(performance.now() < deadline, 'its keys were not taken in 30 s')
  }
})
