// Each way to break a promise, and a sale that breaks none.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Answer, broken, type Judgement, judge, type Row } from './ledger.ts'

const yes = (user: number, slot: number): Answer => ({ user, status: 201, slot })
const no = (user: number): Answer => ({ user, status: 409, slot: null })
const row = (user: number, slot: number): Row => ({ user, slot })

/** Two coupons, three users, two of whom won. */
const answers = [yes(0, 1), yes(1, 2), no(2)]
const rows = [row(0, 1), row(1, 2)]

function judged(sale: { answers?: Answer[]; rows?: Row[] }): Judgement {
  return judge({ quantity: 2, users: 3, answers, rows, ...sale })
}

describe('the judgement of a sale', () => {
  it('finds nothing where every yes has its row and every no has none', () => {
    const judgement = judged({ answers: [...answers, { user: 0, status: 200, slot: 1 }, no(2)] })
    assert.deepEqual(broken(judgement), [])
    assert.equal(judgement.toldYes, 2)
    assert.equal(judgement.unknown, 0)
  })

  const cases: { what: string; sale: Parameters<typeof judged>[0]; breaks: Partial<Judgement> }[] =
    [
      {
        what: 'more rows than coupons',
        sale: { answers: [yes(0, 1), yes(1, 2), yes(2, 3)], rows: [...rows, row(2, 3)] },
        breaks: { rowsTooMany: 1 },
      },
      {
        what: 'a yes without a row, whose slot nobody got',
        sale: { rows: [row(0, 1)] },
        breaks: { yesWithoutRow: 1, slotsLeaked: 1 },
      },
      {
        what: 'a yes with another slot than it was told',
        sale: { rows: [row(0, 2), row(1, 1)] },
        breaks: { yesWithOtherSlot: 2 },
      },
      {
        what: 'a user with two rows',
        sale: { answers: [yes(0, 1), no(1), no(2)], rows: [row(0, 1), row(0, 2)] },
        breaks: { usersTwice: 1 },
      },
      {
        what: 'a slot that two have, and a hole where it should have been',
        sale: { answers: [yes(0, 1), yes(1, 1), no(2)], rows: [row(0, 1), row(1, 1)] },
        breaks: { slotsTwice: 1, slotsMissing: 1 },
      },
      {
        what: 'a no that has a row',
        sale: { answers: [yes(0, 1), no(1), no(2)] },
        breaks: { noWithRow: 1 },
      },
      {
        what: 'a yes that became a no',
        sale: { answers: [...answers, no(0)] },
        breaks: { changedAnswers: 1, noWithRow: 1 },
      },
      {
        what: 'a no that became a yes, although nothing was added',
        sale: { answers: [no(0), ...answers] },
        breaks: { changedAnswers: 1 },
      },
    ]
  for (const { what, sale, breaks } of cases) {
    it(`finds ${what}`, () => {
      const judgement = judged(sale)
      const clean = judged({})
      const found = Object.fromEntries(
        Object.entries(judgement).filter(
          ([name, value]) =>
            value > 0 && clean[name as keyof Judgement] === 0 && name !== 'unknown',
        ),
      )
      assert.deepEqual(found, breaks)
    })
  }

  it('takes an answer that is neither yes nor no, or none at all, for no proof', () => {
    const pending = { user: 1, status: 202, slot: null }
    const judgement = judged({ answers: [yes(0, 1), pending] })
    assert.deepEqual(broken(judgement), [])
    assert.equal(judgement.unknown, 1)
  })

  it('does not hold it against a sale that fewer asked than there are coupons', () => {
    const few = { quantity: 10, users: 2, answers: [yes(0, 1), yes(1, 2)], rows }
    assert.deepEqual(broken(judge(few)), [])
  })
})
