// The memory twin of the proof in SQL, writer and reader over the same rows.

import { withSignaturesOf } from '../../domain/proof/cosignature.ts'
import { nodeName } from '../../domain/proof/kept-nodes.ts'
import { PortError } from '../../ports/port-error.ts'
import type {
  NumberedLeaf,
  ProofReader,
  ProofStore,
  ProofTree,
  PublishedCheckpoint,
} from '../../ports/proof.ts'
import { isClaimOf } from '../stores/proof-reader.ts'

export type ProofMemory = { store: ProofStore; reader: ProofReader; refusals: Set<string> }

type Tables = {
  positions: Map<number, number>
  trees: Map<string, ProofTree>
  leaves: Map<string, string[]>
  nodes: Map<string, Buffer>
}

export function createProofMemory(): ProofMemory {
  const tables: Tables = noRows()
  const refusals = new Set<string>()
  const checkpoints = new Map<string, PublishedCheckpoint>()
  const signedOf: SignedOf = (couponId, signer) => {
    const own = [...checkpoints.values()].filter((one) => {
      return one.couponId === couponId && (signer === undefined || one.signer === signer)
    })
    return own.toSorted((a, b) => b.size - a.size)
  }
  const sizeOf = (couponId: string) => tables.trees.get(couponId)?.tree.size ?? 0

  const store: ProofStore = {
    positions: async () => new Map([...tables.positions].map(([at, next]) => [at, { next }])),
    async load(partitions, signer) {
      const trees = [...tables.trees.values()]
        .filter(({ partition }) => partitions.includes(partition))
        .map((tree) => ({ ...copyOf(tree), signed: signedOf(tree.couponId, signer)[0]?.size ?? 0 }))
      const unmet = [...checkpoints.values()]
        .filter(({ partition, couponId, size }) => {
          return partitions.includes(partition) && size > sizeOf(couponId)
        })
        .toSorted((a, b) => a.size - b.size)
      return {
        positions: new Map(tables.positions),
        trees,
        unmet: unmet.map(({ note }) => note),
      }
    },
    async apply({ partition, expected, next, trees, entries, nodes }) {
      if ((tables.positions.get(partition) ?? 0) !== expected) return 'fenced'
      tables.positions.set(partition, next)
      for (const tree of trees) tables.trees.set(tree.couponId, copyOf(tree))
      for (const { couponId, first, leaves } of entries) {
        const before = tables.leaves.get(couponId) ?? []
        if (before.length !== first) throw new PortError('store_broken', 'leaves are missing')
        tables.leaves.set(couponId, [...before, ...leaves])
      }
      for (const node of nodes) tables.nodes.set(`${node.couponId} ${nodeName(node)}`, node.hash)
      return 'applied'
    },
    async publish(published) {
      for (const one of published) {
        const key = `${one.couponId} ${one.size} ${one.signer}`
        const known = checkpoints.get(key)
        const note = known === undefined ? one.note : withSignaturesOf(known.note, one.note)
        checkpoints.set(key, { ...one, ...known, note })
      }
    },
    async published() {
      const all = [...checkpoints.values()].toSorted((a, b) => {
        return a.couponId === b.couponId ? a.size - b.size : a.couponId < b.couponId ? -1 : 1
      })
      return all.map((one) => ({ ...one }))
    },
    refuse: async (reason) => void refusals.add(reason),
    async drop() {
      Object.assign(tables, noRows())
      refusals.clear()
    },
  }
  const reader = readerOf(tables, signedOf)
  return { store, reader, refusals }
}

type SignedOf = (couponId: string, signer?: string) => PublishedCheckpoint[]

function readerOf(tables: Tables, signedOf: SignedOf): ProofReader {
  return {
    async head(couponId, signer) {
      const tree = tables.trees.get(couponId)
      const [newest] = signedOf(couponId, signer)
      return {
        size: tree?.tree.size ?? 0,
        next: tree === undefined ? 0 : (tables.positions.get(tree.partition) ?? 0),
        published: signedOf(couponId)[0]?.size ?? 0,
        checkpoint: newest === undefined ? null : { size: newest.size, note: newest.note },
      }
    },
    leaves: async (couponId, from, to) => (tables.leaves.get(couponId) ?? []).slice(from, to),
    async nodes(couponId, places) {
      return places.map((place) => {
        const node = tables.nodes.get(`${couponId} ${nodeName(place)}`)
        if (node !== undefined) return node
        throw new PortError('store_broken', `${couponId} has no node ${nodeName(place)}`)
      })
    },
    async claimsOf(couponId, who) {
      const leaves = tables.leaves.get(couponId) ?? []
      return leaves.map((leaf, n): NumberedLeaf => ({ n, leaf })).filter(isClaimOf(who))
    },
  }
}

function noRows(): Tables {
  return { positions: new Map(), trees: new Map(), leaves: new Map(), nodes: new Map() }
}

function copyOf({ tree, ...own }: ProofTree): ProofTree {
  return { ...own, tree: { size: tree.size, subtrees: [...tree.subtrees] } }
}
