import assert from 'node:assert/strict'
import { createPrivateKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  checkpointOf,
  honestLeaves,
  keyOf,
  nodesOf,
  origin,
  otherKey,
  ownKey,
} from '../../../test/models/published-sale.ts'
import { parseCheckpoint } from './checkpoint.ts'
import {
  cosign,
  cosignatureIn,
  formatWitnessKey,
  isCosignedBy,
  parseWitnessKey,
  withSignaturesOf,
  witnessKey,
} from './cosignature.ts'
import { parseNote, rawPublicKey, signatureLine, signNote } from './signed-note.ts'
import { consistencyProof } from './tree.ts'
import { formatAddCheckpoint, judge, parseAddCheckpoint, readCheckpoint } from './witness.ts'

const vectorsFile = new URL('../../../test/golden/tlog/vectors.jsonl', import.meta.url)
const vectors = JSON.parse(readFileSync(vectorsFile, 'utf8')) as Record<
  'checkpoint' | 'witnessPrivateKey' | 'witnessKey' | 'cosigned',
  string
>
const privateKey = createPrivateKey(vectors.witnessPrivateKey)
const signer = { name: 'witness.example', privateKey }
const key = witnessKey(signer.name, rawPublicKey(privateKey))
const textOf = (note: string) => parseNote(note)?.text ?? ''

test('A cosignature is byte for byte that of another implementation, and holds here.', () => {
  const line = cosign(textOf(vectors.checkpoint), signer, 1_700_000_000)
  assert.equal(vectors.checkpoint + line, vectors.cosigned)
  assert.equal(formatWitnessKey(key), vectors.witnessKey)
  assert.deepEqual(parseWitnessKey(vectors.witnessKey), key)
  const note = parseNote(vectors.cosigned)
  assert.ok(note !== null && isCosignedBy(note, key))
})

test('Any bit of a cosignature that is changed is found, also of its time.', () => {
  const text = textOf(vectors.checkpoint)
  const line = cosign(text, signer, 1_700_000_000)
  assert.equal(cosignatureIn(line, text, key), line)
  const [signed] = parseNote(`${text}\n${line}`)?.signatures ?? []
  assert.ok(signed)
  for (let bit = 0; bit < signed.signature.length * 8; bit += 1) {
    const signature = Buffer.from(signed.signature)
    signature[bit >>> 3] = (signature[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
    const other = signatureLine({ ...signed, signature })
    assert.equal(cosignatureIn(other, text, key), null, `bit ${bit}`)
    assert.equal(cosignatureIn(other + line, text, key), line)
    const both = parseNote(`${text}\n${line}${other}`)
    assert.ok(both !== null && !isCosignedBy(both, key))
  }
  const plain = sign(null, Buffer.from(text), privateKey)
  const bare = signatureLine({ name: key.name, id: key.id, signature: plain })
  for (const answer of ['', 'no\n', bare, cosign(`${text}x\n`, signer, 1)]) {
    assert.equal(cosignatureIn(answer, text, key), null)
  }
})

test('Signatures of one checkpoint are put together, each once, and those of another are not.', () => {
  const text = textOf(vectors.checkpoint)
  const one = `${vectors.checkpoint}${cosign(text, signer, 1)}`
  const line = cosign(text, { name: 'other.example', privateKey: otherKey }, 2)
  const other = `${vectors.checkpoint}${line}`
  assert.equal(withSignaturesOf(one, other), one + line)
  assert.equal(withSignaturesOf(one, one), one)
  assert.equal(withSignaturesOf(one, checkpointOf(honestLeaves())), one)
})

const leaves = honestLeaves()
const forked = [...leaves.slice(0, 3), ...leaves.slice(4)]
const noteAt = (size: number, from = leaves, by = ownKey) => checkpointOf(from.slice(0, size), by)
const proof = (from: number, to: number, of = leaves) => consistencyProof(from, to, nodesOf(of))
const seenAt = (size: number) => parseCheckpoint(textOf(noteAt(size)))
const ask = (old: number, note: string, hashes: Buffer[] = []) =>
  formatAddCheckpoint({ old, proof: hashes, note })

type Case = [what: string, seen: number | null, body: string, kind: string, size?: number]
const [first] = proof(4, 9)
assert.ok(first)
const cases: Case[] = [
  ['the first one of a log', null, ask(0, noteAt(5)), 'goes_on'],
  ['one that goes on', 4, ask(4, noteAt(9), proof(4, 9)), 'goes_on'],
  ['the same again', 9, ask(9, noteAt(9)), 'goes_on'],
  ['one from another size', 4, ask(0, noteAt(9)), 'conflict', 4],
  ['one from a size beyond', null, ask(4, noteAt(9), proof(4, 9)), 'conflict', 0],
  ['a log that was rolled back', 9, ask(4, noteAt(4)), 'conflict', 9],
  ['a fork of the same size', 9, ask(9, noteAt(9, forked)), 'conflict', 9],
  ['a fork of another size', 5, ask(5, noteAt(9, forked), proof(5, 9, forked)), 'inconsistent'],
  ['a proof of another size', 4, ask(4, noteAt(9), proof(3, 9)), 'inconsistent'],
  ['no proof', 4, ask(4, noteAt(9)), 'inconsistent'],
  ['a proof from nothing', null, ask(0, noteAt(9), [first]), 'inconsistent'],
  ['a proof of the same', 9, ask(9, noteAt(9), [first]), 'inconsistent'],
  ['a size above the new one', 9, ask(9, noteAt(4)), 'malformed'],
  ['another key', 4, ask(4, noteAt(9, leaves, otherKey), proof(4, 9)), 'not_signed'],
  ['an unknown log', null, ask(0, checkpointOf(leaves, ownKey, 'elsewhere/a')), 'unknown_log'],
  [
    'no coupon',
    null,
    ask(0, checkpointOf(leaves, ownKey, 'coupons.example/coupons/')),
    'unknown_log',
  ],
  ['a text', null, ask(0, signNote('a\nb\n', [{ name: origin, privateKey: ownKey }])), 'malformed'],
  ['no note', null, 'old 0\n\nhello\n', 'malformed'],
  [
    '64 lines',
    4,
    ask(
      4,
      noteAt(9),
      Array.from({ length: 64 }, () => first),
    ),
    'malformed',
  ],
  ['a size with a zero', null, ask(0, noteAt(5)).replace('old 0', 'old 00'), 'malformed'],
  ['a short hash', 4, ask(4, noteAt(9), [first.subarray(1)]), 'malformed'],
  ['no size', null, ask(0, noteAt(5)).replace('old 0\n', ''), 'malformed'],
  ['nothing', null, '', 'malformed'],
]

for (const [what, seen, body, kind, size] of cases) {
  test(`A witness is shown ${what}: ${kind}.`, () => {
    for (const name of ['coupons.example', origin]) {
      if (name === origin && what === 'no coupon') continue
      const logs = [keyOf(otherKey, 'another.example'), keyOf(ownKey, name)]
      const judged = judge(body, { logs, seen: () => (seen === null ? null : seenAt(seen)) })
      assert.equal(judged.kind, kind)
      assert.equal(judged.kind === 'conflict' ? judged.size : undefined, size)
    }
  })
}

test('A question reads as it was written, and a checkpoint may have lines of its own.', () => {
  const asked = { old: 4, proof: proof(4, 9), note: noteAt(9) }
  assert.deepEqual(parseAddCheckpoint(formatAddCheckpoint(asked)), asked)
  const text = textOf(noteAt(9))
  assert.deepEqual(readCheckpoint(`${text}more\n`), readCheckpoint(text))
  assert.equal(readCheckpoint(`${text}\nmore\n`), null)
  assert.equal(readCheckpoint(text.slice(0, -1)), null)
})
