import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProviderKey } from './provider-key.ts'
import { RememberedTokens } from './remembered-tokens.ts'

const caller = (userId: string) => ({ userId, scopes: new Set<never>(), token: {} })
const times = { from: 0, until: 1_000 }
const verified = (userId: string) => ({ caller: caller(userId), times, key: null, characters: 1 })

test('a token is remembered from its beginning until its end, and no longer', () => {
  const tokens = new RememberedTokens()
  tokens.add('a', { ...verified('ann'), times: { from: 10, until: 20 } })
  assert.equal(tokens.get('a', 10)?.userId, 'ann')
  assert.equal(tokens.get('a', 19.9)?.userId, 'ann')
  assert.equal(tokens.get('b', 15), undefined)
  assert.equal(tokens.get('a', 20), undefined)
  assert.equal(tokens.get('a', 15), undefined)
  tokens.add('a', { ...verified('ann'), times: { from: 10, until: 20 } })
  assert.equal(tokens.get('a', 9), undefined)
})

test('whoever asked lately is remembered, by number and by length', () => {
  const few = new RememberedTokens({ tokensMax: 2 })
  for (const name of ['a', 'b']) few.add(name, verified(name))
  for (const name of ['a', 'c', 'd']) {
    few.get('a', 1)
    few.add(name, verified(name))
  }
  assert.deepEqual(
    ['a', 'b', 'd'].map((name) => few.get(name, 1)?.userId),
    ['a', undefined, 'd'],
  )
  const short = new RememberedTokens({ charactersMax: 100 })
  for (let n = 0; n < 1_000; n++) short.add(`${n}`, { ...verified(`${n}`), characters: 30 })
  const known = Array.from({ length: 1_000 }, (_, n) => short.get(`${n}`, 1)).filter(Boolean)
  assert.ok(known.length >= 3 && known.length <= 8, `${known.length} are remembered`)
})

test('tokens of a key that is gone are forgotten, the others not', () => {
  const tokens = new RememberedTokens()
  const [gone, there] = [{} as ProviderKey, {} as ProviderKey]
  tokens.add('a', { ...verified('ann'), key: gone })
  tokens.add('b', { ...verified('bob'), key: there })
  tokens.add('c', verified('kim'))
  tokens.forgetBy(gone)
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => tokens.get(name, 1)?.userId),
    [undefined, 'bob', 'kim'],
  )
})
