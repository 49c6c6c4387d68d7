// Checks proofs by the steps of RFC 9162 (2.1.3.2 and 2.1.4.2), which share nothing with the way
// in which tree.ts makes them.

import { nodeHash } from './tree.ts'

export type Inclusion = {
  n: number
  size: number
  leaf: Buffer
  root: Buffer
  proof: readonly Buffer[]
}

/** Whether the proof shows that `leaf` (its hash) is number `n` of the tree with this root. */
export function isIncluded({ n, size, leaf, root, proof }: Inclusion): boolean {
  if (n >= size) return false
  const path = { at: n, last: size - 1 }
  let made = leaf
  for (const other of proof) {
    if (path.last === 0) return false
    made = stepsRight(path) ? nodeHash(other, made) : nodeHash(made, other)
    up(path)
  }
  return path.last === 0 && made.equals(root)
}

export type Consistency = {
  from: number
  to: number
  fromRoot: Buffer
  toRoot: Buffer
  proof: readonly Buffer[]
}

/** Whether the proof shows that the tree of size `from` begins the one of size `to`. */
export function isConsistent({ from, to, fromRoot, toRoot, proof }: Consistency): boolean {
  if (from > to) return false
  if (from === to) return proof.length === 0 && fromRoot.equals(toRoot)
  if (from === 0) return proof.length === 0
  const [first, ...others] = isPowerOfTwo(from) ? [fromRoot, ...proof] : proof
  if (first === undefined) return false
  const path = { at: from - 1, last: to - 1 }
  while (path.at % 2 === 1) up(path)
  let [old, made] = [first, first]
  for (const other of others) {
    if (path.last === 0) return false
    if (stepsRight(path)) {
      old = nodeHash(other, old)
      made = nodeHash(other, made)
    } else made = nodeHash(made, other)
    up(path)
  }
  return path.last === 0 && old.equals(fromRoot) && made.equals(toRoot)
}

/** A node and the last one of its level, both by their index. */
type Path = { at: number; last: number }

function up(path: Path): void {
  path.at = Math.floor(path.at / 2)
  path.last = Math.floor(path.last / 2)
}

/** Whether the next hash stands to the left; goes up to where the node has a sister. */
function stepsRight(path: Path): boolean {
  if (path.at % 2 === 0 && path.at !== path.last) return false
  while (path.at % 2 === 0 && path.at !== 0) up(path)
  return true
}

function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(Math.log2(count))
}
