// By what a service is known in its proofs: the name it signs under, its key, and the secret that
// hides users. Recorded at the first start, because what was published under one cannot be gone on
// with under another.

import { createHash } from 'node:crypto'

/** `key`: the public one, base64; `secret`: a fingerprint. */
export type ProofIdentity = { origin: string; key: string; secret: string }

/** Where nobody has named it; only its own machine reads proofs of that name. */
export const localOrigin = 'localhost'

export function proofSecretFingerprint(secret: string): string {
  return createHash('sha256').update(`firstcome proof secret\n${secret}`).digest('hex')
}

/** What differs, and the way out; null where it may go on and record its own. */
export function identityFault(own: ProofIdentity, recorded: ProofIdentity | null): string | null {
  if (recorded === null) return null
  const { origin, key, secret } = recorded
  if (own.secret !== secret) {
    return (
      'users were hidden in the proofs by another FIRSTCOME_PROOF_SECRET: with this one all ' +
      'trees would change. Give the one that they were started with'
    )
  }
  if (own.origin !== origin && origin !== localOrigin) {
    return (
      `proofs were signed under ${origin}, not under ${own.origin}: whoever saved one asks for ` +
      `that name. Set FIRSTCOME_PROOF_ORIGIN=${origin}`
    )
  }
  if (own.key !== key) {
    return 'proofs were signed by another FIRSTCOME_PROOF_KEY. Give the one they were started with'
  }
  return null
}
