import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CodeGuesses, unknownCodesMax } from './code-guesses.ts'

test('who asks for unknown codes is told nothing after some, for a minute from the first', () => {
  let now = 0
  const guesses = new CodeGuesses({ monotonic: () => now })
  assert.ok(unknownCodesMax >= 10 && unknownCodesMax <= 100)
  for (let n = 0; n < unknownCodesMax; n++) {
    assert.equal(guesses.retryAfterSeconds('ann'), 0)
    assert.equal(guesses.note('ann'), true)
  }
  assert.equal(guesses.note('ann'), false, 'those that were under way are not answered either')
  now = 59_001
  assert.equal(guesses.retryAfterSeconds('ann'), 1)
  assert.equal(guesses.retryAfterSeconds('bob'), 0, 'others are not touched')
  now = 60_000
  assert.equal(guesses.retryAfterSeconds('ann'), 0)
})

test('ten unknown codes a minute are always answered', () => {
  let now = 0
  const guesses = new CodeGuesses({ monotonic: () => now })
  for (let n = 0; n < 500; n++) {
    assert.equal(guesses.note('ann'), true)
    now += 6_000
  }
})

test('of many callers the latest are remembered', () => {
  const guesses = new CodeGuesses({ monotonic: () => 0 })
  for (let n = 0; n < unknownCodesMax; n++) guesses.note('ann')
  for (let n = 0; n < 9_999; n++) guesses.note(`caller-${n}`)
  assert.ok(guesses.retryAfterSeconds('ann') > 0)
  guesses.note('one more')
  assert.equal(guesses.retryAfterSeconds('ann'), 0)
})
