// The hash tree of RFC 6962, as a range of complete subtrees: a leaf is appended in O(log n), and
// what is kept of a tree of any size is at most one hash for each bit of that size. Proofs are made
// from the hashes of complete subtrees, which never change once they are complete.

import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'

export const hashBytes = 32

/** Of a leaf as it stands in NDJSON, without its line end. */
export function leafHash(leaf: string | Buffer): Buffer {
  const bytes = typeof leaf === 'string' ? Buffer.from(leaf) : leaf
  return hash('sha256', Buffer.concat([leafMark, bytes]), 'buffer')
}

export function nodeHash(left: Buffer, right: Buffer): Buffer {
  return hash('sha256', Buffer.concat([nodeMark, left, right]), 'buffer')
}

/** A tree that grows: its complete subtrees from the left, the largest first. Changed in place. */
export type GrowingTree = { size: number; subtrees: Buffer[] }

export function emptyTree(): GrowingTree {
  return { size: 0, subtrees: [] }
}

/** `onNode` is told each complete subtree that this leaf completes: of 2^level leaves. */
export function appendLeaf(tree: GrowingTree, leaf: Buffer, onNode?: OnNode): void {
  let node = leaf
  let index = tree.size
  onNode?.(0, index, node)
  for (let level = 1; index % 2 === 1; level += 1) {
    node = nodeHash(tree.subtrees.pop() ?? none, node)
    index = (index - 1) / 2
    onNode?.(level, index, node)
  }
  tree.subtrees.push(node)
  tree.size += 1
}
export type OnNode = (level: number, index: number, node: Buffer) => void

export function rootOf({ subtrees }: GrowingTree): Buffer {
  return (
    subtrees.reduceRight<Buffer | null>(
      (right, left) => (right === null ? left : nodeHash(left, right)),
      null,
    ) ?? emptyRoot
  )
}

/** The hash of the complete subtree over leaves `index * 2^level` and the following 2^level. */
export type NodeAt = (level: number, index: number) => Buffer

/** Of the tree of the first `size` leaves. */
export function rootAt(size: number, nodeAt: NodeAt): Buffer {
  return size === 0 ? emptyRoot : rangeHash({ begin: 0, end: size }, nodeAt)
}

/** That leaf `n` is in the tree of the first `size` leaves (RFC 6962, 2.1.1); 0 ≤ n < size. */
export function inclusionProof(n: number, size: number, nodeAt: NodeAt): Buffer[] {
  const proof: Buffer[] = []
  let [begin, end] = [0, size]
  while (end - begin > 1) {
    const middle = begin + largestPowerBelow(end - begin)
    const isLeft = n < middle
    proof.push(rangeHash(isLeft ? { begin: middle, end } : { begin, end: middle }, nodeAt))
    if (isLeft) end = middle
    else begin = middle
  }
  return proof.toReversed()
}

/** That the first `from` leaves of the tree of `to` are those of the tree of `from` (2.1.2). */
export function consistencyProof(from: number, to: number, nodeAt: NodeAt): Buffer[] {
  if (from === 0 || from === to) return []
  const proof: Buffer[] = []
  let [begin, end] = [0, to]
  while (end !== from) {
    const middle = begin + largestPowerBelow(end - begin)
    const isLeft = from <= middle
    proof.push(rangeHash(isLeft ? { begin: middle, end } : { begin, end: middle }, nodeAt))
    if (isLeft) end = middle
    else begin = middle
  }
  // Where the old tree is itself one of the complete subtrees, its root is known to who checks.
  if (begin !== 0) proof.push(rangeHash({ begin, end }, nodeAt))
  return proof.toReversed()
}

type Range = { begin: number; end: number }

function rangeHash({ begin, end }: Range, nodeAt: NodeAt): Buffer {
  const count = end - begin
  const left = count === 1 ? 1 : largestPowerBelow(count)
  if (left * 2 === count || count === 1) return nodeAt(Math.log2(count), begin / count)
  const middle = begin + left
  return nodeHash(
    rangeHash({ begin, end: middle }, nodeAt),
    rangeHash({ begin: middle, end }, nodeAt),
  )
}

function largestPowerBelow(count: number): number {
  let power = 1
  while (power * 2 < count) power *= 2
  return power
}

const leafMark = Buffer.from([0])
const nodeMark = Buffer.from([1])
const none = Buffer.alloc(0)
const emptyRoot = hash('sha256', none, 'buffer')
