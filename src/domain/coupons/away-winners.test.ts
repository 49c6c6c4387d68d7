// What is known of winners who are not in memory, call by call: never a no that nobody looked up.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AwayWinners } from './away-winners.ts'
import { type Issued, PackedWinners } from './winners.ts'

const kim: Issued = { slot: 1, claimId: 'a', offset: 4, appendedAt: 10 }
const park: Issued = { slot: 2, claimId: 'b', offset: 7, appendedAt: 11 }

function packed(...users: [string, Issued][]): PackedWinners {
  const winners = new PackedWinners()
  for (const [userId, issued] of users) winners.set(userId, issued)
  return winners
}

function away(): AwayWinners {
  return new AwayWinners({ size: 2, lastOffset: 7 })
}

describe('winners that are away', () => {
  it('say of nobody that he has not won, unless he was looked up', () => {
    const winners = away()
    assert.deepEqual([winners.size, winners.lastOffset, winners.areBack], [2, 7, false])
    const asking = [
      () => winners.get('kim'),
      () => winners.has('kim'),
      () => winners.keys(),
      () => winners.values(),
      () => winners.entries(),
      () => [...winners],
    ]
    assert.equal(winners.knows('kim'), false)
    for (const ask of asking) assert.throws(ask, /are away and were not looked up/)
    assert.throws(() => winners.set(), /nobody wins/)
  })

  it('know who was looked up, until they are let go of', () => {
    const winners = away()
    winners.tell('kim', kim)
    winners.tell('choi', undefined)
    assert.deepEqual(winners.get('kim'), kim)
    assert.deepEqual([winners.has('kim'), winners.has('choi')], [true, false])
    assert.deepEqual([winners.knows('choi'), winners.knows('park')], [true, false])
    assert.throws(() => winners.get('park'), /not looked up/)
    winners.letGo()
    assert.deepEqual([winners.knows('kim'), winners.knows('choi')], [false, false])
  })

  it('are all there while they are back, and as many as they were', () => {
    const winners = away()
    assert.throws(() => winners.comeBack(packed(['kim', kim])), /1 winners instead of 2/)
    assert.equal(winners.areBack, false)
    winners.comeBack(packed(['kim', kim], ['park', park]))
    assert.equal(winners.areBack, true)
    assert.deepEqual([winners.has('park'), winners.has('choi')], [true, false])
    const all = [
      ['kim', kim],
      ['park', park],
    ]
    assert.deepEqual([...winners], all)
    assert.deepEqual([...winners.keys()], ['kim', 'park'])
    assert.deepEqual([...winners.values()], [kim, park])
    winners.letGo()
    assert.throws(() => winners.has('park'), /not looked up/)
  })

  it('count who asks for a user, and remember only so many', () => {
    const winners = away()
    for (let n = 0; n < 10_000; n++) winners.tell(`user-${n}`, undefined)
    assert.equal(winners.has('user-0'), false)
    assert.equal(winners.asked, 1)
    winners.tell('kim', kim)
    assert.deepEqual([winners.knows('user-0'), winners.knows('kim')], [false, true])
  })
})
