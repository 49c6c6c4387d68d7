import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import {
  couponId,
  honestLeaves,
  honestSteps,
  leavesOf,
  logOf,
  type Publication,
  publish,
  receiptOf,
  time,
  who,
} from '../../../test/models/published-sale.ts'
import { cheats } from '../../../test/models/sale-cheats.ts'
import { canonicalJson } from './canonical-json.ts'
import { readReceipt } from './receipt.ts'
import { newSale } from './sale.ts'
import { beginCheck, endCheck, type SaleCheck, takeLine } from './sale-check.ts'
import { readSavedSale, savedEnd, savedHead } from './saved-sale.ts'
import { parseVerifierKey } from './signed-note.ts'
import { inWords, type Told } from './told.ts'
import { emptyTree } from './tree.ts'

function checked({ leaves, checkpoint, key }: Publication, receipt?: object): SaleCheck {
  const own = parseVerifierKey(key)
  assert.ok(own)
  const read = receipt === undefined ? undefined : readReceipt(JSON.stringify(receipt))
  assert.notEqual(read, null)
  const check = beginCheck({ couponId, keys: [own], checkpoint, receipt: read ?? undefined })
  if (check.opened === null) return check
  for (const leaf of leaves.slice(0, check.opened.checkpoint.size)) takeLine(check, leaf)
  return check
}

const honest = honestLeaves()
const worded = (all: readonly Told[]) => all.map((one) => inWords(one))

test('An honest sale holds, with the receipts of winners and losers, and with none.', () => {
  assert.deepEqual(endCheck(checked(publish(honest))), [])
  for (const [userId, claims] of Object.entries({ ann: [1, 3], dan: [9, 12], nobody: [] })) {
    const check = checked(publish(honest), receiptOf(honest, userId))
    assert.deepEqual(endCheck(check), [], userId)
    assert.deepEqual(
      check.own.map(({ n }) => n),
      claims,
    )
  }
})

test('A receipt of any moment of the sale holds against everything that came after it.', () => {
  for (let size = 1; size < honest.length; size += 1) {
    const check = checked(publish(honest), receiptOf(honest.slice(0, size), 'dan'))
    assert.deepEqual(endCheck(check), [], `${size}`)
  }
})

test('What was done is told in the order in which it happened, and the winners are counted.', () => {
  const { sale } = checked(publish(honest))
  assert.deepEqual([...sale.winners.values()], [1, 2, 3, 4])
  assert.deepEqual(worded(sale.acts), [
    `entry 0, ${time(0)}: created with 3, opens ${time(10)}, closes ${time(600)}`,
    `opened at ${time(10)}: entry 2 is the first after it`,
    `entry 5, ${time(12)}: paused`,
    `entry 7, ${time(14)}: resumed`,
    `entry 10, ${time(20)}: restocked by 1, 4 in all`,
    `entry 13, ${time(30)}: closed by the operator`,
  ])
  assert.equal(sale.ignored, 1)
})

describe('A cheat is found:', () => {
  for (const { name, said, receipt, says } of cheats) {
    test(name, () => {
      const faults = worded(endCheck(checked(said, receipt)))
      assert.match(faults.join('\n'), says)
    })
  }
})

test('Of 10,000 leaves with one bit changed each is found.', () => {
  const said = publish(honest.slice(0, 5))
  const begun = checked({ ...said, leaves: [] })
  const bytes = Buffer.from(said.leaves.join('\n'))
  fc.assert(
    fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
      const copy = Buffer.from(bytes)
      copy[bit >>> 3] = (copy[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
      // The checkpoint is opened once: its signature costs more than the leaves.
      const check = { ...begun, tree: emptyTree(), sale: newSale(), own: [], entryFaults: [] }
      for (const leaf of copy.toString().split('\n').slice(0, 5)) takeLine(check, leaf)
      assert.notDeepEqual(endCheck(check), [], `bit ${bit}`)
    }),
    { numRuns: 10_000 },
  )
})

test('Any bit of the proofs of a receipt that is changed is found.', () => {
  const said = publish(honest.slice(0, 6))
  const receipt = receiptOf(said.leaves, 'ann')
  const hashes = receipt.inclusion.flat().map((one) => Buffer.from(one, 'base64'))
  const bytes = Buffer.concat(hashes)
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const copy = Buffer.from(bytes)
    copy[bit >>> 3] = (copy[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
    const at = (n: number) => copy.subarray(32 * n, 32 * n + 32).toString('base64')
    let taken = 0
    const inclusion = receipt.inclusion.map((proof) => proof.map(() => at(taken++)))
    assert.notDeepEqual(endCheck(checked(said, { ...receipt, inclusion })), [], `bit ${bit}`)
  }
})

test('Records that rules 2 bring are followed: audience, edits and revocations.', () => {
  const leaf = (place: readonly [n: number, second: number], kind: string, own: object) => {
    return canonicalJson({ n: place[0], at: time(place[1]), kind, ...own })
  }
  const terms = { rules: 2, name: 'Members', quantity: 1, opensAt: time(10), minimum: 0 }
  const audience = { attribute: 'tier', values: ['gold'] }
  const discount = { kind: 'percent', value: 10, max: 500 }
  const leaves = [
    leaf([0, 0], 'created', { ...terms, audience, discount, validDays: 7, validUntil: time(900) }),
    leaf([1, 1], 'edited', { opensAt: time(5), name: 'All members' }),
    leaf([2, 5], 'claim', { who: who('bob'), outcome: 'not_eligible' }),
    leaf([3, 6], 'claim', { who: who('ann'), outcome: 'issued', slot: 1 }),
    leaf([4, 7], 'claim', { who: who('bob'), outcome: 'not_eligible' }),
    leaf([5, 7], 'claim', { who: who('cat'), outcome: 'sold_out' }),
    leaf([6, 8], 'edited', { closesAt: time(9) }),
    leaf([7, 8], 'revoked', { who: who('ann') }),
    leaf([8, 8], 'revoked', { all: true }),
    leaf([9, 9], 'claim', { who: who('bob'), outcome: 'closed' }),
    leaf([10, 9], 'edited', { ignored: true }),
  ]
  assert.deepEqual(endCheck(checked(publish(leaves))), [])
  const late: [edit: object, says: RegExp][] = [
    [{ opensAt: time(9) }, /entry 6 moves the opening/],
    [{ closesAt: time(8) }, /entry 6 leaves the close at .* not after/],
  ]
  for (const [edit, says] of late) {
    const edited = leaves.slice(0, 6).concat(leaf([6, 8], 'edited', edit))
    assert.match(worded(endCheck(checked(publish(edited)))).join(), says)
  }
  const named = leaves.slice(0, 10).concat(leaf([10, 9], 'edited', { name: 'Late' }))
  assert.match(worded(endCheck(checked(publish(named)))).join(), /entry 10 edits after the close/)
  const wrong = leaves.with(7, leaf([7, 8], 'revoked', { who: who('cat') }))
  assert.match(
    worded(endCheck(checked(publish(wrong)))).join(),
    /entry 7 revokes .* has won nothing/,
  )
})

test('After the first things that are wrong the others are only counted.', () => {
  const late = leavesOf(logOf(honestSteps)).get(couponId) ?? []
  const leaves = late.map((leaf) => leaf.replace('"n"', '"m"'))
  const check = checked(publish(leaves))
  assert.equal(endCheck(check).length, 5)
  assert.equal(check.entryFaultsLeftOut, leaves.length - 5)
})

test('A saved sale is read as it was; cut anywhere or with any bit changed it is none.', () => {
  const { leaves, checkpoint, key } = publish(honest.slice(0, 3))
  const entries = leaves.map((leaf) => `${leaf}\n`).join('')
  const text = savedHead({ couponId, key, checkpoint }) + entries
  const file = Buffer.from(text + savedEnd(hash('sha256', text)))
  assert.deepEqual(readSavedSale(file), {
    couponId,
    key,
    checkpoint,
    entries: Buffer.from(entries),
  })
  for (let size = 0; size < file.length; size += 1) {
    assert.equal(readSavedSale(file.subarray(0, size)), null, `cut at ${size}`)
  }
  for (let bit = 0; bit < file.length * 8; bit += 1) {
    const copy = Buffer.from(file)
    copy[bit >>> 3] = (copy[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
    assert.equal(readSavedSale(copy), null, `bit ${bit}`)
  }
})

test('What is no receipt is none, whatever it is.', () => {
  const receipt = receiptOf(honest, 'ann')
  const wrong = [
    '',
    'null',
    '[]',
    '{}',
    '"receipt"',
    ...Object.keys(receipt).map((name) => JSON.stringify({ ...receipt, [name]: 7 })),
    JSON.stringify({ ...receipt, entries: [{ n: -1, leaf: '' }] }),
    JSON.stringify({ ...receipt, salt: '!' }),
    JSON.stringify({ ...receipt, inclusion: [['!']] }),
  ]
  for (const text of wrong) assert.equal(readReceipt(text), null, text)
  fc.assert(fc.property(fc.json(), (text) => assert.equal(readReceipt(text), null)))
})
