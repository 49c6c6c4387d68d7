// Which checks a bearer token has to pass, in their order, and what is said of the one that failed:
// to whoever sent it, and by its name in the metrics. Until the signature is known to be right,
// nothing is said of what the token holds.

import { userIdOf, userIdRule } from '../../domain/user-id.ts'
import { claimOf, type TokenRules } from '../../ports/tokens.ts'
import type { TokenClaims } from '../claims/claim-answers.ts'

/** What a caller may do beside what every user may; an operator may everything. */
export const scopes = ['operator', 'viewer', 'redeem'] as const
export type Scope = (typeof scopes)[number]
export type Caller = {
  userId: string
  scopes: ReadonlySet<Scope>
  /** All that the token says, for coupons that are not for everybody. */
  token: TokenClaims
}
/** Milliseconds UTC: from when, and until when, a token is one. */
export type TokenTimes = { from: number; until: number }
export type TokenRefusal = keyof typeof tokenRefusals

/** How far the clocks of whoever makes tokens and of this node may be apart. */
export const clockToleranceMs = 5_000
/** Ten years: a later end was reckoned in milliseconds, or is never meant to come. */
export const tokenLifeMsMax = 10 * 366 * 86_400_000

/** Sent in `WWW-Authenticate`, between quotes: plain ASCII without quotes (RFC 6750). */
export const tokenRefusals = {
  malformed: 'The bearer token is no JWT.',
  algorithm:
    'The bearer token is signed with an algorithm that is not taken: HS256 is, and with a key of ' +
    'the identity provider RS256, ES256 and EdDSA, each with a key that is for it.',
  key: 'The bearer token is signed with a key that the identity provider does not have (kid).',
  critical: 'The bearer token has a critical extension that is not known here.',
  signature: 'The bearer token has a signature of another secret or key, or was altered.',
  exp_missing: 'The bearer token has no exp: whole seconds since 1970 are needed, as a number.',
  exp_too_late:
    'The bearer token ends in over ten years: exp counts seconds since 1970, not milliseconds.',
  expired: 'The bearer token has expired: its exp is over.',
  nbf: 'The bearer token is not valid yet: its nbf is to come, or is no number.',
  issuer: 'The bearer token has not the issuer (iss) that is set here.',
  audience: 'The bearer token is not for the audience (aud) that is set here.',
  sub:
    `The bearer token has a sub that is no text of ${userIdRule}; or, where another claim is set ` +
    'for the user, that one is none.',
} as const

/** Of what the library refused. */
export function refusalOf(error: unknown): TokenRefusal {
  return libraryCodes[(error as { code?: string }).code ?? ''] ?? 'malformed'
}

const libraryCodes: Readonly<Record<string, TokenRefusal>> = {
  FAST_JWT_INVALID_ALGORITHM: 'algorithm',
  FAST_JWT_INVALID_CRIT_HEADER: 'critical',
  FAST_JWT_INVALID_SIGNATURE: 'signature',
  FAST_JWT_MISSING_SIGNATURE: 'signature',
}

/** Of a token with the right signature. */
export function callerFrom(
  token: TokenClaims,
  rules: TokenRules,
  now: number,
): { caller: Caller; times: TokenTimes } | TokenRefusal {
  const { exp, nbf = 0, iss, aud } = token
  if (typeof exp !== 'number') return 'exp_missing'
  if (exp * 1000 > now + tokenLifeMsMax) return 'exp_too_late'
  const until = exp * 1000 + clockToleranceMs
  if (now >= until) return 'expired'
  const from = typeof nbf === 'number' ? nbf * 1000 - clockToleranceMs : Number.NaN
  if (!(now >= from)) return 'nbf'
  const { issuer, audience } = rules
  if (issuer !== undefined && iss !== issuer) return 'issuer'
  if (audience !== undefined && !isFor(audience, aud)) return 'audience'
  const userId = userIdOf(claimOf(token, rules.userClaim))
  if (userId === null) return 'sub'
  return { caller: { userId, scopes: scopesIn(token, rules), token }, times: { from, until } }
}

/** One, or a list of them (RFC 7519). */
function isFor(audience: string, aud: unknown): boolean {
  return aud === audience || (Array.isArray(aud) && aud.includes(audience))
}

/** Nearly everybody's. */
const noScopes: ReadonlySet<Scope> = new Set()
const claimsWithScopes = ['scope', 'scp'] as const

function scopesIn(token: TokenClaims, { scopeClaim }: TokenRules): ReadonlySet<Scope> {
  const names = scopeClaim === undefined ? claimsWithScopes : [scopeClaim]
  const said = names.flatMap((name) => listed(claimOf(token, name)))
  return said.length === 0 ? noScopes : new Set(scopes.filter((scope) => said.includes(scope)))
}

/** Words in a text, or a list of them. */
function listed(given: unknown): readonly unknown[] {
  if (typeof given === 'string') return given.split(' ')
  return Array.isArray(given) ? given : []
}
