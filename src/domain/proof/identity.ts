// By what a service is known in its proofs: the name it signs under, its key, and the secret that
// hides users. Recorded at the first start, because what was published under one cannot be gone on
// with under another. Only the key may change, and whoever has signed before stays known.

import { createHash } from 'node:crypto'
import { type VerifierKey, verifierKey } from './signed-note.ts'

/** `key`: the public one, base64; `secret`: a fingerprint. */
export type ProofIdentity = { origin: string; key: string; secret: string }
/** A key that has signed before, by its text as a verifier key. `until`: RFC 3339. */
export type OldKey = { name: string; id: string; key: string; until: string }
/** `oldKeys`: the last one first. `nextKey`: one that is about to sign. */
export type KnownIdentity = ProofIdentity & { oldKeys: readonly OldKey[]; nextKey?: string }

/** Where nobody has named it; only its own machine reads proofs of that name. */
export const localOrigin = 'localhost'

export function proofSecretFingerprint(secret: string): string {
  return createHash('sha256').update(`firstcome proof secret\n${secret}`).digest('hex')
}

/** What differs, and the way out; null where it may go on and record its own. */
export function identityFault(own: ProofIdentity, recorded: KnownIdentity | null): string | null {
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
  if (own.key === key || own.key === recorded.nextKey) return null
  const signs = keyUnder(recorded.origin, key).id
  const old = recorded.oldKeys.find((one) => one.key === own.key)
  if (old !== undefined) {
    const when = `which ${signs} has replaced at ${old.until}`
    return `FIRSTCOME_PROOF_KEY is an old one, ${when}: give that`
  }
  return (
    `proofs were signed by another FIRSTCOME_PROOF_KEY (${signs}). Give that one; where this one ` +
    'is to sign from now on, run "firstcome proof rotate-key" with it first'
  )
}

/** What is recorded once it may go on; a change of the key that was begun is ended. */
export function settledIdentity(
  own: ProofIdentity,
  recorded: KnownIdentity | null,
  now: string,
): KnownIdentity {
  if (recorded === null) return { ...own, oldKeys: [] }
  const { key } = own
  const { oldKeys } = key === recorded.key ? recorded : withKey(recorded, { key, now })
  return { ...own, oldKeys }
}

/** Why this key cannot sign from now on; null: it can. */
export function nextKeyFault(key: string, { key: signs, oldKeys }: KnownIdentity): string | null {
  if (key === signs) return 'it is the one that signs already'
  const old = oldKeys.find((one) => one.key === key)
  return old === undefined ? null : `it is an old one, which was replaced at ${old.until}`
}

/** This key signs from now on, and the one that has signed is kept. */
export function withKey(
  { origin, key: before, secret, oldKeys }: KnownIdentity,
  { key, now }: { key: string; now: string },
): KnownIdentity {
  const { id } = keyUnder(origin, before)
  const old: OldKey = { name: origin, id, key: before, until: now }
  return { origin, key, secret, oldKeys: [old, ...oldKeys] }
}

/** The one that signs, then the old ones, the last one first; under the prefix of their origins. */
export function verifierKeysOf({
  origin,
  key,
  oldKeys,
}: Pick<KnownIdentity, 'origin' | 'key' | 'oldKeys'>): VerifierKey[] {
  return [keyUnder(origin, key), ...oldKeys.map((old) => keyUnder(old.name, old.key))]
}

function keyUnder(name: string, key: string): VerifierKey {
  return verifierKey(name, Buffer.from(key, 'base64'))
}
