// What a node reads of the proof of one coupon: what is published, entries of it, and proofs about
// it. Nothing beyond the newest checkpoint is shown, so all answers belong to one tree. While the
// tree is made again, and is behind what was published of it, nothing is.

import type { Readable } from 'node:stream'
import { Readable as Stream } from 'node:stream'
import { blockLeaves, type KeptTree, madeFrom } from '../../domain/proof/kept-nodes.ts'
import { consistencyProof, inclusionProof } from '../../domain/proof/tree.ts'
import type { NumberedLeaf, ProofHead, ProofReader } from '../../ports/proof.ts'
import type { ProofParts } from '../http/server-parts.ts'

/** `size` and `note`: of the newest checkpoint. */
export type PublishedTree = { couponId: string; size: number; note: string }
export type Hashes = string[]

/** By what the checkpoints of the key that signs are known. */
export async function signerOf({ keys }: Pick<ProofParts, 'keys'>): Promise<string> {
  return (await keys())[0]?.id ?? ''
}

/** Null: there is nothing that may be shown yet. */
export function publishedTree(couponId: string, head: ProofHead): PublishedTree | null {
  const { size, published, checkpoint } = head
  if (checkpoint === null || size < published || checkpoint.size < published) return null
  return { couponId, ...checkpoint }
}

/** One answer of a database: a quarter of a megabyte. */
const leavesPerReadMax = 2_000

/** Lines of those in [from, to). The first of them are read before it resolves. */
export async function entryLines(
  reader: ProofReader,
  { couponId }: PublishedTree,
  { from, to }: { from: number; to: number },
): Promise<Readable> {
  const read = (at: number) => reader.leaves(couponId, at, Math.min(at + leavesPerReadMax, to))
  const first = from < to ? await read(from) : []
  async function* pieces(): AsyncGenerator<string> {
    let at = from
    for (let leaves = first; leaves.length > 0; leaves = at < to ? await read(at) : []) {
      at += leaves.length
      yield `${leaves.join('\n')}\n`
    }
    // A client that counts must not take what is missing for the end.
    if (at < to) throw new Error(`the leaves of ${couponId} end at ${at}`)
  }
  return Stream.from(pieces(), { objectMode: false })
}

export async function inclusionHashes(
  reader: ProofReader,
  { couponId }: PublishedTree,
  { n, size }: { n: number; size: number },
): Promise<Hashes> {
  const make = (nodeAt: Parameters<typeof inclusionProof>[2]) => inclusionProof(n, size, nodeAt)
  return coded(await madeFrom(keptTree(reader, couponId), size, make))
}

export async function consistencyHashes(
  reader: ProofReader,
  { couponId }: PublishedTree,
  { from, to }: { from: number; to: number },
): Promise<Hashes> {
  const make = (nodeAt: Parameters<typeof consistencyProof>[2]) => {
    return consistencyProof(from, to, nodeAt)
  }
  return coded(await madeFrom(keptTree(reader, couponId), to, make))
}

/** One for each entry. Their blocks are often the same, and the last one always is. */
export async function inclusionOfAll(
  reader: ProofReader,
  { couponId, size }: PublishedTree,
  entries: readonly NumberedLeaf[],
): Promise<Hashes[]> {
  const tree = keptTree(reader, couponId)
  const proofs: Hashes[] = []
  for (const { n } of entries) {
    proofs.push(coded(await madeFrom(tree, size, (nodeAt) => inclusionProof(n, size, nodeAt))))
  }
  return proofs
}

/** Remembers the block at the end of the tree, which every proof about it needs. */
function keptTree(reader: ProofReader, couponId: string): KeptTree {
  const blocks = new Map<number, Promise<readonly string[]>>()
  return {
    nodes: (places) => reader.nodes(couponId, places),
    leaves(from, to) {
      const isWhole = to - from === blockLeaves
      const known = blocks.get(from)
      const leaves = known ?? reader.leaves(couponId, from, to)
      if (!isWhole) blocks.set(from, leaves)
      return leaves
    },
  }
}

function coded(hashes: readonly Buffer[]): Hashes {
  return hashes.map((hash) => hash.toString('base64'))
}
