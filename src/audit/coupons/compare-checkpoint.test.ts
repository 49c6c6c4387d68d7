import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkpointOf,
  couponId,
  honestSteps,
  keyOf,
  leavesOf,
  logOf,
  origin,
  otherKey,
  ownKey,
  proofSecret,
} from '../../../test/models/published-sale.ts'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { openLogMemory } from '../../adapters/memory/log.ts'
import { claimsTopic, encodeMessage } from '../../domain/coupons/messages.ts'
import { compareCheckpoint } from './compare-checkpoint.ts'

/** A log of the honest sale, among another coupon's records, and the leaves it makes. */
async function honestLog(steps = honestSteps) {
  const entries = logOf(steps)
  const clock = virtualClock((entries[0]?.appendedAt ?? 0) - 1)
  const log = openLogMemory({ topics: { [claimsTopic]: 2 }, clock })
  for (const { message, appendedAt } of entries) {
    await clock.runUntil(appendedAt)
    await log.append(claimsTopic, [
      { key: 'other', value: Buffer.from('no record') },
      { key: message.couponId, value: encodeMessage(message) },
    ])
  }
  return { log, leaves: leavesOf(entries).get(couponId) ?? [] }
}

const publicKeys = [keyOf(ownKey).publicKey]
const secret = proofSecret

test('A checkpoint of any size that the log makes is found right.', async () => {
  const { log, leaves } = await honestLog()
  for (let size = 0; size <= leaves.length; size++) {
    const note = checkpointOf(leaves.slice(0, size))
    const found = await compareCheckpoint({ log, note, publicKeys, secret })
    assert.ok(!('fault' in found), JSON.stringify(found))
    assert.deepEqual([found.couponId, found.origin, found.size], [couponId, origin, size])
  }
})

test('A key that signed earlier is as good.', async () => {
  const { log, leaves } = await honestLog()
  const note = checkpointOf(leaves, otherKey)
  const keys = [...publicKeys, keyOf(otherKey).publicKey]
  const found = await compareCheckpoint({ log, note, publicKeys: keys, secret })
  assert.ok(!('fault' in found))
  assert.equal(found.key, keyOf(otherKey).id)
})

test('What the log does not make, or we did not sign, is named.', async () => {
  const { log, leaves } = await honestLog()
  const swapped = leaves.with(2, leaves[3] ?? '').with(3, leaves[2] ?? '')
  const more = [...leaves, leaves.at(-1) ?? '']
  const whole = checkpointOf(leaves)
  const wrongs: [note: string, says: RegExp][] = [
    ['', /no signed checkpoint/],
    [whole.slice(1), /not signed by our key/],
    [whole.replace('\n16\n', '\n15\n'), /not signed by our key/],
    [checkpointOf(leaves, otherKey), /not signed by our key under coupons.example/],
    [checkpointOf(leaves, ownKey, 'nobody'), /no signed checkpoint of a coupon/],
    [checkpointOf(swapped), /the first 16 entries of first-sale make the root \S+, not \S+/],
    [checkpointOf(more), /of 17 entries of first-sale, and the log has 16 entries/],
    [checkpointOf(leaves, ownKey, 'a/coupons/none'), /the log has no such coupon/],
  ]
  for (const [note, says] of wrongs) {
    const found = await compareCheckpoint({ log, note, publicKeys, secret })
    assert.ok('fault' in found)
    assert.match(found.fault, says)
  }
  const other = { log, note: whole, publicKeys, secret: `another ${secret}` }
  assert.ok('fault' in (await compareCheckpoint(other)), 'whoever hides users otherwise')
})
