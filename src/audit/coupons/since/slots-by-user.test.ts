import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { PackedWinners } from '../../../domain/coupons/winners.ts'
import { SlotsByUser } from './slots-by-user.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const

test('slots by user are a Map of them, however many were known before', () => {
  const users = fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(3)), { maxLength: 12 })
  fc.assert(
    fc.property(fc.uniqueArray(fc.constantFrom(...names)), users, (before, since) => {
      const winners = new PackedWinners()
      const map = new Map<string, number>()
      for (const [n, user] of before.entries()) {
        winners.set(user, { slot: n + 1, claimId: `claim-${n}`, offset: n, appendedAt: n })
        map.set(user, n + 1)
      }
      const slots = new SlotsByUser(winners)
      for (const [user, hole] of since) {
        assert.equal(slots.has(user), map.has(user))
        // The next one, or what no log should say.
        const slot = map.size + (hole === 0 ? 1 : hole)
        slots.set(user, slot)
        map.set(user, slot)
        assert.equal(slots.size, map.size)
      }
      for (const user of [...names, 'i']) assert.equal(slots.get(user), map.get(user))
      assert.deepEqual([...slots.keys()].sort(), [...map.keys()].sort())
    }),
  )
})
