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
  assert.equal(tokens.size, 0)
  tokens.add('a', { ...verified('ann'), times: { from: 10, until: 20 } })
  assert.equal(tokens.get('a', 9), undefined)
})

test('who has not asked for longest is forgotten, by number and by length', () => {
  const few = new RememberedTokens({ tokensMax: 3 })
  for (const name of ['a', 'b', 'c']) few.add(name, verified(name))
  few.get('a', 1)
  few.add('d', verified('d'))
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((name) => few.get(name, 1)?.userId),
    ['a', undefined, 'c', 'd'],
  )
  const short = new RememberedTokens({ charactersMax: 100 })
  for (let n = 0; n < 1_000; n++) short.add(`${n}`, { ...verified(`${n}`), characters: 30 })
  assert.equal(short.size, 3)
  assert.equal(short.get('999', 1)?.userId, '999')
  short.add('long', { ...verified('long'), characters: 101 })
  assert.equal(short.size, 0)
  for (let n = 0; n < 5; n++) short.add('same', { ...verified('same'), characters: 90 })
  assert.equal(short.size, 1)
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
