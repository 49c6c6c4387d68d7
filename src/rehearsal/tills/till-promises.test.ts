// What honest tills are told adds up; every difference that is planted in what was told, or in what
// the service says of it afterwards, breaks the promise it belongs to.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Evidence,
  honestTills,
  partOf,
  redemptionOf,
} from '../../../test/models/rehearsals/tills.ts'
import { reconcileTills, type TillPromise } from './till-promises.ts'

function broken(evidence: Evidence): string[] {
  return reconcileTills(evidence).flatMap(({ promise, kept }) => (kept === false ? [promise] : []))
}

test('what an honest service tells at its tills adds up, whichever of two came first', () => {
  for (const first of [0, 1] as const) {
    const evidence = honestTills(first)
    const verdicts = reconcileTills(evidence)
    assert.deepEqual(broken(evidence), [], JSON.stringify(verdicts, null, 1))
    const details = verdicts.map(({ detail }) => detail)
    assert.equal(details[1], '2 races of two tills for one code, one won each')
    assert.equal(details[4], '22 of 22 codes say the same')
  }
})

type Plant = (evidence: Evidence) => void
const plants: [what: string, promises: TillPromise[], plant: Plant][] = [
  [
    'a call that nobody answered',
    ['tills'],
    (evidence) => {
      const [redeem] = partOf(evidence, 'paid').stages[0] ?? []
      assert.ok(redeem)
      redeem.answer = { kind: 'unknown', reason: 'timed out' }
    },
  ],
  [
    'a user who got no code',
    ['tills'],
    (evidence) => {
      const part = partOf(evidence, 'paid')
      part.stages.length = 0
      evidence.won[part.user] = null
    },
  ],
  [
    'a code that two have',
    ['code_once', 'offers'],
    ({ won }) => {
      const [first, second] = won
      assert.ok(first && second)
      second.code = first.code
    },
  ],
  [
    'two tills that both have one code',
    ['code_once'],
    (evidence) => {
      const [race] = partOf(evidence, 'two_tills').stages
      const [a, b] = race ?? []
      assert.ok(a && b && b.act.kind === 'redeem')
      const redemption = { ...redemptionOf(a), redemptionId: 'b', reference: b.act.reference }
      b.answer = { kind: 'redeemed', redemption }
    },
  ],
  [
    'a double click that made two redemptions',
    ['code_once'],
    (evidence) => {
      const [, second] = partOf(evidence, 'double_click').stages[0] ?? []
      assert.ok(second)
      redemptionOf(second).redemptionId = 'another'
    },
  ],
  [
    'a card that failed, whose redemption is used all the same',
    ['code_once'],
    (evidence) => {
      const { stages } = partOf(evidence, 'card_failed')
      const [first] = stages[0] ?? []
      const [use] = stages[2] ?? []
      assert.ok(first && use)
      const redemption = { ...redemptionOf(first), status: 'used' }
      use.answer = { kind: 'redeemed', redemption }
    },
  ],
  [
    'a discount that is one too high',
    ['offers'],
    (evidence) => {
      const [told] = partOf(evidence, 'one_shot').stages[0] ?? []
      assert.ok(told)
      redemptionOf(told).discount += 1
    },
  ],
  [
    'a total that is one too low',
    ['offers'],
    (evidence) => {
      const [told] = partOf(evidence, 'one_shot').stages[0] ?? []
      assert.ok(told)
      redemptionOf(told).total -= 1
    },
  ],
  [
    'a redemption of another subtotal',
    ['offers'],
    (evidence) => {
      const [told] = partOf(evidence, 'paid').stages[0] ?? []
      assert.ok(told)
      redemptionOf(told).subtotal += 1
    },
  ],
  [
    'a coupon that is taken below its minimum',
    ['offers'],
    (evidence) => {
      const { stages } = partOf(evidence, 'below')
      const [low] = stages[0] ?? []
      const [least] = stages[1] ?? []
      assert.ok(low && least && low.act.kind === 'redeem')
      const { subtotal, reference } = low.act
      const offer = { discount: 0, total: subtotal, reference, subtotal }
      const redemption = { ...redemptionOf(least), ...offer, redemptionId: 'low' }
      low.answer = { kind: 'redeemed', redemption }
    },
  ],
  [
    'a coupon that is spent after its revoke was answered',
    ['revokes'],
    (evidence) => {
      const { stages, user } = partOf(evidence, 'revoked')
      const [told] = stages[1] ?? []
      const [other] = partOf(evidence, 'one_shot').stages[0] ?? []
      assert.ok(told && other && told.act.kind === 'redeem')
      const { subtotal, reference } = told.act
      const { slot = 0, code = '' } = evidence.won[user] ?? {}
      const owner = { userId: evidence.users[user] ?? '', slot, code }
      const off = { discount: Math.floor((subtotal * 15) / 100), subtotal, reference }
      const total = subtotal - off.discount
      const redemption = { ...redemptionOf(other), ...owner, ...off, total, redemptionId: 'r' }
      told.answer = { kind: 'redeemed', redemption }
    },
  ],
  [
    'a revoke that took nothing, though nothing was spent before it',
    ['revokes'],
    (evidence) => {
      const [revoke] = partOf(evidence, 'revoked').stages[0] ?? []
      assert.ok(revoke)
      revoke.answer = { kind: 'revoked', revoked: 0 }
    },
  ],
  [
    'a revoke of all that counts one less',
    ['revokes'],
    (evidence) => {
      evidence.taken = (evidence.taken ?? 0) - 1
    },
  ],
  [
    'a revoke of all that counts one more',
    ['revokes'],
    (evidence) => {
      evidence.taken = (evidence.taken ?? 0) + 1
    },
  ],
  [
    'a revoke that counts what was used at the same moment',
    ['revokes'],
    (evidence) => {
      const [spent, revoke] = partOf(evidence, 'revoke_race').stages[0] ?? []
      assert.equal(spent?.answer?.kind, 'redeemed')
      assert.ok(revoke)
      revoke.answer = { kind: 'revoked', revoked: 1 }
    },
  ],
  [
    'a revoke of all that nobody answered',
    ['tills'],
    (evidence) => {
      evidence.taken = null
    },
  ],
  [
    'a used code that looks unused',
    ['shown'],
    (evidence) => {
      const { code } = evidence.seen[partOf(evidence, 'paid').user] ?? {}
      assert.ok(code && 'value' in code)
      code.value.status = 'unused'
    },
  ],
  [
    'a revoked coupon that its user sees unused',
    ['shown'],
    (evidence) => {
      const shown = evidence.seen[partOf(evidence, 'revoked').user]
      assert.ok(shown)
      shown.own = { value: 'unused' }
    },
  ],
  [
    'an offer without its minimum or cap',
    ['shown'],
    (evidence) => {
      const { code } = evidence.seen[0] ?? {}
      assert.ok(code && 'value' in code)
      code.value.offer = '1852 10493'
    },
  ],
  [
    'a used redemption that is released afterwards',
    ['shown'],
    (evidence) => {
      const { redemptions } = evidence.seen[partOf(evidence, 'paid').user] ?? {}
      const now = redemptions?.get('a')
      assert.ok(now && 'value' in now)
      now.value.status = 'released'
    },
  ],
]
for (const [what, promises, plant] of plants) {
  test(`${what} breaks: ${promises.join(', ')}`, () => {
    const evidence = honestTills(0)
    plant(evidence)
    const verdicts = reconcileTills(evidence)
    assert.deepEqual(broken(evidence), promises, JSON.stringify(verdicts, null, 1))
  })
}

test('of tills that were cut short what was told is judged', () => {
  const evidence = { ...honestTills(0), seen: null, taken: null }
  const kept = reconcileTills(evidence).map((verdict) => verdict.kept)
  assert.deepEqual(kept, [true, true, true, true, null])
})
