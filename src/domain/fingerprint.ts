// Fingerprints: hashes by which a record or a secret is known again, and which say nothing else of
// it. That of a record stands beside each stored position: a log that has another record there is
// another log, however long it is.

import { createHash } from 'node:crypto'

type Stored = { key: string; value: Buffer; appendedAt: number }

/** 22 characters. */
export function recordFingerprint({ key, value, appendedAt }: Stored): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([key, appendedAt]))
    .update(value)
  return hash.digest('base64url').slice(0, 22)
}

/** 64 characters. */
export function codeSecretFingerprint(codeSecret: string): string {
  return createHash('sha256').update(`firstcome code secret\n${codeSecret}`).digest('hex')
}

/** 64 characters; null: the built-in wallets. A URL may hold what is not for everybody. */
export function paymentFingerprint(url: string | null): string {
  return createHash('sha256')
    .update(`firstcome payments\n${url ?? ''}`)
    .digest('hex')
}
