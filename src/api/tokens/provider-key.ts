// The keys of an identity provider, from its JSON Web Key Set (RFC 7517). Each verifies tokens of
// one algorithm, which follows from the key and never from a token. Keys of other kinds are passed
// over: secrets and private keys, those for encryption, weak ones, and those nobody can read.

import { createPublicKey } from 'node:crypto'
import { createVerifier } from 'fast-jwt'
import { isObject, type Wire } from '../../domain/field.ts'

export type ProviderKey = {
  /** All that it is: two of the same are one key. */
  identity: string
  kid: string | undefined
  algorithm: ProviderAlgorithm
  /** Resolves to the claims; throws what fast-jwt does. */
  verify(token: string): Wire
}
export type ProviderAlgorithm = (typeof providerAlgorithms)[number]
export const providerAlgorithms = ['RS256', 'ES256', 'EdDSA'] as const

/** A token without a kid is tried with each; no provider has more than ten. */
export const providerKeysMax = 32
/** RFC 7518 asks for the least; a longer one takes milliseconds for each token. */
const rsaBitsMin = 2048
const rsaBitsMax = 8192

/** null: this is no key set. */
export function readKeySet(text: string): ProviderKey[] | null {
  let set: unknown
  try {
    set = JSON.parse(text)
  } catch {
    return null
  }
  if (!isObject(set) || !Array.isArray(set.keys)) return null
  const usable: ProviderKey[] = []
  for (const jwk of set.keys as unknown[]) {
    const key = usable.length < providerKeysMax && isObject(jwk) ? keyFrom(jwk) : null
    if (key !== null) usable.push(key)
  }
  return usable
}

function keyFrom(jwk: Wire): ProviderKey | null {
  const { kid, use, key_ops: operations, d: privatePart } = jwk
  const algorithm = algorithmOf(jwk)
  if (algorithm === null || privatePart !== undefined) return null
  if (kid !== undefined && typeof kid !== 'string') return null
  if (use !== undefined && use !== 'sig') return null
  if (operations !== undefined && !(operations as string[]).includes?.('verify')) return null
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const { modulusLength = rsaBitsMin } = key.asymmetricKeyDetails ?? {}
    if (modulusLength < rsaBitsMin || modulusLength > rsaBitsMax) return null
    const pem = key.export({ type: 'spki', format: 'pem' }).toString()
    const verify = createVerifier({ key: pem, algorithms: [algorithm], ...timeIsOurs })
    return { identity: JSON.stringify([kid, algorithm, pem]), kid, algorithm, verify }
  } catch {
    return null
  }
}

/** By the clock port, in token-checks.ts. */
export const timeIsOurs = { ignoreExpiration: true, ignoreNotBefore: true } as const

function algorithmOf({ kty, crv, alg }: Wire): ProviderAlgorithm | null {
  const algorithm = byKind.find((kind) => kind.kty === kty && kind.crv === crv)?.algorithm
  if (algorithm === undefined) return null
  // RFC 9864 calls EdDSA with this curve by the name of the curve.
  const isOwn = alg === undefined || alg === algorithm || (algorithm === 'EdDSA' && alg === crv)
  return isOwn ? algorithm : null
}

const byKind: readonly { kty: string; crv?: string; algorithm: ProviderAlgorithm }[] = [
  { kty: 'RSA', algorithm: 'RS256' },
  { kty: 'EC', crv: 'P-256', algorithm: 'ES256' },
  { kty: 'OKP', crv: 'Ed25519', algorithm: 'EdDSA' },
]
