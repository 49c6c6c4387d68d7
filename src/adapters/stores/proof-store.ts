// The proof in SQL as its consumer writes it: what one batch of records means, in one transaction
// with the position, which fences other owners.

import assert from 'node:assert/strict'
import type {
  ProofBatch,
  ProofEntries,
  ProofStore,
  PublishedCheckpoint,
  StoredTree,
} from '../../ports/proof.ts'
import type { Database, Queryable, SqlRow, Statement } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { whoNumber } from './proof-reader.ts'

const statementNames = [
  'create-proof-position',
  'drop-proof-rows',
  'insert-checkpoints',
  'insert-proof-entries',
  'insert-proof-nodes',
  'move-proof-position',
  'read-checkpoints',
  'read-proof-positions',
  'read-proof-trees',
  'read-unmet-checkpoints',
  'refuse-proof',
  'upsert-proof-trees',
] as const
type Statements = Readonly<Record<(typeof statementNames)[number], Statement>>

export function createProofStoreSql(database: Database): ProofStore {
  const statements: Statements = loadStatements(statementNames)

  async function positions(session: Queryable): Promise<Map<number, number>> {
    const { rows } = await session.query(statements['read-proof-positions'])
    return new Map(rows.map(([partition, next]) => [Number(partition), Number(next)]))
  }

  return {
    async positions() {
      return new Map([...(await positions(database))].map(([at, next]) => [at, { next }]))
    },
    load(partitions, signer) {
      return database.transaction(async (session) => {
        const trees = await session.query(statements['read-proof-trees'], [partitions, signer])
        const unmet = await session.query(statements['read-unmet-checkpoints'], [partitions])
        return {
          positions: await positions(session),
          trees: trees.rows.map(treeOf),
          unmet: unmet.rows.map(([note]) => String(note)),
        }
      }, 'snapshot')
    },
    apply(batch) {
      assert(batch.next >= batch.expected, 'the position of the proof would go back')
      return database.transaction(async (session) => {
        if (!(await moved(session, statements, batch))) return 'fenced'
        await write(session, statements, batch)
        return 'applied'
      })
    },
    async publish(checkpoints) {
      await database.query(statements['insert-checkpoints'], [
        checkpoints.map(({ couponId }) => couponId),
        checkpoints.map(({ size }) => size),
        checkpoints.map(({ signer }) => signer),
        checkpoints.map(({ partition }) => partition),
        checkpoints.map(({ note }) => note),
      ])
    },
    async published() {
      const { rows } = await database.query(statements['read-checkpoints'])
      return rows.map(checkpointOf)
    },
    async refuse(reason) {
      await database.query(statements['refuse-proof'], [reason])
    },
    async drop() {
      await database.query(statements['drop-proof-rows'])
    },
  }
}

async function moved(
  session: Queryable,
  statements: Statements,
  { partition, expected, next }: ProofBatch,
): Promise<boolean> {
  const move = [partition, expected, next]
  if ((await session.query(statements['move-proof-position'], move)).count === 1) return true
  if (expected !== 0) return false
  const created = await session.query(statements['create-proof-position'], [partition, next])
  return created.count === 1
}

async function write(
  session: Queryable,
  statements: Statements,
  { trees, entries, nodes }: ProofBatch,
): Promise<void> {
  if (entries.length > 0) {
    await session.query(statements['upsert-proof-trees'], [
      trees.map(({ couponId }) => couponId),
      trees.map(({ partition }) => partition),
      trees.map(({ tree }) => tree.size),
      trees.map(({ at }) => at),
      trees.map(({ tree }) => tree.subtrees.map(hashText).join(' ')),
    ])
    await session.query(statements['insert-proof-entries'], entryColumns(entries))
  }
  if (nodes.length > 0) {
    await session.query(statements['insert-proof-nodes'], [
      nodes.map(({ couponId }) => couponId),
      nodes.map(({ level }) => level),
      nodes.map(({ index }) => index),
      nodes.map(({ hash }) => hashText(hash)),
    ])
  }
}

function entryColumns(entries: readonly ProofEntries[]) {
  return [
    entries.map(({ couponId }) => couponId),
    entries.map(({ first }) => first),
    entries.map(({ leaves }) => leaves.join('\n')),
    entries.map(({ whos }) => `{${whos.map(whoNumber).join(',')}}`),
  ]
}

function hashText(hash: Buffer): string {
  return hash.toString('base64')
}

function checkpointOf([couponId, size, signer, partition, note]: SqlRow): PublishedCheckpoint {
  return {
    couponId: String(couponId),
    size: Number(size),
    signer: String(signer),
    partition: Number(partition),
    note: String(note),
  }
}

function treeOf([couponId, partition, size, at, subtrees, signed]: SqlRow): StoredTree {
  const hashes = String(subtrees).split(' ')
  return {
    couponId: String(couponId),
    partition: Number(partition),
    at: Number(at),
    tree: { size: Number(size), subtrees: hashes.map((hash) => Buffer.from(hash, 'base64')) },
    signed: Number(signed),
  }
}

/** Why nobody may go on. */
export async function readProofRefusals(database: Queryable): Promise<string[]> {
  const statement = loadStatements(['read-proof-refusals'])['read-proof-refusals']
  return (await database.query(statement)).rows.map(([reason]) => String(reason))
}
