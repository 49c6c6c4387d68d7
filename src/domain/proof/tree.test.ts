import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { nodesOf } from '../../../test/models/published-sale.ts'
import {
  appendLeaf,
  consistencyProof,
  emptyTree,
  inclusionProof,
  leafHash,
  rootAt,
  rootOf,
} from './tree.ts'
import { isConsistent, isIncluded } from './tree-proofs.ts'

/** Of the reference implementation of Certificate Transparency, in hexadecimal digits. */
const published = {
  leaves: [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ],
  roots: [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ],
}

test('The roots of the published vectors of RFC 6962 are made, leaf by leaf.', () => {
  const tree = emptyTree()
  assert.equal(rootOf(tree).toString('hex'), published.roots[0])
  for (const [n, leaf] of published.leaves.entries()) {
    appendLeaf(tree, leafHash(Buffer.from(leaf, 'hex')))
    assert.equal(rootOf(tree).toString('hex'), published.roots[n + 1])
  }
})

type Vectors = {
  leaves: string[]
  roots: string[]
  inclusion: string[][][]
  consistency: string[][]
}
const vectorsFile = new URL('../../../test/golden/tlog/vectors.jsonl', import.meta.url)
const vectors = JSON.parse(readFileSync(vectorsFile, 'utf8')) as Vectors
const coded = (hashes: readonly Buffer[]) => hashes.map((one) => one.toString('base64'))

test('Roots and proofs are those of another implementation.', () => {
  const { leaves, roots, inclusion, consistency } = vectors
  const nodeAt = nodesOf(leaves)
  for (const [size, root] of roots.entries()) {
    assert.equal(rootAt(size, nodeAt).toString('base64'), root)
    const proof = coded(consistencyProof(size, leaves.length, nodeAt))
    assert.deepEqual(proof, consistency[size])
  }
  for (const [at, proofs] of inclusion.entries()) {
    for (const [n, proof] of proofs.entries()) {
      assert.deepEqual(coded(inclusionProof(n, 1 + 4 * at, nodeAt)), proof)
    }
  }
})

const leafTexts = fc.array(fc.string(), { minLength: 1, maxLength: 70 })

test('Any leaves have one root, however they came, and their proofs hold between any sizes.', () => {
  fc.assert(
    fc.property(leafTexts, fc.nat(), fc.nat(), (leaves, a, b) => {
      const nodeAt = nodesOf(leaves)
      const size = 1 + (a % leaves.length)
      const n = b % size
      const tree = emptyTree()
      for (const leaf of leaves.slice(0, size)) appendLeaf(tree, leafHash(leaf))
      const root = rootOf(tree)
      assert.deepEqual(root, rootAt(size, nodeAt))
      const leaf = leafHash(leaves[n] ?? '')
      const proof = inclusionProof(n, size, nodeAt)
      assert.ok(isIncluded({ n, size, leaf, root, proof }))
      const path = consistencyProof(n, size, nodeAt)
      const fromRoot = rootAt(n, nodeAt)
      assert.ok(isConsistent({ from: n, to: size, fromRoot, toRoot: root, proof: path }))
    }),
    { numRuns: 500 },
  )
})

test('A tree goes on from what was kept of it, wherever it was cut, to the same root.', () => {
  fc.assert(
    fc.property(leafTexts, fc.nat(), (leaves, at) => {
      const cut = at % (leaves.length + 1)
      let tree = emptyTree()
      for (const [n, leaf] of leaves.entries()) {
        if (n === cut) tree = { size: tree.size, subtrees: [...tree.subtrees] }
        appendLeaf(tree, leafHash(leaf))
      }
      assert.deepEqual(rootOf(tree), rootAt(leaves.length, nodesOf(leaves)))
      assert.ok(tree.subtrees.length <= Math.ceil(Math.log2(leaves.length + 1)))
    }),
  )
})

test('Of 10,000 proofs with one bit changed, a hash more, less, or other numbers none holds.', () => {
  const leaves = Array.from({ length: 53 }, (_, n) => `leaf ${n}`)
  const nodeAt = nodesOf(leaves)
  const flip = (hashes: readonly Buffer[], bit: number) => {
    const copy = Buffer.concat(hashes)
    const at = bit % (copy.length * 8)
    copy[at >>> 3] = (copy[at >>> 3] ?? 0) ^ (1 << (at & 7))
    return hashes.map((_, n) => copy.subarray(32 * n, 32 * n + 32))
  }
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), (a, b, bit) => {
      const size = 2 + (a % (leaves.length - 1))
      const n = b % size
      const root = rootAt(size, nodeAt)
      const leaf = leafHash(leaves[n] ?? '')
      const proof = inclusionProof(n, size, nodeAt)
      const right = { n, size, leaf, root, proof }
      const [flippedLeaf = leaf, ...flipped] = flip([leaf, ...proof], bit)
      assert.ok(!isIncluded({ ...right, leaf: flippedLeaf, proof: flipped }))
      assert.ok(!isIncluded({ ...right, n: (n + 1) % size }))
      assert.ok(!isIncluded({ ...right, proof: proof.slice(1) }))
      assert.ok(!isIncluded({ ...right, proof: [...proof, leaf] }))
      const from = 1 + (n % (size - 1))
      const path = consistencyProof(from, size, nodeAt)
      const fromRoot = rootAt(from, nodeAt)
      const held = { from, to: size, fromRoot, toRoot: root, proof: path }
      const [fromOther = fromRoot, toOther = root, ...other] = flip([fromRoot, root, ...path], bit)
      assert.ok(!isConsistent({ ...held, fromRoot: fromOther, toRoot: toOther, proof: other }))
      assert.ok(!isConsistent({ ...held, proof: path.slice(1) }))
      assert.ok(!isConsistent({ ...held, proof: [...path, root] }))
    }),
    { numRuns: 10_000 },
  )
})

test('Trees of no size, of the same size and of fewer leaves are held as RFC 9162 says.', () => {
  const a = leafHash('a')
  const b = leafHash('b')
  const same = { from: 1, to: 1, fromRoot: a, toRoot: a, proof: [] }
  assert.ok(isConsistent(same))
  assert.ok(!isConsistent({ ...same, toRoot: b }))
  assert.ok(!isConsistent({ ...same, proof: [a] }))
  assert.ok(!isConsistent({ ...same, from: 2 }))
  assert.ok(isIncluded({ n: 0, size: 1, leaf: a, root: a, proof: [] }))
  assert.ok(!isIncluded({ n: 1, size: 1, leaf: a, root: a, proof: [] }))
  assert.ok(!isIncluded({ n: 0, size: 2, leaf: a, root: a, proof: [] }), 'a proof that ends below')
})
