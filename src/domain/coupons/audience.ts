// Who a coupon is for: its terms name a claim of the token and the values that can win. What the
// token says is copied into the record of a claim, so that every reader decides by the log alone.

import { type Audience, audienceCharactersMax, type Terms } from './messages.ts'

/** `value`: as the record of the claim has it. */
export function isEligible({ audience }: Terms, value: string | undefined): boolean {
  return audience === undefined || (value !== undefined && audience.values.includes(value))
}

/**
 * What the record of a claim says of its user; undefined: nothing that a record has room for. Of a
 * claim that is a list, the first that the coupon is for, or else the first.
 */
export function audienceOf(
  { attribute, values }: Audience,
  token: Readonly<Record<string, unknown>>,
): string | undefined {
  const given = Object.hasOwn(token, attribute) ? token[attribute] : undefined
  if (!Array.isArray(given)) return textOf(given) ?? undefined
  const texts = given.map(textOf).filter((one) => one !== null)
  return texts.find((one) => values.includes(one)) ?? texts[0]
}

function textOf(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'string' || value === '' || value.includes('\0')) return null
  if (!value.isWellFormed()) return null
  // Characters are never more than units, and need not be counted for each claim.
  const fits = value.length <= audienceCharactersMax
  return fits || Array.from(value).length <= audienceCharactersMax ? value : null
}
