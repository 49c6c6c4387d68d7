// By what one process is known in its proofs, beside its log: it outlives the rows.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { identityFault, type ProofIdentity } from '../domain/proof/identity.ts'
import { PortError } from '../ports/port-error.ts'
import { writeFileAtomically } from './file-atomic.ts'

export const proofIdentityFile = 'proof.json'

/** Rejects with what differs from how it was recorded; records it where nothing does. */
export function settleProofFile(directory: string, own: ProofIdentity): void {
  const recorded = readProofFile(directory)
  const fault = identityFault(own, recorded)
  if (fault !== null) throw new PortError('store_broken', fault)
  if (JSON.stringify(recorded) !== JSON.stringify(own)) writeProofFile(directory, own)
}

export function writeProofFile(directory: string, own: ProofIdentity): void {
  writeFileAtomically(join(directory, proofIdentityFile), `${JSON.stringify(own)}\n`)
}

export function readProofFile(directory: string): ProofIdentity | null {
  const path = join(directory, proofIdentityFile)
  if (!existsSync(path)) return null
  try {
    const { origin, key, secret } = JSON.parse(readFileSync(path, 'utf8')) as ProofIdentity
    if ([origin, key, secret].every((one) => typeof one === 'string'))
      return { origin, key, secret }
  } catch {
    // As where something else stands in it.
  }
  throw new PortError('store_broken', `${path} cannot be read: restore it from a backup of the log`)
}
