// The proof of sales as it is kept: the leaves of each coupon, the hashes above them, and what was
// published. One consumer writes it; every node reads it.

import type { NodePlace } from '../domain/proof/kept-nodes.ts'
import type { GrowingTree } from '../domain/proof/tree.ts'

/** Only the consumer of the proof writes it. */
export type ProofStore = {
  /** By partition; a partition that is missing has never been written. */
  positions(): Promise<Map<number, { next: number }>>
  /** Of these partitions, as of one moment. */
  load(partitions: readonly number[], signer: string): Promise<StoredProof>
  /** One transaction: leaves, trees and position. 'fenced': another owner; no effect. */
  apply(batch: ProofBatch): Promise<'applied' | 'fenced'>
  /**
   * Once it resolves they are served, and are never deleted. The same again is no change, but for a
   * signature at its end that it did not have, which is added.
   */
  publish(checkpoints: readonly PublishedCheckpoint[]): Promise<void>
  /** All that was ever published. */
  published(): Promise<PublishedCheckpoint[]>
  /** Nobody may go on, for this reason. */
  refuse(reason: string): Promise<void>
  /** Drops all that follows from the log; what was published stays. */
  drop(): Promise<void>
}

/** What every node reads of the proof. */
export type ProofReader = {
  /** As of one moment, with the newest checkpoint of this signer. */
  head(couponId: string, signer: string): Promise<ProofHead>
  /** Those of numbers in [from, to) that are there. */
  leaves(couponId: string, from: number, to: number): Promise<string[]>
  /** Of places that are kept, in their order. */
  nodes(couponId: string, places: readonly NodePlace[]): Promise<Buffer[]>
  /** The claims of one `who`, in order. */
  claimsOf(couponId: string, who: string): Promise<NumberedLeaf[]>
}

export type StoredProof = {
  positions: Map<number, number>
  trees: StoredTree[]
  /** Signed notes, published beyond the trees as they are: these must come to them again. */
  unmet: string[]
}
/** `at`: of the last leaf, ms UTC. */
export type ProofTree = { couponId: string; partition: number; at: number; tree: GrowingTree }
/** `signed`: the largest size that was published by the signer that asks. */
export type StoredTree = ProofTree & { signed: number }
export type ProofBatch = {
  partition: number
  expected: number
  next: number
  /** As they are after it. */
  trees: readonly ProofTree[]
  entries: readonly ProofEntries[]
  nodes: readonly ProofNode[]
}
/** Leaves that follow each other. */
export type ProofEntries = {
  couponId: string
  first: number
  leaves: readonly string[]
  /** Of the claims among them. */
  whos: readonly string[]
}
export type ProofNode = NodePlace & { couponId: string; hash: Buffer }
/** `signer`: the id of its key under the prefix of the origins. */
export type PublishedCheckpoint = {
  couponId: string
  size: number
  signer: string
  partition: number
  note: string
}
export type ProofHead = {
  /** Of the tree; 0: there is none yet. */
  size: number
  /** The next offset of its partition; 0 where there is no tree. */
  next: number
  /** The largest size that anybody ever signed. */
  published: number
  /** The newest one of the signer that asks. */
  checkpoint: { size: number; note: string } | null
}
export type NumberedLeaf = { n: number; leaf: string }
