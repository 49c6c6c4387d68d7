// What is measured in turns.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compared, measureInTurns } from './in-turns.ts'

describe('what is measured in turns', () => {
  it('has each side once a round, and another one first', async () => {
    const order: string[] = []
    const side = (name: string) => ({
      name,
      async measure(round: number) {
        order.push(`${name}${round}`)
        return { perSecond: round, microseconds: 1 }
      },
    })
    const rounds: number[] = []
    const onRound = (round: number) => rounds.push(round)
    await measureInTurns([side('a'), side('b')], { rounds: 2, onRound })
    assert.deepEqual(order, ['a0', 'b0', 'b1', 'a1', 'a2', 'b2'])
    assert.deepEqual(rounds, [0, 1, 2])
  })

  it('does not count the practice', async () => {
    const measure = async (round: number) => ({
      perSecond: round === 0 ? 1_000_000 : 10,
      microseconds: 5,
    })
    const [only] = await measureInTurns([{ name: 'a', measure }], { rounds: 3, onRound() {} })
    assert.deepEqual(only?.range, [10, 10])
  })

  it('is compared by its medians with the first', () => {
    const turns = (...speeds: number[]) =>
      speeds.map((perSecond) => ({ perSecond, microseconds: 1_000 / perSecond }))
    const [first, second] = compared([
      { name: 'a', turns: turns(90, 100, 200) },
      { name: 'b', turns: turns(80, 50, 1_000) },
    ])
    assert.equal(first?.speedRatio, 1)
    assert.equal(first?.costRatio, 1)
    assert.equal(second?.speedRatio, 0.8)
    assert.equal(second?.costRatio, 1.25)
    assert.deepEqual(second?.range, [50, 1_000])
  })
})
