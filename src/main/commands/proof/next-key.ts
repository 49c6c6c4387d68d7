// Whether a key may take the place of the one that signs, whoever made it.

import { createPrivateKey } from 'node:crypto'
import { type KnownIdentity, nextKeyFault } from '../../../domain/proof/identity.ts'
import { rawPublicKey } from '../../../domain/proof/signed-note.ts'
import { CommandError, exitCodes } from '../../context.ts'

/** The public half of a key that can sign from now on, base64. `name`: where it is. */
export function refuseUnfit(
  pem: string,
  known: KnownIdentity,
  name = 'FIRSTCOME_PROOF_KEY',
): string {
  const key = publicOf(pem)
  const fault = nextKeyFault(key, known)
  if (fault === null) return key
  const wayOut = 'give the new one, as "openssl genpkey -algorithm ed25519" makes it'
  throw new CommandError(exitCodes.wrongUsage, `${name}: ${fault}; ${wayOut}`)
}

export function noProof(): CommandError {
  return new CommandError(exitCodes.wrongUsage, 'no proof was ever made here, so there is no key')
}

/** base64. */
export function publicOf(pem: string): string {
  return rawPublicKey(createPrivateKey(pem)).toString('base64')
}
