import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isUserSinceVersion2, userIdField, userIdOf } from './user-id.ts'

test('these are users', () => {
  const users = [
    'kim',
    'kim.lee+shop@example.com',
    'auth0|5f7c8ec7c33c6c004bbafe82',
    '3f2b1c9e-7d5a-4c1e-9a3b-2f1e0d9c8b7a',
    '김철수',
    'ann lee',
    ' ',
    'é'.repeat(128),
    '🎟'.repeat(128),
    '\u202e',
    "'; drop table coupons; --",
    '../../etc/passwd',
    'constructor',
  ]
  for (const user of users) assert.equal(userIdOf(user), user)
})

test('these are none', () => {
  const controls = ['\0', '\n', '\t', 'a\u007f', '\u0085', 'a\u009f']
  const others = ['', 'x'.repeat(129), '🎟'.repeat(129), '\ud800', 'a\udfff', 7, null, undefined]
  for (const none of [...controls, ...others, ['kim'], {}]) {
    assert.equal(userIdOf(none), null, JSON.stringify(none))
  }
})

test('one name is one user, however it was typed', () => {
  for (const name of ['김철수', 'José', 'Å']) {
    assert.equal(userIdOf(name.normalize('NFD')), name.normalize('NFC'))
  }
  assert.notEqual(userIdOf('Kim'), userIdOf('kim'))
  assert.notEqual(userIdOf('Ａ'), userIdOf('A'), 'only what is canonically the same is')
  // Counted as it is stored.
  assert.equal(userIdOf('각'.normalize('NFD').repeat(128))?.length, 128)
})

test('what is a user stays one, and a record has it as it is stored', () => {
  const { read } = userIdField('')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 140 }), (given) => {
      const user = userIdOf(given)
      assert.equal(read(given), user === given ? given : null)
      if (user === null) return
      assert.equal(userIdOf(user), user)
      assert.equal(Buffer.from(user).toString(), user)
      assert.equal(isUserSinceVersion2(user), !/^[!-~]+$/.test(user))
    }),
    { numRuns: 500 },
  )
})
