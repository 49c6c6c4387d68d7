// By what one process is known in its proofs, beside its log: it outlives the rows.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  identityFault,
  type KnownIdentity,
  type OldKey,
  type ProofIdentity,
  settledIdentity,
} from '../domain/proof/identity.ts'
import { PortError } from '../ports/port-error.ts'
import { writeFileAtomically } from './file-atomic.ts'

export const proofIdentityFile = 'proof.json'

/** Rejects with what differs from how it was recorded; records it where nothing does. */
export function settleProofFile(directory: string, own: ProofIdentity, now: string): KnownIdentity {
  const recorded = readProofFile(directory)
  const fault = identityFault(own, recorded)
  if (fault !== null) throw new PortError('store_broken', fault)
  const known = settledIdentity(own, recorded, now)
  if (recorded === null || textOf(recorded) !== textOf(known)) writeProofFile(directory, known)
  return known
}

export function writeProofFile(directory: string, known: KnownIdentity): void {
  writeFileAtomically(join(directory, proofIdentityFile), textOf(known))
}

function textOf({ origin, key, secret, oldKeys, nextKey }: KnownIdentity): string {
  const old = oldKeys.length === 0 ? {} : { oldKeys }
  return `${JSON.stringify({ origin, key, secret, nextKey, ...old })}\n`
}

export function readProofFile(directory: string): KnownIdentity | null {
  const path = join(directory, proofIdentityFile)
  if (!existsSync(path)) return null
  try {
    const read = JSON.parse(readFileSync(path, 'utf8')) as ProofIdentity & Partial<KnownIdentity>
    const { origin, key, secret, oldKeys = [], nextKey } = read
    const texts = [origin, key, secret, nextKey ?? '', ...oldKeys.flatMap(textsOf)]
    if (texts.every((one) => typeof one === 'string')) {
      return { origin, key, secret, oldKeys, ...(nextKey !== undefined && { nextKey }) }
    }
  } catch {
    // As where something else stands in it.
  }
  throw new PortError('store_broken', `${path} cannot be read: restore it from a backup of the log`)
}

function textsOf({ name, id, key, until }: OldKey): string[] {
  return [name, id, key, until]
}
