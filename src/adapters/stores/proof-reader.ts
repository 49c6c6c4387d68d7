// The reading half of the proof in SQL: one statement for each call, so it needs no transaction and
// works over a handle into another thread.

import { PortError } from '../../ports/port-error.ts'
import type { NumberedLeaf, ProofReader } from '../../ports/proof.ts'
import type { Queryable } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'

export function createProofReaderSql(database: Queryable): ProofReader {
  const statements = loadStatements([
    'read-proof-claims',
    'read-proof-entries',
    'read-proof-head',
    'read-proof-nodes',
  ])
  return {
    async head(couponId, signer) {
      const { rows } = await database.query(statements['read-proof-head'], [couponId, signer])
      const [size, next, published, signed = null, note] = rows[0] ?? []
      return {
        size: Number(size),
        next: Number(next),
        published: Number(published),
        checkpoint: signed === null ? null : { size: Number(signed), note: String(note) },
      }
    },
    async leaves(couponId, from, to) {
      const asked = [couponId, from, to]
      const { rows } = await database.query(statements['read-proof-entries'], asked)
      return rows.flatMap(([first, lines]) => {
        const leaves = String(lines).split('\n')
        return leaves.slice(Math.max(0, from - Number(first)), Math.max(0, to - Number(first)))
      })
    },
    async nodes(couponId, places) {
      const levels = places.map(({ level }) => level)
      const indexes = places.map(({ index }) => index)
      const asked = [couponId, levels, indexes]
      const { rows } = await database.query(statements['read-proof-nodes'], asked)
      const hashes = new Map(rows.map(([level, index, hash]) => [`${level}/${index}`, hash]))
      return places.map(({ level, index }) => {
        const hash = hashes.get(`${level}/${index}`)
        if (typeof hash === 'string') return Buffer.from(hash, 'base64')
        throw new PortError('store_broken', `${couponId} has no node ${index} of level ${level}`)
      })
    },
    async claimsOf(couponId, who) {
      const asked = [couponId, whoNumber(who), who]
      const { rows } = await database.query(statements['read-proof-claims'], asked)
      return rows.map(([n, leaf]) => ({ n: Number(n), leaf: String(leaf) })).filter(isClaimOf(who))
    },
  }
}

const whoNumberBytes = 6

/** So much of it as a number holds exactly. */
export function whoNumber(who: string): number {
  return Buffer.from(who, 'base64url').readUIntBE(0, whoNumberBytes)
}

export function isClaimOf(who: string): (entry: NumberedLeaf) => boolean {
  return ({ leaf }) => {
    const value = JSON.parse(leaf) as { kind?: unknown; who?: unknown }
    return value.kind === 'claim' && value.who === who
  }
}
