import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ClaimAnswer } from './claim-answers.ts'
import { OpenClaims } from './open-claims.ts'

const no: ClaimAnswer = { kind: 'sold_out' }
const won: ClaimAnswer = {
  kind: 'issued',
  first: true,
  couponId: 'sale',
  userId: 'kim',
  partition: 0,
  issued: { slot: 1, claimId: 'k1', offset: 0, appendedAt: 0 },
  code: '',
}
const claim = (userId: string, claimId: string, couponId = 'sale') => {
  return { couponId, userId, claimId }
}

/** Those who may not be told no: of these users, in this order. */
function inDoubt(open: OpenClaims): string {
  const users = ['kim', 'lee', 'park']
  return users.filter((userId) => open.forbids(no, { couponId: 'sale', userId })).join(' ')
}

function opened(...claims: (readonly [userId: string, claimId: string])[]): OpenClaims {
  const open = new OpenClaims()
  for (const [userId, claimId] of claims) open.add(claim(userId, claimId))
  return open
}

describe('claims that may still be written', () => {
  it('forbid every answer but that one has won, to their own users, for their own coupon', () => {
    const open = opened(['kim', 'k1'])
    const kim = { couponId: 'sale', userId: 'kim' }
    assert.ok(open.forbids(no, kim) && open.forbids(null, kim))
    assert.ok(!open.forbids(won, kim))
    assert.ok(!open.forbids(no, { ...kim, couponId: 'other' }))
    assert.ok(!open.forbids(no, { ...kim, userId: 'lee' }))
  })

  it('are settled by their records, with those that were sent before them and none behind', () => {
    const open = opened(['kim', 'k1'], ['lee', 'l1'], ['park', 'p1'])
    open.decided(claim('lee', 'l1'))
    assert.equal(inDoubt(open), 'park')
    open.decided(claim('park', 'p1', 'other'))
    assert.equal(inDoubt(open), 'park')
    open.decided(claim('park', 'p1'))
    assert.equal(inDoubt(open), '')
  })

  it('of one user are in doubt until the last was read', () => {
    const open = opened(['kim', 'k1'], ['kim', 'k2'])
    open.decided(claim('kim', 'k1'))
    assert.equal(inDoubt(open), 'kim')
    open.decided(claim('kim', 'k2'))
    assert.equal(inDoubt(open), '')
  })

  it('stand in the order in which they were sent last, whoever asked before', () => {
    const open = opened(['kim', 'k1'], ['lee', 'l1'], ['kim', 'k2'])
    open.decided(claim('lee', 'l1'))
    assert.equal(inDoubt(open), 'kim')
  })

  it('are settled where they were certainly not written, one by one', () => {
    const open = opened(['kim', 'k1'], ['kim', 'k2'], ['kim', 'k3'])
    open.remove(claim('kim', 'k2'))
    open.remove(claim('kim', 'k3'))
    assert.equal(inDoubt(open), 'kim')
    open.remove(claim('kim', 'k1'))
    assert.equal(inDoubt(open), '')
  })

  it('that were read are not in doubt again when a later one was not written', () => {
    const open = opened(['kim', 'k1'], ['kim', 'k2'], ['kim', 'k3'])
    open.decided(claim('kim', 'k2'))
    open.remove(claim('kim', 'k3'))
    assert.equal(inDoubt(open), '')
  })
})
