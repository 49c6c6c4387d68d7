// One process as a shop with a checkout of its own uses it: a code is looked at, reserved, used and
// let go of, over HTTP, and every answer is one of those that /openapi.json has.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCli } from '../processes/cli-process.ts'
import { type Ask, connect, startReady } from './checked-calls.ts'

async function winCoupons(ask: Ask): Promise<Record<string, string>> {
  const terms = { name: 'Cup', quantity: 9, minimum: 1_000 }
  const discount = { kind: 'percent', value: 33, max: 500 }
  const json = { couponId: 'cup', ...terms, discount }
  assert.equal((await ask('POST /coupons', { as: 'operator', json })).status, 201)
  const codes: Record<string, string> = {}
  for (const user of ['ann', 'bob', 'cat', 'dan']) {
    const { status, body } = await ask('POST /coupons/cup/claims', { as: user })
    assert.equal(status, 201)
    codes[user] = String(body.code)
  }
  return codes
}

test('a shop redeems codes, and the contract has every answer', async (t) => {
  const service = await startReady(t)
  const { data } = service
  const till = ['token', '--user', 'till', '--scope', 'redeem', '--data', data]
  const tokens = { till: (await runCli(till)).out.trim() }
  const ask = await connect(service, tokens)
  const { ann = '', bob = '', cat = '', dan = '' } = await winCoupons(ask)
  const redeem = (key: string, json: object) => ask('POST /redemptions', { key, json })
  const cart = { reference: 'cart-1', subtotal: 1_001 }

  // Looked at, by code in any writing and by user.
  const looked = await ask(`GET /codes/${ann.toLowerCase().replaceAll('-', '')}?subtotal=1001`)
  assert.equal(looked.body.status, 'unused')
  assert.deepEqual(looked.body.offer, { discount: 330, total: 671 })
  const low = await ask(`GET /codes/${ann}?subtotal=999`)
  assert.deepEqual(low.body.offer, { refused: 'minimum-not-met' })
  const held = await ask('GET /users/ann/coupons')
  assert.partialDeepStrictEqual(held.body, { coupons: [{ couponId: 'cup', status: 'unused' }] })

  // Reserved, found taken, used, and used again.
  const reserved = await redeem('r1', { code: ann, ...cart })
  assert.deepEqual([reserved.status, reserved.body.status], [201, 'reserved'])
  assert.deepEqual([reserved.body.discount, reserved.body.total], [330, 671])
  assert.equal((await redeem('r1', { code: ann, ...cart })).told, '200')
  const other = await redeem('r1', { code: ann, ...cart, subtotal: 2_000 })
  assert.equal(other.told, '409 idempotency-key-reused')
  const taken = await redeem('r2', { couponId: 'cup', userId: 'ann', ...cart, reference: 'cart-2' })
  assert.equal(taken.told, '409 coupon-already-used')
  assert.equal(taken.body.couponStatus, 'reserved')
  assert.equal((await ask(`GET /codes/${ann}`)).body.status, 'reserved')
  const path = `/redemptions/${String(reserved.body.redemptionId)}`
  for (const line of [`POST ${path}/use`, `POST ${path}/use`, `GET ${path}`]) {
    const { body, told } = await ask(line)
    assert.deepEqual([told, body.status], ['200', 'used'], line)
  }
  assert.equal((await ask(`GET /codes/${ann}`)).body.status, 'used')

  // Taken back, and spent anew; the same reference takes the place of one that is reserved.
  assert.equal((await ask(`POST ${path}/release`, { json: { reason: 'returned' } })).told, '200')
  assert.equal((await ask(`POST ${path}/use`)).told, '409 redemption-released')
  assert.equal((await ask(`GET /codes/${ann}`)).body.status, 'unused')
  const first = await redeem('b1', { code: bob, ...cart })
  const second = await redeem('b2', { code: bob, ...cart })
  assert.deepEqual([first.told, second.told], ['201', '201'])
  const before = await ask(`GET /redemptions/${String(first.body.redemptionId)}`)
  assert.equal(before.body.status, 'released')

  // At once, by two at the same moment; and below the minimum, which takes nothing.
  const race = await Promise.all(
    ['c1', 'c2'].map((key) => redeem(key, { code: cat, ...cart, reference: key, use: true })),
  )
  const outcomes = race.map(({ told }) => told).toSorted()
  assert.deepEqual(outcomes, ['201', '409 coupon-already-used'])
  const little = await redeem('d1', { code: dan, reference: 'cart-4', subtotal: 999 })
  assert.equal(little.told, '422 minimum-not-met')
  assert.equal((await ask(`GET /codes/${dan}`)).body.status, 'unused')
  await meetRefusals(ask, redeem)
  const audited = await runCli(['audit', '--data', data])
  assert.equal(audited.exitCode, 0, audited.out)
})

async function meetRefusals(
  ask: Ask,
  redeem: (key: string, json: object) => ReturnType<Ask>,
): Promise<void> {
  const cart = { reference: 'cart', subtotal: 1 }
  const refused: [answer: Awaited<ReturnType<Ask>>, told: string][] = [
    [await redeem('u1', { code: 'no code', ...cart }), '404 unknown-code'],
    [await redeem('u2', { couponId: 'cup', userId: 'eve', ...cart }), '404 unknown-code'],
    [await redeem('u3', { ...cart }), '422 invalid-request'],
    [await ask('POST /redemptions', { json: cart }), '422 invalid-request'],
    [await ask('GET /codes/nonsense'), '404 unknown-code'],
    [await ask('GET /codes/nonsense', { as: 'ann' }), '403 forbidden'],
    [await ask('GET /codes/nonsense', { as: null }), '401 unauthorized'],
    [await ask('GET /users/ann/coupons', { as: 'ann' }), '403 forbidden'],
    [await ask('GET /redemptions/none'), '404 unknown-redemption'],
    [await ask('POST /redemptions/none/use'), '404 unknown-redemption'],
    [await ask('GET /redemptions/%00'), '404 unknown-redemption'],
    [await ask('POST /redemptions/%00/use'), '404 unknown-redemption'],
    [await ask('POST /redemptions/%00/release'), '404 unknown-redemption'],
    [await ask(`GET /redemptions/${encodeURIComponent('예약 %/')}`), '404 unknown-redemption'],
    [await ask('POST /redemptions/none/release', { as: 'ann' }), '403 forbidden'],
    [await ask('POST /redemptions/none/release', { as: null }), '401 unauthorized'],
  ]
  for (const [{ told }, expected] of refused) assert.equal(told, expected)
}
