// Every way in which an operator could cheat after the fact, planted into a published sale, with
// the words by which it must be found. Where the operator signs again, it is with the true key.

import assert from 'node:assert/strict'
import { canonicalJson } from '../../src/domain/proof/canonical-json.ts'
import {
  checkpointOf,
  couponId,
  honestLeaves,
  honestSteps,
  leavesOf,
  logOf,
  otherKey,
  type Publication,
  publish,
  receiptOf,
  time,
  who,
} from './published-sale.ts'

type Receipt = ReturnType<typeof receiptOf>
/** `says`: the words of `firstcome verify`, or those of the small verifier behind a bar. */
export type Cheat = { name: string; said: Publication; receipt?: Receipt; says: RegExp }
type Fields = Record<string, unknown>

/** A leaf with other values; `undefined` takes a field away. */
function changed(leaves: readonly string[], n: number, to: Fields): string[] {
  return leaves.map((leaf, at) => (at === n ? canonical({ ...parsed(leaf), ...to }) : leaf))
}

const parsed = (leaf: string) => JSON.parse(leaf) as Fields
/** Without what is undefined. */
const canonical = (leaf: Fields) => canonicalJson(JSON.parse(JSON.stringify(leaf)))

function renumbered(leaves: readonly string[]): string[] {
  return leaves.map((leaf, n) => canonical({ ...parsed(leaf), n }))
}

export const without = (leaves: readonly string[], n: number) => renumbered(leaves.toSpliced(n, 1))
const inserted = (leaves: readonly string[], n: number, leaf: Fields) => {
  return renumbered(leaves.toSpliced(n, 0, canonical(leaf)))
}

const honest = honestLeaves()
const ann = receiptOf(honest, 'ann')
const dan = receiptOf(honest, 'dan')
const gus = { kind: 'claim', who: who('gus'), outcome: 'issued' }

function ofLeaves(name: string, leaves: readonly string[], says: RegExp): Cheat {
  return { name, said: publish(leaves), says }
}

/** The same log in which somebody else came first, or nobody. */
function otherSale(from: string, to: string): string[] {
  const steps = honestSteps.map(
    ([at, does, what]): [number, string, object | number | undefined] => {
      return [at, does === from ? to : does, what]
    },
  )
  return leavesOf(logOf(steps as never)).get(couponId) ?? []
}

const ofOutcomes: readonly Cheat[] = [
  ofLeaves('two winners are swapped', swapped(honest, 2, 3), /entry 2 .* slot 2 where .* make 1/),
  ofLeaves('a claim is dropped', without(honest, 2), /entry 2 .* has slot 2 where .* make 1/),
  ofLeaves(
    'a claim is inserted early',
    inserted(honest, 2, { ...gus, at: time(10), slot: 1 }),
    /entry 3 .* has slot 1 where .* make 2/,
  ),
  ofLeaves(
    'a late restock is hidden',
    changed(honest, 10, { add: undefined, ignored: true }),
    /entry 11 .* wins beyond the quantity of 3/,
  ),
  ofLeaves('a restock is dropped', without(honest, 10), /wins beyond the quantity/),
  ofLeaves(
    'the same person wins twice under two accounts of one "who"',
    changed(honest, 8, { who: who('bob') }),
    /entry 8 .* wins a second time: it has slot 1/,
  ),
  ofLeaves(
    'the opening is moved after the fact',
    changed(honest, 0, { opensAt: time(11) }),
    /entry 2 .* wins before the opening/,
  ),
  ofLeaves(
    'the opening is moved after it opened',
    inserted(honest, 4, { kind: 'edited', at: time(11), opensAt: time(60) }),
    /entry 4 moves the opening to .* after it has opened/,
  ),
  ofLeaves(
    'somebody wins after the close',
    changed(honest, 14, { outcome: 'issued', slot: 5 }),
    /entry 14 .* wins after the close/,
  ),
  ofLeaves(
    'somebody wins while it is paused',
    changed(honest, 6, { outcome: 'issued', slot: 3 }),
    /entry 6 .* wins while the coupon was paused/,
  ),
  ofLeaves(
    'it is restocked after the close',
    changed(honest, 15, { ignored: undefined, add: 5 }),
    /entry 15 restocks after the close/,
  ),
  ofLeaves(
    'a claim in time is told sold out',
    changed(honest, 8, { outcome: 'sold_out', slot: undefined }),
    /entry 8 .* is told sold_out where the entries before it make issued/,
  ),
  ofLeaves(
    'who is not eligible of a coupon for all',
    changed(honest, 8, { outcome: 'not_eligible', slot: undefined }),
    /entry 8 .* is told not_eligible where/,
  ),
  ofLeaves('a pause changes nothing', without(honest, 7), /entry 7 .* wins while/),
  ofLeaves('a time goes back', changed(honest, 9, { at: time(14) }), /entry 9 goes back in time/),
  ofLeaves(
    'the coupon is created twice',
    inserted(honest, 3, parsed(honest[0] ?? '')),
    /entry 3 creates the coupon a second time/,
  ),
  ofLeaves(
    'there is no creation',
    without(honest, 0),
    /entry 0 is the first and creates no coupon/,
  ),
  ofLeaves('a leaf tells a user', changed(honest, 2, { userId: 'bob' }), /entry 2 has a "userId"/),
  ofLeaves(
    'an act tells a user',
    changed(honest, 10, { userId: 'bob' }),
    /entry 10 has a "userId"/,
  ),
  ofLeaves(
    'an act that was ignored says more',
    changed(honest, 15, { add: 5 }),
    /entry 15 has a "/,
  ),
  ofLeaves(
    'the rules are unknown',
    changed(honest, 0, { rules: 3 }),
    /entry 0 has no valid "rules"/,
  ),
  ofLeaves(
    'the close is moved before the opening',
    inserted(honest, 1, { kind: 'edited', at: time(1), closesAt: time(5) }),
    /entry 1 leaves the close at .* which is not after the opening/,
  ),
  ofLeaves(
    'who has won nothing loses it',
    inserted(honest, 9, { kind: 'revoked', at: time(15), who: who('gus') }),
    /entry 9 revokes .* which has won nothing/,
  ),
  ofLeaves('a leaf has another number', changed(honest, 2, { n: 3 }), /entry 2 says .* number 3/),
  ofLeaves('a leaf has two spellings', honest.with(5, `${honest[5]} `), /entry 5 is no canonical/),
  ofLeaves(
    'a kind that nobody knows',
    changed(honest, 5, { kind: 'gift' }),
    /entry 5 is of a kind that this program does not know/,
  ),
]

function swapped(leaves: readonly string[], a: number, b: number): string[] {
  const [whoA, whoB] = [parsed(leaves[a] ?? '').who, parsed(leaves[b] ?? '').who]
  const [slotA, slotB] = [parsed(leaves[a] ?? '').slot, parsed(leaves[b] ?? '').slot]
  const first = changed(leaves, a, { who: whoB, slot: slotB })
  return changed(first, b, { who: whoA, slot: slotA })
}

/** In its `who`, so that it stays a leaf that may be one. */
function bitFlipped(leaf: string): string {
  const at = leaf.indexOf('"who":"') + 8
  const flipped = String.fromCharCode(leaf.charCodeAt(at) ^ 1)
  return leaf.slice(0, at) + flipped + leaf.slice(at + 1)
}

const replaced = otherSale('ann', 'gus')
const flippedHash = (hash: string) => (hash.startsWith('A') ? 'B' : 'A') + hash.slice(1)

const ofTrees: readonly Cheat[] = [
  {
    name: 'a winner is replaced, and all is signed again',
    said: publish(replaced),
    receipt: ann,
    says: /the receipt: its checkpoint is of another tree of 16 entries/,
  },
  {
    name: 'a fork is shown to one user',
    said: publish(honest),
    receipt: receiptOf(otherSale('bob', 'hal'), 'ann'),
    says: /the receipt: its checkpoint is of another tree/,
  },
  {
    name: 'the log is rolled back',
    said: publish(honest.slice(0, 8)),
    receipt: ann,
    says: /the receipt: its checkpoint has 16 entries, and this sale has fewer/,
  },
  {
    name: 'a checkpoint is signed by another key',
    said: { ...publish(honest), checkpoint: checkpointOf(honest, otherKey) },
    says: /its signature is not by the key of/,
  },
  {
    name: 'the receipt is signed by another key',
    said: publish(honest),
    receipt: receiptOf(honest, 'ann', otherKey),
    says: /the receipt: its checkpoint: its signature is not by the key/,
  },
  {
    name: 'the entries are cut',
    said: { ...publish(honest), leaves: honest.slice(0, 12) },
    says: /12 entries, and the checkpoint is of 16|the entries end at 12 of 16/,
  },
  {
    name: 'an entry is not the one that was signed',
    said: { ...publish(honest), leaves: changed(honest, 9, { who: who('gus') }) },
    says: /do not make the (root of the checkpoint|signed root)/,
  },
  {
    name: 'one bit of a leaf is changed',
    said: { ...publish(honest), leaves: honest.with(9, bitFlipped(honest[9] ?? '')) },
    says: /do not make the (root of the checkpoint|signed root)/,
  },
]

const ofReceipts: readonly Cheat[] = [
  {
    name: 'a proof of inclusion lies',
    receipt: { ...ann, inclusion: ann.inclusion.map((proof) => proof.map(flippedHash)) },
    says: /the proof that entry 1 is in its checkpoint is wrong|a proof/,
  },
  {
    name: 'a proof of inclusion is missing',
    receipt: { ...ann, inclusion: ann.inclusion.slice(1) },
    says: /entry 3 has no proof|entry 1 .* wrong|does not hold/,
  },
  {
    name: 'an entry of the user is left out',
    receipt: { ...dan, entries: dan.entries.slice(1), inclusion: dan.inclusion.slice(1) },
    says: /its entries are 12, and the sale has of this "who" 9, 12|must name 9,12/,
  },
  {
    name: 'a receipt without entries is given to a winner',
    receipt: { ...ann, entries: [], inclusion: [] },
    says: /its entries are none, and the sale has .* 1, 3|must name 1,3/,
  },
  {
    name: 'the receipt is of somebody else',
    receipt: { ...ann, userId: 'gus' },
    says: /its "who" is not that of gus|of another user/,
  },
  {
    name: 'the receipt has the entries of somebody else',
    receipt: { ...ann, entries: dan.entries, inclusion: dan.inclusion },
    says: /its entry 9 is not of its "who"|must name 1,3/,
  },
  {
    name: 'the receipt has another leaf',
    receipt: { ...ann, entries: ann.entries.map(({ n }) => ({ n, leaf: honest[2] ?? '' })) },
    says: /entry 1 is not of its "who"|a proof/,
  },
].map((cheat) => ({ ...cheat, said: publish(honest) }))

export const cheats: readonly Cheat[] = [...ofOutcomes, ...ofTrees, ...ofReceipts]

/** What docs/verify.md promises to be found, by every verifier. */
export const promisedCheats: readonly Cheat[] = [
  'a winner is replaced, and all is signed again',
  'two winners are swapped',
  'a claim is dropped',
  'a claim is inserted early',
  'a late restock is hidden',
  'the same person wins twice under two accounts of one "who"',
  'the opening is moved after the fact',
  'the opening is moved after it opened',
  'a fork is shown to one user',
  'the log is rolled back',
  'one bit of a leaf is changed',
  'a checkpoint is signed by another key',
  'the entries are cut',
  'a proof of inclusion lies',
].map((name) => {
  const cheat = cheats.find((one) => one.name === name)
  assert.ok(cheat, name)
  return cheat
})
