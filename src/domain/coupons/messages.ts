// The records of the claims topic, and the one reading of bytes that every reader shares. Bytes
// that are no record are 'void' for all alike. A record this version does not know is 'unknown':
// the reader must halt, because two versions that skip different records would find different
// winners.

import {
  count,
  either,
  flat,
  identifier,
  instant,
  isIdentifier,
  like,
  literal,
  optional,
  text,
  type Values,
  type Wire,
} from '../field.ts'
import { type Decoded, decoderOf, encoderOf, type MessageOf, record } from '../record.ts'

export const claimsTopic = 'firstcome.claims'
export const couponEventsTopic = 'firstcome.coupon-events'

/** Bounded so that the winners of one coupon fit in the memory of a node (about 60 B each). */
export const quantityMax = 10_000_000
/** Unicode code points, as JSON Schema counts. */
export const couponNameCharactersMax = 200
/** Money is whole minor units; a trillion leaves sums of thousands of them exact in a double. */
export const amountMax = 1_000_000_000_000
export const couponIdPattern = '^[a-z0-9][a-z0-9-]{0,62}$'
/** 1 to 128 printable ASCII characters without spaces. */
export const userIdPattern = '^[!-~]{1,128}$'
export const newestRules = 1

export const couponIdField = (says: string) => like(couponIdPattern, says)
export const userIdField = (says: string) => like(userIdPattern, says)
export const commandFields = {
  by: identifier('The operator who commanded it.'),
  commandId: identifier('The command. The same one again for the same id changes nothing.'),
}
const discountKinds = [
  {
    kind: literal('amount', 'What `value` is.'),
    value: count(amountMax, 'An amount in whole minor units.'),
  },
  {
    kind: literal('percent', 'What `value` is.'),
    value: count(100, 'A percentage of the subtotal, rounded down.'),
  },
]
export const discountField = either(
  discountKinds,
  'What the coupon takes off; without it nothing. Never more than the subtotal.',
)
export type Discount = Values<(typeof discountKinds)[number]>

const ofCoupon = couponIdField('The coupon.')
const control = { couponId: ofCoupon, ...commandFields }
const terms = {
  name: text(couponNameCharactersMax, 'What people read.'),
  quantity: count(quantityMax, 'How many users can win it.'),
  opensAt: optional(instant('Open from then on; absent: from this record on.')),
  closesAt: optional(instant('Closed from then on; absent: never by itself.')),
  discount: optional(discountField),
}
/** What the operator asked for. Times are milliseconds since 1970 UTC. */
export type Terms = Values<typeof terms>

export const claims = {
  topic: claimsTopic,
  key: 'couponId',
  records: {
    'coupon.created': record({
      writer: 'api',
      says: 'A coupon is offered. The first one of an id counts.',
      fields: {
        ...control,
        rules: {
          ...count(Number.MAX_SAFE_INTEGER, ''),
          // What is newer is read, so that it can be reported by name.
          schema: count(newestRules, 'The version of the rules that decide this coupon.').schema,
        },
        terms: flat(terms),
      },
      rule: {
        says: '`closesAt` is later than `opensAt`.',
        holds: ({ terms: { opensAt, closesAt } }) => {
          return opensAt === undefined || closesAt === undefined || closesAt > opensAt
        },
      },
    }),
    'coupon.claimed': record({
      writer: 'api',
      says:
        'A user asks for the coupon. The record is the question, not the answer: the winners are ' +
        'the first `quantity` different users whose claims stand in the log while it is open.',
      fields: {
        couponId: ofCoupon,
        userId: userIdField('Who asks.'),
        claimId: identifier('This asking.'),
      },
    }),
    'coupon.restocked': record({
      writer: 'api',
      says:
        'More can win. Without effect once the coupon is closed, or beyond ' +
        `${quantityMax.toLocaleString('en')} in all.`,
      fields: { ...control, add: count(quantityMax, 'How many more.') },
    }),
    'coupon.paused': record({
      writer: 'api',
      says: 'Nobody wins until it is resumed.',
      fields: control,
    }),
    'coupon.resumed': record({
      writer: 'api',
      says: 'Users can win again.',
      fields: control,
    }),
    'coupon.closed': record({
      writer: 'api',
      says: 'Nobody wins any more, for good.',
      fields: control,
    }),
  },
}

type Claims = typeof claims
export type CouponMessage = MessageOf<Claims>
export type CouponCreated = MessageOf<Claims, 'coupon.created'>
export type CouponClaimed = MessageOf<Claims, 'coupon.claimed'>
export type ControlMessage = Exclude<CouponMessage, CouponClaimed>

/** The record's value; its key is the coupon id. */
export function encodeMessage(message: CouponMessage): Buffer {
  if (message.type !== 'coupon.claimed') return encodeAny(message)
  return Buffer.from(JSON.stringify({ ...message, v: 1 }))
}

export function decodeMessage(value: Buffer): Decoded<CouponMessage> {
  const decoded = decodeAny(value)
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

const encodeAny = encoderOf(claims)
const decodeAny = decoderOf(claims, { 'coupon.claimed': readClaimed })
const couponIdShape = new RegExp(couponIdPattern)
const userIdShape = new RegExp(userIdPattern)

/** By hand: a million of these are read where one of another type is. */
function readClaimed(wire: Wire): CouponClaimed | null {
  const { couponId, userId, claimId } = wire
  if (typeof couponId !== 'string' || !couponIdShape.test(couponId)) return null
  if (typeof userId !== 'string' || !userIdShape.test(userId)) return null
  if (!isIdentifier(claimId)) return null
  return { type: 'coupon.claimed', couponId, userId, claimId }
}
