// What tokens must be, and where the keys of an identity provider come from.

/** What every token must have beside `exp`, whoever signed it; what is made here has it too. */
export type TokenRules = {
  issuer?: string
  audience?: string
  /** The claim that names the user. */
  userClaim: string
  /** The one claim with scopes; absent: `scope` and `scp`. */
  scopeClaim?: string
}

/** The name of the claim itself, or a path of names with dots between, as `realm_access.roles`. */
export function claimOf(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  if (!name.includes('.')) return undefined
  let found: unknown = claims
  for (const part of name.split('.')) {
    const isThere = typeof found === 'object' && found !== null && Object.hasOwn(found, part)
    found = isThere ? (found as Record<string, unknown>)[part] : undefined
  }
  return found
}

/** An identity provider's JSON Web Key Set, as text. */
export type KeySetSource = {
  /** Rejects with a PortError: it cannot be had now, or is longer than `keySetBytesMax`. */
  read(signal: AbortSignal): Promise<string>
  close(): Promise<void>
}
/** Real ones have a few kilobytes; Microsoft's, among the longest, 20. */
export const keySetBytesMax = 256 * 1024
