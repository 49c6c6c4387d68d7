// The users of a run and their tokens.

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { userIdOf } from '../domain/user-id.ts'
import type { Clock } from '../ports/clock.ts'
import { mintTokens, userIds } from './rehearsal.ts'

const clock: Clock = {
  now: () => 1_700_000_000_123.456,
  monotonic: () => 0,
  after(_, run) {
    const immediate = setImmediate(run)
    return () => clearImmediate(immediate)
  },
}

test('a run has users of its own, the same ones each time', () => {
  const users = userIds('one', 1000)
  assert.deepEqual(users, userIds('one', 1000))
  assert.deepEqual(users.slice(0, 10), userIds('one', 10))
  assert.equal(new Set([...users, ...userIds('two', 1000)]).size, 2000)
  for (const user of users) assert.equal(userIdOf(user), user)
})

test('everyone gets a token that names them and outlives the run', async () => {
  const secret = 'a secret of at least thirty-two bytes'
  const users = userIds('one', 3000)
  const progress = { made: 0 }
  const tokens = await mintTokens({ clock, users, secret }, progress)
  assert.equal(progress.made, 3000)
  for (const [index, token] of tokens.entries()) {
    const [head = '', payload = '', signature] = token.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
    const exp = 1_700_000_000 + 7 * 24 * 3600
    assert.partialDeepStrictEqual(claims, { sub: users[index], exp })
    assert.ok(!('scope' in claims))
    const expected = createHmac('sha256', secret).update(`${head}.${payload}`).digest('base64url')
    assert.equal(signature, expected)
  }
})
