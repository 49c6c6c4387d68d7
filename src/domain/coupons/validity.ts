// How long an issued coupon can be spent, and what it looks like to people. The append time of the
// record that spends it decides; whoever only looks takes the time that it has.

import { formatInstant } from '../time.ts'
import type { Terms } from './messages.ts'
import type { OfferTerms } from './offer.ts'

const dayMs = 86_400_000

/** The last valid moment, ms UTC; undefined: it does not end. `wonAt`: of the claim. */
export function validUntilOf({ validUntil, validDays }: Terms, wonAt: number): number | undefined {
  if (validUntil !== undefined) return validUntil
  return validDays === undefined ? undefined : wonAt + validDays * dayMs
}

/** `validUntil`: the last moment at which it can be spent, ms UTC; absent: it does not end. */
export type HeldTerms = OfferTerms & { validUntil?: number }
export function heldTerms(terms: Terms, wonAt: number): HeldTerms {
  const held: HeldTerms = {}
  const validUntil = validUntilOf(terms, wonAt)
  if (terms.discount !== undefined) held.discount = terms.discount
  if (terms.minimum !== undefined) held.minimum = terms.minimum
  if (validUntil !== undefined) held.validUntil = validUntil
  return held
}

export const issuedStatuses = ['unused', 'reserved', 'used', 'revoked', 'expired'] as const
export type IssuedStatus = (typeof issuedStatuses)[number]
/** `reservedUntil`: by a redemption, ms UTC; absent: by none. */
export type IssuedFacts = {
  isUsed: boolean
  isRevoked: boolean
  reservedUntil?: number
  validUntil: number | undefined
}

/** In this order of precedence. `now` is ms UTC. */
export function issuedStatus(facts: IssuedFacts, now: number): IssuedStatus {
  const { isUsed, isRevoked, reservedUntil, validUntil } = facts
  if (isUsed) return 'used'
  if (isRevoked) return 'revoked'
  if (reservedUntil !== undefined && now < reservedUntil) return 'reserved'
  return isOver(validUntil, now) ? 'expired' : 'unused'
}

export function isOver(validUntil: number | undefined, at: number): boolean {
  return validUntil !== undefined && at > validUntil
}

/** As a field of an answer, where there is one. */
export function validUntilJson(validUntil: number | undefined): { validUntil?: string } {
  return validUntil === undefined ? {} : { validUntil: formatInstant(validUntil) }
}
