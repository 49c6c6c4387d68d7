// What of a tree is kept, and how proofs are made from that: the leaves, and the hashes of complete
// subtrees of 256 leaves and more. Smaller ones are made from the leaves of their block, which is
// read as a whole: a proof needs a few hashes and two blocks, however large the tree is.

import { appendLeaf, emptyTree, hashBytes, leafHash, type NodeAt } from './tree.ts'

/** A complete subtree of 2^level leaves. */
export type NodePlace = { level: number; index: number }

/** From this level on hashes are kept. */
export const keptLevel = 8
export const blockLeaves = 2 ** keptLevel

/** Where what is asked for comes from. */
export type KeptTree = {
  /** Of places from `keptLevel` on, in their order. */
  nodes(places: readonly NodePlace[]): Promise<Buffer[]>
  /** Those of numbers in [from, to). */
  leaves(from: number, to: number): Promise<readonly string[]>
}

/** Makes proofs (or roots) twice: once to learn which hashes they need, then of those. */
export async function madeFrom<Made>(
  tree: KeptTree,
  size: number,
  make: (nodeAt: NodeAt) => Made,
): Promise<Made> {
  const places = new Map<string, NodePlace>()
  make((level, index) => {
    places.set(nodeName({ level, index }), { level, index })
    return unknownHash
  })
  const hashes = new Map<string, Buffer>()
  const kept = [...places.values()].filter(({ level }) => level >= keptLevel)
  const nodes = kept.length === 0 ? [] : await tree.nodes(kept)
  kept.forEach((place, n) => {
    const node = nodes[n]
    if (node !== undefined) hashes.set(nodeName(place), node)
  })
  for (const block of blocksOf(places.values())) {
    const from = block * blockLeaves
    const leaves = await tree.leaves(from, Math.min(from + blockLeaves, size))
    addBlock(hashes, block, leaves)
  }
  return make((level, index) => {
    const node = hashes.get(nodeName({ level, index }))
    if (node === undefined) throw new Error(`node ${index} of level ${level} is not kept`)
    return node
  })
}

const unknownHash = Buffer.alloc(hashBytes)

export function nodeName({ level, index }: NodePlace): string {
  return `${level}/${index}`
}

/** The blocks of those that are made from leaves. */
function blocksOf(places: Iterable<NodePlace>): Set<number> {
  const blocks = new Set<number>()
  for (const { level, index } of places) {
    if (level < keptLevel) blocks.add(Math.floor((index * 2 ** level) / blockLeaves))
  }
  return blocks
}

function addBlock(hashes: Map<string, Buffer>, block: number, leaves: readonly string[]): void {
  const tree = emptyTree()
  for (const leaf of leaves) {
    appendLeaf(tree, leafHash(leaf), (level, index, node) => {
      if (level >= keptLevel) return
      hashes.set(nodeName({ level, index: index + block * 2 ** (keptLevel - level) }), node)
    })
  }
}
