// Which checks a bearer token has to pass, in their order, and what is said of the one that failed:
// to whoever sent it, and by its name in the metrics. Until the signature is known to be right,
// nothing is said of what the token holds.

import { userIdPattern } from '../../domain/coupons/messages.ts'
import type { TokenClaims } from '../claims/claim-answers.ts'

/** `token`: all that it says, for coupons that are not for everybody. */
export type Caller = { userId: string; operator: boolean; token: TokenClaims }
export type TokenRefusal = keyof typeof tokenRefusals

/** How far the clocks of whoever makes tokens and of this node may be apart. */
export const clockToleranceMs = 5_000
/** Ten years: a later end was reckoned in milliseconds, or is never meant to come. */
export const tokenLifeMsMax = 10 * 366 * 86_400_000

/** Sent in `WWW-Authenticate`, between quotes: plain ASCII without quotes (RFC 6750). */
export const tokenRefusals = {
  malformed: 'The bearer token is no JWT.',
  algorithm: 'The bearer token is not signed with HS256.',
  critical: 'The bearer token has a critical extension that is not known here.',
  signature: 'The bearer token has a signature of another secret, or was altered.',
  exp_missing: 'The bearer token has no exp: whole seconds since 1970 are needed, as a number.',
  exp_too_late:
    'The bearer token ends in over ten years: exp counts seconds since 1970, not milliseconds.',
  expired: 'The bearer token has expired: its exp is over.',
  nbf: 'The bearer token is not valid yet: its nbf is to come, or is no number.',
  sub: 'The bearer token has a sub that is no text of 1 to 128 visible ASCII characters.',
} as const

/** Of what the library refused. */
export function refusalOf(code: string | undefined): TokenRefusal {
  return libraryCodes[code ?? ''] ?? 'malformed'
}

const libraryCodes: Readonly<Record<string, TokenRefusal>> = {
  FAST_JWT_INVALID_ALGORITHM: 'algorithm',
  FAST_JWT_INVALID_CRIT_HEADER: 'critical',
  FAST_JWT_INVALID_SIGNATURE: 'signature',
  FAST_JWT_MISSING_SIGNATURE: 'signature',
}

/** Of a token with the right signature. */
export function callerFrom(claims: object, now: number): Caller | TokenRefusal {
  const token = claims as TokenClaims
  const { sub, exp, nbf, scope } = token
  if (typeof exp !== 'number') return 'exp_missing'
  if (exp * 1000 > now + tokenLifeMsMax) return 'exp_too_late'
  if (now >= exp * 1000 + clockToleranceMs) return 'expired'
  const isTime = nbf === undefined || typeof nbf === 'number'
  if (!isTime || now < (nbf ?? 0) * 1000 - clockToleranceMs) return 'nbf'
  if (typeof sub !== 'string' || !userIdShape.test(sub)) return 'sub'
  return { userId: sub, operator: scopes(scope).includes('operator'), token }
}

const userIdShape = new RegExp(userIdPattern)

function scopes(scope: unknown): readonly unknown[] {
  if (typeof scope === 'string') return scope.split(' ')
  return Array.isArray(scope) ? scope : []
}
