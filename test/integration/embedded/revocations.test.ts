// One process whose operator revokes what was won: how many it took, what it shows everywhere, that
// nobody can spend it any more, and that an audit finds it all in order.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCli } from '../processes/cli-process.ts'
import { connect, startReady } from './checked-calls.ts'

const as = 'operator'
const reason = 'printed with the wrong price'

test('an operator revokes coupons, and nobody can spend them any more', async (t) => {
  const service = await startReady(t)
  const { data } = service
  const ask = await connect(service, {})
  await ask('POST /coupons', { as, json: { couponId: 'cup', name: 'Cup', quantity: 9 } })
  await ask('POST /coupons', { as, json: { couponId: 'bowl', name: 'Bowl', quantity: 99 } })
  const codes: Record<string, string> = {}
  for (const user of ['ann', 'bob', 'cat', 'dan', 'eve']) {
    codes[user] = String((await ask('POST /coupons/cup/claims', { as: user })).body.code)
  }
  const revoke = (json: object, key?: string, query = '') => {
    const init = key === undefined ? { as, json } : { as, json, key }
    return ask(`POST /coupons/cup/revocations${query}`, init)
  }
  const redeem = (key: string, user: string, use = true) => {
    const json = { code: codes[user], reference: user, subtotal: 1_000, use }
    return ask('POST /redemptions', { as, key, json })
  }
  const statusOf = async (user: string) => {
    const mine = await ask('GET /coupons/cup/claims/mine', { as: user })
    const looked = await ask(`GET /codes/${codes[user]}`, { as })
    const held = await ask(`GET /users/${user}/coupons`, { as })
    const own = await ask('GET /me/coupons', { as: user })
    const winner = await ask(`GET /coupons/cup/winners?userId=${user}`, { as })
    const [of] = held.body.coupons as { status: string }[]
    const [me] = own.body.coupons as { status: string }[]
    const [won] = winner.body.winners as { status: string }[]
    return [mine.body.status, looked.body.status, of?.status, me?.status, won?.status]
  }
  const everywhere = (status: string) => Array.from({ length: 5 }, () => status)

  // What would happen, with nothing done; then of one.
  assert.equal((await redeem('a', 'ann')).told, '201')
  const preview = { preview: true, couponId: 'cup', changes: [], people: 4 }
  assert.deepEqual((await revoke({ all: true, reason }, undefined, '?preview=true')).body, preview)
  const bobs = await revoke({ userId: 'bob', reason }, 'k1')
  assert.partialDeepStrictEqual(bobs, { told: '200', body: { revoked: 1, by: 'operator' } })
  assert.deepEqual(await statusOf('bob'), everywhere('revoked'))
  assert.equal((await redeem('b', 'bob')).told, '409 coupon-revoked')

  // The same again is answered the same; of what is spent or revoked it takes none.
  assert.equal((await revoke({ reason, userId: 'bob' }, 'k1')).body.revoked, 1)
  assert.equal((await revoke({ all: true, reason }, 'k1')).told, '409 idempotency-key-reused')
  assert.equal((await revoke({ userId: 'bob', reason })).body.revoked, 0)
  assert.equal((await revoke({ userId: 'ann', reason })).body.revoked, 0)
  assert.deepEqual(await statusOf('ann'), everywhere('used'))
  const wrong: [answer: Awaited<ReturnType<typeof revoke>>, told: string][] = [
    [await revoke({ userId: 'zoe', reason }), '404 user-has-none'],
    [await revoke({ userId: 'zoe', reason }, undefined, '?preview=true'), '404 user-has-none'],
    [await revoke({ userId: 'bob', all: true, reason }), '422 invalid-request'],
    [await revoke({ reason }), '422 invalid-request'],
    [await revoke({ all: false, reason }), '422 invalid-request'],
    [await revoke({ all: true }), '422 invalid-request'],
    [await revoke({ all: true, reason: '' }), '422 invalid-request'],
    [await revoke({ all: true, reason: 'x'.repeat(501) }), '422 invalid-request'],
    [await revoke({ all: true, reason }, undefined, '?preview=false'), '422 invalid-request'],
  ]
  for (const [{ told }, expected] of wrong) assert.equal(told, expected)
  const none = await ask('POST /coupons/none/revocations', { as, json: { all: true, reason } })
  assert.equal(none.told, '404 unknown-coupon')
  const users = await ask('POST /coupons/cup/revocations', {
    as: 'ann',
    json: { all: true, reason },
  })
  assert.equal(users.told, '403 forbidden')

  // A reservation that was there before may be used; what is let go of is revoked.
  const [cats, dans] = [await redeem('c', 'cat', false), await redeem('d', 'dan', false)]
  const command = ['coupon', 'revoke', 'cup', '--all', '--reason', reason, '--data', data]
  const shown = await runCli([...command, '--preview'])
  assert.match(shown.out, /3 coupons that nobody has spent/)
  assert.equal((await runCli(command)).exitCode, 2, 'nobody said yes')
  const done = await runCli([...command, '--yes'])
  assert.deepEqual([done.exitCode, done.out], [0, 'Revoked 3 coupons that nobody had spent.\n'])
  assert.deepEqual(await statusOf('eve'), everywhere('revoked'))
  const word = (of: typeof cats, verb: string) => {
    return ask(`POST /redemptions/${String(of.body.redemptionId)}/${verb}`, { as })
  }
  assert.equal((await word(cats, 'use')).told, '200')
  assert.deepEqual(await statusOf('cat'), everywhere('used'))
  assert.equal((await word(dans, 'release')).told, '200')
  assert.deepEqual(await statusOf('dan'), everywhere('revoked'))
  assert.equal((await redeem('d2', 'dan')).told, '409 coupon-revoked')
  const shops = await ask('GET /coupons/cup')
  assert.deepEqual([shops.body.issued, shops.body.remaining], [5, 4])

  // An order is cancelled for it.
  await ask('POST /products', {
    as,
    key: 'p',
    json: { productId: 'tea', name: 'T', price: 9, stock: 9 },
  })
  const lines = [{ productId: 'tea', quantity: 1 }]
  const order = await ask('POST /orders', { as: 'eve', key: 'o', json: { lines, couponId: 'cup' } })
  assert.deepEqual([order.body.status, order.body.reason], ['cancelled', 'coupon_revoked'])

  // Who wins afterwards is not touched.
  codes.fay = String((await ask('POST /coupons/cup/claims', { as: 'fay' })).body.code)
  assert.equal((await redeem('f', 'fay')).told, '201')

  // Beside a use at once it takes the coupon, or finds it spent.
  const racers = Array.from({ length: 12 }, (_, n) => `racer-${n}`)
  for (const user of racers) {
    codes[user] = String((await ask('POST /coupons/bowl/claims', { as: user })).body.code)
    const [used, revoked] = await Promise.all([
      redeem(user, user),
      ask('POST /coupons/bowl/revocations', { as, json: { userId: user, reason } }),
    ])
    const outcome = `${used.told}, and ${Number(revoked.body.revoked)} revoked`
    assert.match(outcome, /^(201, and 0 revoked|409 coupon-revoked, and 1 revoked)$/, user)
    const looked = await ask(`GET /codes/${codes[user]}`, { as })
    assert.equal(looked.body.status, used.told === '201' ? 'used' : 'revoked')
  }
  // What was told to be used is spent for whoever revokes next.
  for (let n = 0; n < 8; n++) {
    const user = `buyer-${n}`
    codes[user] = String((await ask('POST /coupons/bowl/claims', { as: user })).body.code)
    assert.equal((await word(await redeem(user, user, false), 'use')).told, '200')
    const json = { userId: user, reason }
    const looked = await ask('POST /coupons/bowl/revocations?preview=true', { as, json })
    const answer = await ask('POST /coupons/bowl/revocations', { as, json })
    assert.deepEqual([looked.body.people, answer.body.revoked], [0, 0], user)
  }
  const audited = await runCli(['audit', '--data', data])
  assert.equal(audited.exitCode, 0, audited.out)
})
