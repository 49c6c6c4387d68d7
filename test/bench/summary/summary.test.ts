// The table that a run of the benchmark ends with.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { summaryText, verdictOf } from './summary.ts'
import { type Wanted, wanted } from './wanted.ts'

const row: Wanted = {
  what: 'start / answers',
  part: 'one',
  figures: [
    { name: 'start', most: 1.5, digits: 1 },
    { name: 'answers', least: 1_000 },
  ],
}
const none = new Map<string, string>()

describe('the summary of the benchmark', () => {
  const verdicts = [
    { figures: { start: 1.5, answers: 1_000 }, says: 'yes' },
    { figures: { start: 1.6, answers: 1_000 }, says: 'no' },
    { figures: { start: 1.5, answers: 999 }, says: 'no' },
    { figures: { start: 1.5 }, says: 'in part' },
    { figures: { start: 1.6 }, says: 'no' },
    { figures: { start: Number.NaN, answers: 999 }, says: 'void' },
    { figures: { start: Number.POSITIVE_INFINITY, answers: 1_000 }, says: 'no' },
  ]
  for (const { figures, says } of verdicts) {
    it(`says ${says} of ${Object.values(figures).join(' and ')}`, () => {
      assert.equal(verdictOf(row, { figures, failed: none }), says)
    })
  }

  it('holds what has no bound against nothing', () => {
    const open = { ...row, figures: [{ name: 'start' }] }
    assert.equal(verdictOf(open, { figures: { start: 3 }, failed: none }), '')
  })

  it('has a row for what was measured, and none for what was not', () => {
    const other = { ...row, part: 'other', figures: [{ name: 'unknown', most: 1 }] }
    const figures = { start: 1.25, answers: 12_345 }
    assert.deepEqual(summaryText([row, other], { figures, failed: none }).split('\n'), [
      '|                 | wanted          | measured     |     | by    |',
      '| --------------- | --------------- | ------------ | --- | ----- |',
      '| start / answers | ≤ 1.5 / ≥ 1,000 | 1.3 / 12,345 | yes | `one` |',
      '',
    ])
    assert.equal(summaryText([other], { figures, failed: none }), '')
  })

  it('says of a part that failed why', () => {
    const text = summaryText([row], { figures: {}, failed: new Map([['one', 'no Kafka']]) })
    assert.match(text, /\| failed \|/)
    assert.match(text, /^one failed: no Kafka$/m)
  })

  it('names each figure once', () => {
    const names = wanted.flatMap(({ figures }) => figures.map(({ name }) => name))
    assert.equal(new Set(names).size, names.length)
  })
})
