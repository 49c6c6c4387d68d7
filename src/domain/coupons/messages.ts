// The records of the claims log: their types, their wire form (JSON with `type` and `v`), and
// the one reading of bytes that every reader shares. Bytes that are no record are 'void' for all
// alike. A record this version does not know is 'unknown': the reader must halt, because two
// versions that skip different records would find different winners.

import { formatInstant, parseExactInstant } from '../time.ts'
import {
  type Decoded,
  decodeWith,
  isCount,
  isIdentifier,
  isLike,
  isObject,
  isText,
  type Readers,
  type Wire,
} from '../wire.ts'

export const claimsTopic = 'firstcome.claims'
export const couponEventsTopic = 'firstcome.coupon-events'

/** Bounded so that the winners of one coupon fit in the memory of a node (about 250 B each). */
export const quantityMax = 10_000_000
/** Unicode code points, as JSON Schema counts. */
export const couponNameCharactersMax = 200
/** Money is whole minor units; a trillion leaves sums of thousands of them exact in a double. */
export const amountMax = 1_000_000_000_000
export const couponIdPattern = '^[a-z0-9][a-z0-9-]{0,62}$'
/** 1 to 128 printable ASCII characters without spaces. */
export const userIdPattern = '^[!-~]{1,128}$'
export const newestRules = 1

export type Discount = { kind: 'amount' | 'percent'; value: number }

/** What the operator asked for. Times are milliseconds since 1970 UTC. */
export type Terms = {
  name: string
  quantity: number
  /** Absent: open from its own record on, by the log's clock. */
  opensAt?: number
  closesAt?: number
  discount?: Discount
}
export type CouponCreated = {
  type: 'coupon.created'
  couponId: string
  terms: Terms
  /** The version of the rules that decides this coupon for ever. */
  rules: number
  by: string
  commandId: string
}
export type CouponClaimed = {
  type: 'coupon.claimed'
  couponId: string
  userId: string
  claimId: string
}
export type CouponRestocked = {
  type: 'coupon.restocked'
  couponId: string
  add: number
  by: string
  commandId: string
}
export type CouponSwitched = {
  type: 'coupon.paused' | 'coupon.resumed' | 'coupon.closed'
  couponId: string
  by: string
  commandId: string
}
export type ControlMessage = CouponCreated | CouponRestocked | CouponSwitched
export type CouponMessage = CouponClaimed | ControlMessage

/** The record's value; its key is the coupon id. */
export function encodeMessage(message: CouponMessage): Buffer {
  return Buffer.from(JSON.stringify(wireForm(message)))
}

export function decodeMessage(value: Buffer): Decoded<CouponMessage> {
  const decoded = decodeWith(value, readers)
  if (decoded.kind !== 'message') return decoded
  const { message } = decoded
  if (message.type === 'coupon.created' && message.rules > newestRules) {
    return { kind: 'unknown', reason: `rules ${message.rules} of ${message.couponId}` }
  }
  return decoded
}

export function sameTerms(a: Terms, b: Terms): boolean {
  return (
    a.name === b.name &&
    a.quantity === b.quantity &&
    a.opensAt === b.opensAt &&
    a.closesAt === b.closesAt &&
    a.discount?.kind === b.discount?.kind &&
    a.discount?.value === b.discount?.value
  )
}

function wireForm(message: CouponMessage): object {
  if (message.type !== 'coupon.created') return { ...message, v: 1 }
  const { terms, ...rest } = message
  const times = { opensAt: wireTime(terms.opensAt), closesAt: wireTime(terms.closesAt) }
  return { ...rest, v: 1, ...terms, ...times }
}

function wireTime(at: number | undefined): string | undefined {
  return at === undefined ? undefined : formatInstant(at)
}

const readers: Readers<CouponMessage> = new Map<string, (wire: Wire) => CouponMessage | null>([
  ['coupon.claimed', readClaimed],
  ['coupon.created', readCreated],
  ['coupon.restocked', readRestocked],
  ['coupon.paused', (wire) => readSwitched('coupon.paused', wire)],
  ['coupon.resumed', (wire) => readSwitched('coupon.resumed', wire)],
  ['coupon.closed', (wire) => readSwitched('coupon.closed', wire)],
])

const couponIdShape = new RegExp(couponIdPattern)
const userIdShape = new RegExp(userIdPattern)

function readClaimed(wire: Wire): CouponClaimed | null {
  const { couponId, userId, claimId } = wire
  if (!isLike(couponId, couponIdShape) || !isIdentifier(claimId)) return null
  if (!isLike(userId, userIdShape)) return null
  return { type: 'coupon.claimed', couponId, userId, claimId }
}

function readCreated(wire: Wire): CouponCreated | null {
  const { name, quantity, discount, rules } = wire
  const control = readControl(wire)
  const opensAt = readTime(wire.opensAt)
  const closesAt = readTime(wire.closesAt)
  if (control === null || opensAt === null || closesAt === null) return null
  if (!isCount(rules, Number.MAX_SAFE_INTEGER) || !isCount(quantity, quantityMax)) return null
  if (!isText(name) || Array.from(name).length > couponNameCharactersMax) return null
  if (discount !== undefined && !isDiscount(discount)) return null
  if (opensAt !== undefined && closesAt !== undefined && closesAt <= opensAt) return null
  const terms: Terms = { name, quantity }
  if (opensAt !== undefined) terms.opensAt = opensAt
  if (closesAt !== undefined) terms.closesAt = closesAt
  if (discount !== undefined) terms.discount = { kind: discount.kind, value: discount.value }
  return { type: 'coupon.created', ...control, terms, rules }
}

function readRestocked(wire: Wire): CouponRestocked | null {
  const control = readControl(wire)
  if (control === null || !isCount(wire.add, quantityMax)) return null
  return { type: 'coupon.restocked', ...control, add: wire.add }
}

function readSwitched(type: CouponSwitched['type'], wire: Wire): CouponSwitched | null {
  const control = readControl(wire)
  return control === null ? null : { type, ...control }
}

function readControl(wire: Wire): { couponId: string; by: string; commandId: string } | null {
  const { couponId, by, commandId } = wire
  if (!isLike(couponId, couponIdShape) || !isIdentifier(by) || !isIdentifier(commandId)) return null
  return { couponId, by, commandId }
}

/** undefined: not given; null: given and not exactly as `encodeMessage` writes times. */
function readTime(text: unknown): number | null | undefined {
  return text === undefined ? undefined : parseExactInstant(text)
}

export function isDiscount(value: unknown): value is Discount {
  if (!isObject(value)) return false
  if (value.kind === 'percent') return isCount(value.value, 100)
  return value.kind === 'amount' && isCount(value.value, amountMax)
}
