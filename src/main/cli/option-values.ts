// Reads the values of command-line options. Each function takes the text as it was typed and
// throws commander's InvalidArgumentError, which says what is allowed and ends with exit code 2.

import { InvalidArgumentError } from 'commander'
import { type Audience, couponIdPattern, type Discount } from '../../domain/coupons/messages.ts'
import { isKeyName, parseVerifierKey, type VerifierKey } from '../../domain/proof/signed-note.ts'
import { formatInstant, parseInstant } from '../../domain/time.ts'
import { type GivenTime, isZone } from '../commands/zones.ts'

/** About ten years, as long as a token may be valid: more is a slip. */
const durationDaysMax = 3_650
/** It stands in every cosignature. */
const keyNameCharactersMax = 200

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** A whole number from 1 on. */
export const parseCount = (text: string) => wholeNumber(text, 1)

/** A whole number from 0 on. */
export const parseAmount = (text: string) => wholeNumber(text, 0)

function wholeNumber(text: string, min: number): number {
  const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value) && value >= min) return value
  throw new InvalidArgumentError(`It must be a whole number, ${min} or more.`)
}

/** A number above 0, as of a rate. */
export function parseRate(text: string): number {
  const value = /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : Number.NaN
  if (Number.isFinite(value) && value > 0) return value
  throw new InvalidArgumentError('It must be a number above 0.')
}

/** `90s`, `10m`, `24h`, `7d`, in seconds. */
export function parseDuration(text: string): number {
  const seconds = durationSeconds(text)
  if (seconds !== null) return seconds
  const max = `at most ${durationDaysMax}d`
  throw new InvalidArgumentError(`It must be a duration such as 90s, 10m, 24h or 7d (${max}).`)
}

/** RFC 3339, or `+5s`, `+10m`, … from now on; without an offset it is a time of some zone. */
export function parseTime(text: string, now: number): GivenTime {
  const later = text.startsWith('+') ? durationSeconds(text.slice(1)) : null
  if (later !== null) return { at: formatInstant(now + later * 1000) }
  const time = text.replace(/^(\d{4}-\d\d-\d\d) /, '$1T')
  const at = parseInstant(time)
  if (at !== null) return { at: formatInstant(at) }
  const local = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(time) ? `${time}:00` : time
  if (parseInstant(`${local}Z`) !== null) return { local }
  const examples = '2026-05-01T10:00:00+09:00, "2026-05-01 10:00" in the --zone'
  throw new InvalidArgumentError(`It must be a time such as ${examples}, or +5s, +10m from now.`)
}

export function parseZone(text: string): string {
  if (isZone(text)) return text
  throw new InvalidArgumentError('It must be a time zone such as Asia/Seoul or UTC.')
}

export function parseCouponId(text: string): string {
  if (new RegExp(couponIdPattern).test(text)) return text
  const allowed = 'a-z, 0-9 and -, at most 63 characters, the first one not -'
  throw new InvalidArgumentError(`An id is made of ${allowed}.`)
}

/** A verifier key of a log; given several times they add up. */
export function parseLogKey(text: string, before: readonly VerifierKey[] = []): VerifierKey[] {
  const key = parseVerifierKey(text.trim())
  if (key !== null) return [...before, key]
  throw new InvalidArgumentError('It must be a verifier key: <name>+<id>+<base64>.')
}

/** As it stands in signatures. */
export function parseKeyName(text: string): string {
  if (isKeyName(text) && text.length <= keyNameCharactersMax) return text
  throw new InvalidArgumentError('It must be a name without spaces and +, as witness.example.')
}

/** `10%` or an amount in whole minor units such as `5000`. The service checks the range. */
export function parseDiscount(text: string): Discount {
  const [, digits, percent] = /^([0-9]{1,15})(%?)$/.exec(text) ?? []
  const value = Number(digits)
  if (value >= 1) return { kind: percent === '%' ? 'percent' : 'amount', value }
  throw new InvalidArgumentError('It must be a percentage such as 10% or an amount such as 5000.')
}

/** `tier=gold,silver`: a claim of the token, and the values of it that can win. */
export function parseAudience(text: string): Audience {
  const [, attribute = '', values = ''] = /^([^=]+)=(.+)$/.exec(text) ?? []
  if (attribute !== '') return { attribute, values: values.split(',') }
  throw new InvalidArgumentError('It must be a claim of the token and its values: tier=gold,vip.')
}

/** An http or https address, without a path or credentials and with no slash at its end. */
export function parseServiceUrl(text: string): string {
  const url = URL.parse(text)
  const web = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (url !== null && web && url.pathname === '/' && url.username === '' && url.search === '') {
    return url.origin
  }
  throw new InvalidArgumentError('It must be an address such as http://127.0.0.1:8080.')
}

function durationSeconds(text: string): number | null {
  const [, digits, unit] = /^([0-9]{1,9})([smhd])$/.exec(text) ?? []
  const seconds = Number(digits) * (unitSeconds[unit as keyof typeof unitSeconds] ?? Number.NaN)
  return seconds >= 1 && seconds <= durationDaysMax * unitSeconds.d ? seconds : null
}

/** The service takes no more, and a header could not carry the rest. */
export function parseKey(text: string): string {
  if (/^[ -~]{1,128}$/.test(text)) return text
  throw new InvalidArgumentError('A key is 1 to 128 printable ASCII characters.')
}
