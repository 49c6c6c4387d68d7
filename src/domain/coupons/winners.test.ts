// Whatever is asked of packed winners, a Map of them would have answered the same.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { type Issued, PackedWinners } from './winners.ts'

const uuid = '0197b2c4-5a6b-7c8d-9e0f-102132435465'
/** Near misses of a UUID, too: they have to come back letter by letter. */
const ids = fc.oneof(
  fc.uuid(),
  fc.constantFrom(uuid, uuid.toUpperCase(), uuid.replaceAll('-', '0'), `${uuid}0`, 'g'.repeat(36)),
  fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
  fc.constantFrom('a', 'b', '쿠'.repeat(300)),
)
const claims = fc.record({ claimId: ids, offset: fc.maxSafeNat(), appendedAt: fc.maxSafeNat() })

/** Found by trying: all 32 bits of their hashes are the same. */
const alike = [
  ['user-129599', 'user-732382'],
  ['user-129598', 'user-732383'],
] as const

function both(entries: readonly (readonly [string, Omit<Issued, 'slot'>])[]) {
  const packed = new PackedWinners()
  const map = new Map<string, Issued>()
  for (const [userId, claim] of entries) {
    assert.equal(packed.has(userId), map.has(userId))
    if (map.has(userId)) continue
    const issued = { slot: map.size + 1, ...claim }
    packed.set(userId, issued)
    map.set(userId, issued)
  }
  return { packed, map }
}

describe('packed winners', () => {
  it('are those of a Map, in slot order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(ids, claims), { maxLength: 60 }), ids, (entries, stranger) => {
        const { packed, map } = both(entries)
        assert.equal(packed.size, map.size)
        assert.deepEqual([...packed], [...map])
        assert.deepEqual([...packed.keys()], [...map.keys()])
        assert.deepEqual([...packed.values()], [...map.values()])
        assert.deepEqual(packed.last(), [...map.values()].at(-1))
        for (const [userId, issued] of map) assert.deepEqual(packed.get(userId), issued)
        assert.equal(packed.has(stranger), map.has(stranger))
        assert.deepEqual(packed.get(stranger), map.get(stranger))
      }),
      { numRuns: 300 },
    )
  })

  it('come back from bytes, taken down piece by piece, and go on from there', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 4_500 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(sizes, fc.nat(50), (steps, later) => {
        const packed = new PackedWinners()
        const back = new PackedWinners()
        const win = (winners: PackedWinners, slot: number) => {
          const claimId = slot % 3 === 0 ? `claim ${slot}` : uuid
          winners.set(`user-${slot}`, { slot, claimId, offset: 2 * slot, appendedAt: slot })
        }
        for (const step of steps) {
          const from = packed.size + 1
          const through = packed.size + step
          while (packed.size < through) win(packed, packed.size + 1)
          for (let slot = from; slot <= through; ) {
            const { bytes, next } = packed.pack(slot, through)
            assert.ok(bytes.length <= 64 * 1024)
            back.addPacked(Buffer.from(bytes))
            slot = next
          }
        }
        back.findAgain()
        for (let n = 0; n < later; n++) for (const one of [packed, back]) win(one, one.size + 1)
        assert.deepEqual([...back], [...packed])
        for (const [userId, issued] of packed) assert.deepEqual(back.get(userId), issued)
        assert.equal(back.has('user-0'), false)
      }),
      { numRuns: 30 },
    )
    assert.throws(() => new PackedWinners().pack(1, 1), /not issued/)
  })

  it('find everybody at every size, while the index grows as well', () => {
    const packed = new PackedWinners()
    const count = 20_000
    for (let slot = 1; slot <= count; slot++) {
      assert.equal(packed.has(`user-${slot}`), false)
      packed.set(`user-${slot}`, { slot, claimId: uuid, offset: slot, appendedAt: slot })
      // The new one, and one that the growing index may have left behind.
      for (const asked of [slot, 1 + ((slot * 7) % slot)]) {
        assert.equal(packed.get(`user-${asked}`)?.slot, asked)
      }
    }
    assert.deepEqual([...packed.values()].map(({ offset }) => offset).at(-1), count)
  })

  it('are told apart where their hashes are alike', () => {
    for (const [one, other] of alike) {
      const { packed, map } = both([
        [one, { claimId: 'a', offset: 1, appendedAt: 1 }],
        [other, { claimId: 'b', offset: 2, appendedAt: 2 }],
      ])
      assert.deepEqual([...packed], [...map])
      assert.deepEqual([packed.get(one)?.slot, packed.get(other)?.slot], [1, 2])
    }
  })

  it('take no slot but the next', () => {
    const packed = new PackedWinners()
    for (const slot of [0, 2]) {
      const issued = { slot, claimId: 'a', offset: 0, appendedAt: 0 }
      assert.throws(() => packed.set('kim', issued), /slot [02] cannot be issued after slot 0/)
    }
    assert.equal(packed.size, 0)
  })
})
