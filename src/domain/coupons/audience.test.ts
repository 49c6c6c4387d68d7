import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { audienceOf } from './audience.ts'
import { audienceCharactersMax } from './messages.ts'

const audience = { attribute: 'tier', values: ['silver', 'gold', '7', 'true'] }
const long = (characters: number) => '😀'.repeat(characters)

const rows: readonly [string, token: object, expected: string | undefined][] = [
  ['a text', { tier: 'gold' }, 'gold'],
  ['a text that the coupon is not for', { tier: 'iron' }, 'iron'],
  ['a number', { tier: 7 }, '7'],
  ['a truth', { tier: true }, 'true'],
  ['a list of one', { tier: ['gold'] }, 'gold'],
  ['a list, the first that the coupon is for', { tier: ['iron', 'gold', 'silver'] }, 'gold'],
  ['a list of others, the first', { tier: ['iron', 'lead'] }, 'iron'],
  ['a list with what is none', { tier: [null, {}, '', 'iron'] }, 'iron'],
  ['the longest text', { tier: long(audienceCharactersMax) }, long(audienceCharactersMax)],
  ['nothing of a longer one', { tier: long(audienceCharactersMax + 1) }, undefined],
  ['nothing of an empty text', { tier: '' }, undefined],
  ['nothing of half a character', { tier: '\ud800' }, undefined],
  ['nothing of NUL', { tier: 'a\0' }, undefined],
  ['nothing of an object', { tier: { gold: true } }, undefined],
  ['nothing of an empty list', { tier: [] }, undefined],
  ['nothing where it is not there', {}, undefined],
  ['nothing that every object has', Object.create({ tier: 'gold' }), undefined],
]

describe('a claim’s record says of its token', () => {
  for (const [what, token, expected] of rows) {
    test(what, () => {
      assert.equal(audienceOf(audience, token as Record<string, unknown>), expected)
    })
  }
})
