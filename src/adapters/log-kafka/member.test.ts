import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  shareOut,
} from './member.ts'

describe('the members of a group', () => {
  it('understand each other, and what Kafka’s own consumers say', () => {
    assert.deepEqual(decodeSubscription(encodeSubscription('claims')), ['claims'])
    const ofJava = '00000000000100066f7264657273ffffffff'
    assert.equal(encodeSubscription('orders').toString('hex'), ofJava)
    const assignment = encodeAssignment('claims', [0, 5, 7])
    assert.deepEqual(decodeAssignment(assignment, 'claims'), [0, 5, 7])
    assert.deepEqual(decodeAssignment(assignment, 'orders'), [])
    assert.deepEqual(decodeAssignment(Buffer.alloc(0), 'claims'), [])
  })

  it('get every partition once, and about as many each', () => {
    for (let partitions = 1; partitions <= 13; partitions++) {
      for (let count = 1; count <= 15; count++) {
        const members = Array.from({ length: count }, (_, n) => `member-${n}`)
        const shares = shareOut(members, partitions)
        assert.deepEqual([...shares.keys()].toSorted(), members.toSorted())
        const given = [...shares.values()].flat().toSorted((a, b) => a - b)
        assert.deepEqual(given, [...Array(partitions).keys()])
        const sizes = [...shares.values()].map(({ length }) => length)
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1)
        assert.deepEqual(shareOut(members.toReversed(), partitions), shares)
      }
    }
  })
})
