import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  checkpointOf,
  couponId,
  honestLeaves,
  keyOf,
  origin,
  otherKey,
  ownKey,
} from '../../../test/models/published-sale.ts'
import { formatCheckpoint, openCheckpoint, parseCheckpoint } from './checkpoint.ts'
import {
  formatVerifierKey,
  isSignedBy,
  parseNote,
  parseVerifierKey,
  rawPublicKey,
  signNote,
  verifierKey,
} from './signed-note.ts'
import { inWords } from './told.ts'

/** The example of Go's package note, which the specification comes from. */
const neumann = {
  key: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  note:
    'If you think cryptography is the answer to your problem,\n' +
    "then you don't know what your problem is.\n\n" +
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf' +
    'qdngotpRZb6KE6RyyBwJnAM=\n',
}

test('A note of another implementation is verified, and no longer with one letter changed.', () => {
  const key = parseVerifierKey(neumann.key)
  assert.ok(key)
  assert.equal(formatVerifierKey(key), neumann.key)
  const holds = (text: string) => {
    const note = parseNote(text)
    return note !== null && isSignedBy(note, key)
  }
  assert.ok(holds(neumann.note))
  assert.ok(!holds(neumann.note.replace('answer', 'Answer')))
})

const vectorsFile = new URL('../../../test/golden/tlog/vectors.jsonl', import.meta.url)
const vectors = JSON.parse(readFileSync(vectorsFile, 'utf8')) as {
  leaves: string[]
  privateKey: string
  verifierKey: string
  checkpoint: string
}

test('A checkpoint and its signature are byte for byte those of another implementation.', () => {
  const privateKey = createPrivateKey(vectors.privateKey)
  assert.equal(checkpointOf(vectors.leaves, privateKey), vectors.checkpoint)
  const own = verifierKey(origin, rawPublicKey(privateKey))
  assert.equal(formatVerifierKey(own), vectors.verifierKey)
  const opened = openCheckpoint(vectors.checkpoint, { couponId, keys: [own] })
  assert.ok('checkpoint' in opened)
  assert.equal(opened.checkpoint.size, vectors.leaves.length)
})

test('A checkpoint has one spelling: everything else is none.', () => {
  const root = Buffer.alloc(32, 7)
  const text = formatCheckpoint({ origin: 'a', size: 12, root })
  assert.deepEqual(parseCheckpoint(text), { origin: 'a', size: 12, root })
  const wrong = [
    text.slice(0, -1),
    `${text}\n`,
    `${text}more\n`,
    text.replace('12', '012'),
    text.replace('12', '-1'),
    text.replace('12', '1e1'),
    text.replace('a\n', '\n'),
    text.replace('=', ''),
    'a\n12\nAAAA\n',
    '',
  ]
  for (const one of wrong) assert.equal(parseCheckpoint(one), null, JSON.stringify(one))
})

test('Only what the key of this coupon has signed is opened, and the reason is said.', () => {
  const signed = checkpointOf(honestLeaves())
  const own = [keyOf(ownKey)]
  const open = (note: string, keys = own, id = couponId) =>
    openCheckpoint(note, { couponId: id, keys })
  const isOpened = (opened: ReturnType<typeof open>) => 'checkpoint' in opened
  assert.ok(isOpened(open(signed)))
  assert.ok(isOpened(open(signed, [keyOf(ownKey, 'coupons.example')])), 'under the prefix')
  assert.ok(isOpened(open(signed, [keyOf(otherKey), ...own])), 'the key was changed')
  const table: [note: string, keys: typeof own, says: RegExp][] = [
    [signed, [keyOf(otherKey)], /not by the key of coupons\.example/],
    [signed, [keyOf(ownKey, 'elsewhere')], /and the key is of elsewhere/],
    [signed, [keyOf(ownKey, 'coupons.example/coupons/second-sale')], /the key is of/],
    [checkpointOf(honestLeaves(), otherKey), own, /not by the key .* but by another: \w{8}$/],
    [signed.replace(/— \S+ /, '— other '), own, /but by another: none/],
    [signed.replace('\n16\n', '\n15\n'), own, /it names \w{8}, and does not hold/],
    [checkpointOf(honestLeaves(), ownKey, 'coupons.example/coupons/x'), own, /which is not coupon/],
    [signNote('no checkpoint\n', [{ name: origin, privateKey: ownKey }]), own, /no signed check/],
    ['', own, /no signed checkpoint/],
  ]
  for (const [note, keys, says] of table) {
    const opened = open(note, keys)
    assert.match('fault' in opened ? inWords(opened.fault) : 'opened', says)
  }
})

test('Signatures of others beside it change nothing; a false one under our name does.', () => {
  const text = formatCheckpoint({ origin, size: 1, root: Buffer.alloc(32) })
  const signers = [
    { name: origin, privateKey: ownKey },
    { name: 'witness.example', privateKey: otherKey },
  ]
  const signed = signNote(text, signers)
  const keys = [keyOf(ownKey)]
  assert.ok('checkpoint' in openCheckpoint(signed, { couponId, keys }))
  const [, false_ = ''] =
    /(— .*\n)— witness/.exec(signNote(`${text.slice(0, -2)}\n`, signers)) ?? []
  assert.ok('fault' in openCheckpoint(signed + false_, { couponId, keys }))
})

test('Any bit of a checkpoint that is changed is found, in text and signature.', () => {
  const signed = Buffer.from(checkpointOf(honestLeaves()))
  const keys = [keyOf(ownKey)]
  for (let bit = 0; bit < signed.length * 8; bit += 1) {
    const copy = Buffer.from(signed)
    copy[bit >>> 3] = (copy[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
    const opened = openCheckpoint(copy.toString(), { couponId, keys })
    assert.ok('fault' in opened, `bit ${bit}`)
  }
})

test('What is no note and no verifier key is refused, whatever it is.', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(parseVerifierKey(text), null)
      assert.equal(parseNote(`${text}\n\n— a\n`), null)
    }),
  )
  const key = formatVerifierKey(keyOf(ownKey))
  for (let at = 0; at < key.length; at += 1) {
    const other = `${key.slice(0, at)}${key[at] === 'x' ? 'y' : 'x'}${key.slice(at + 1)}`
    assert.equal(parseVerifierKey(other), null, other)
  }
})
