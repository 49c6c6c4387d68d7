import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkpointOf,
  couponId,
  honestLeaves,
  keyOf,
  nodesOf,
  otherKey,
  ownKey,
} from '../../../test/models/published-sale.ts'
import { without } from '../../../test/models/sale-cheats.ts'
import { heldFault, openHeld } from './held-checkpoint.ts'
import { inWords } from './told.ts'
import { consistencyProof } from './tree.ts'

const leaves = honestLeaves()
const keys = [keyOf(ownKey)]

const coded = (hashes: readonly Buffer[]) => hashes.map((one) => one.toString('base64'))

/** What is wrong, in words; empty: nothing. The service proves as well as it can. */
function held(saved: string, now = checkpointOf(leaves), of: readonly string[] = leaves): string {
  const both = openHeld({ couponId, keys, saved, now })
  if ('fault' in both) return inWords(both.fault)
  const { saved: before, now: present } = both
  const [from, to] = [Math.min(before.size, present.size), present.size]
  const fault = heldFault(both, coded(consistencyProof(from, to, nodesOf(of))))
  return fault === null ? '' : inWords(fault)
}

test('A checkpoint of any moment is the beginning of every later one.', () => {
  for (let from = 1; from <= leaves.length; from += 1) {
    assert.equal(held(checkpointOf(leaves.slice(0, from))), '', `${from}`)
  }
})

test('What a service has taken back, changed or never signed is said.', () => {
  const other = without(leaves, 2)
  const table: [says: RegExp, saved: string, now?: string, of?: string[]][] = [
    [
      /16 entries, and the service shows 9 now/,
      checkpointOf(leaves),
      checkpointOf(leaves.slice(0, 9)),
    ],
    [
      /of 15 entries, .* another tree of as many/,
      checkpointOf(other),
      checkpointOf(leaves.slice(0, 15)),
    ],
    [
      /begins the one of 15 does not hold/,
      checkpointOf(leaves.slice(0, 9)),
      checkpointOf(other),
      other,
    ],
    [/^the saved checkpoint: its signature is not by the key/, checkpointOf(leaves, otherKey)],
    [/^the saved checkpoint: it is of .*second/, checkpointOf(leaves, ownKey, 'x/coupons/second')],
    [/^the checkpoint: its signature/, checkpointOf(leaves), checkpointOf(leaves, otherKey)],
  ]
  for (const [says, ...given] of table) assert.match(held(...given), says)
})

test('A proof that is no proof shows nothing.', () => {
  const both = openHeld({
    couponId,
    keys,
    saved: checkpointOf(leaves.slice(0, 6)),
    now: checkpointOf(leaves),
  })
  assert.ok(!('fault' in both))
  const proof = coded(consistencyProof(6, leaves.length, nodesOf(leaves)))
  for (const wrong of [
    [],
    proof.slice(1),
    proof.toReversed(),
    [...proof, ...proof],
    ['!', ...proof],
  ]) {
    assert.notEqual(heldFault(both, wrong), null)
  }
})
