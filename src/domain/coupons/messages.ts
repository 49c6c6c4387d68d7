// The records of the claims topic, and the one reading of bytes that every reader shares. Bytes
// that are no record are 'void' for all alike. A record this version does not know is 'unknown':
// the reader must halt, because two versions that skip different records would find different
// winners.

import {
  always,
  count,
  either,
  type Field,
  type Fields,
  flat,
  identifier,
  instant,
  isIdentifier,
  like,
  literal,
  object,
  optional,
  text,
  textList,
  type Values,
  type Wire,
  whole,
} from '../field.ts'
import { type Decoded, decoderOf, encoderOf, type MessageOf, readerOf, record } from '../record.ts'
import { isUserSinceVersion2, userIdField, userIdOf } from '../user-id.ts'
import { quantityMax } from './quantity.ts'

export const claimsTopic = 'firstcome.claims'
export const couponEventsTopic = 'firstcome.coupon-events'

/** Unicode code points, as JSON Schema counts. */
export const couponNameCharactersMax = 200
/** Money is whole minor units; a trillion leaves sums of thousands of them exact in a double. */
export const amountMax = 1_000_000_000_000
export const couponIdPattern = '^[a-z0-9][a-z0-9-]{0,62}$'
/** Why something was done: Unicode code points. */
export const reasonCharactersMax = 500
/** A century: no coupon lives longer, and every time that follows exists. */
export const validDaysMax = 36_500
/** Of the name of a claim of the token, and of each of its values: Unicode code points. */
export const audienceCharactersMax = 128
export const audienceValuesMax = 100
/** 2: terms may have `max`, `minimum`, an end of validity and an audience; codes are in groups. */
export const newestRules = 2

export const couponIdField = (says: string) => like(couponIdPattern, says)
export const commandFields = {
  by: identifier('The operator who commanded it.'),
  commandId: identifier('The command. The same one again for the same id changes nothing.'),
}
const amountOff = {
  kind: literal('amount', 'What `value` is.'),
  value: count(amountMax, 'An amount in whole minor units.'),
}
const percentOfRules1 = {
  kind: literal('percent', 'What `value` is.'),
  value: count(100, 'A percentage of the subtotal, rounded down.'),
}
const percentOff = {
  ...percentOfRules1,
  max: optional(count(amountMax, 'At most so much, in whole minor units; of a percentage.')),
}
const discountSays = 'What the coupon takes off; without it nothing. Never more than the subtotal.'
export const discountField = either([percentOff, amountOff], discountSays)
export type Discount = Values<typeof amountOff> | Values<typeof percentOff>

const ofCoupon = couponIdField('The coupon.')
const control = { couponId: ofCoupon, ...commandFields }
const reasonField = text(reasonCharactersMax, 'Why.')
/** Without it each reader would do what others refuse: those who do not know it have to stop. */
const expected = optional({
  ...whole(
    Number.MAX_SAFE_INTEGER,
    'Only where the last act that was done to the coupon is the record at this offset.',
  ),
  versions: { newest: 3, of: (value: unknown) => (value === undefined ? 1 : 3) },
})
const act = { reason: optional(reasonField), expected }
const termsOfRules1 = {
  name: text(couponNameCharactersMax, 'What people read.'),
  quantity: count(quantityMax, 'How many users can win it.'),
  opensAt: optional(instant('Open from then on; absent: from this record on.')),
  closesAt: optional(instant('Closed from then on; absent: never by itself.')),
  discount: optional(either([percentOfRules1, amountOff], discountSays)),
}
export const minimumField = optional(
  whole(amountMax, 'It cannot be spent on a subtotal below it, in whole minor units.'),
)
const audience = {
  attribute: text(audienceCharactersMax, 'The claim of the token that decides.'),
  values: textList(text(audienceCharactersMax, ''), {
    max: audienceValuesMax,
    description: 'Who has one of these can win.',
  }),
}
const terms = {
  ...termsOfRules1,
  discount: optional(discountField),
  minimum: minimumField,
  validUntil: optional(instant('The last moment at which it can be spent; absent: no such end.')),
  validDays: optional(
    count(validDaysMax, 'It can be spent for so many days of 24 hours from its claim on.'),
  ),
  audience: optional(object(audience, 'Who can win it; absent: everybody.')),
  rehearsal: optional(
    always('It is a rehearsal’s: it is in no list, and has no rows once it was closed.'),
  ),
}
/** What the operator asked for. Times are milliseconds since 1970 UTC. */
export type Terms = Values<typeof terms>
export type Audience = Values<typeof audience>

/** Whoever does not know the mark would keep the rows, and list it: they have to stop. */
function versionOfTerms(given: unknown): number {
  return (given as Terms).rehearsal === undefined ? 1 : 4
}

/** `shape`: of the terms. */
function created<Shape extends Fields>(shape: Shape, versions?: Field<unknown>['versions']) {
  return {
    writer: 'api',
    says: 'A coupon is offered. The first one of an id counts.',
    fields: {
      ...control,
      rules: {
        ...count(Number.MAX_SAFE_INTEGER, ''),
        // What is newer is read, so that it can be reported by name.
        schema: count(newestRules, 'The version of the rules that decide this coupon.').schema,
      },
      reason: act.reason,
      terms: { ...flat(shape), ...(versions && { versions }) },
    },
  }
}

const timesInOrder = ({ opensAt, closesAt }: { opensAt?: number; closesAt?: number }) => {
  return opensAt === undefined || closesAt === undefined || closesAt > opensAt
}
const createdOfRules1 = record({
  ...created(termsOfRules1),
  rule: { says: '', holds: ({ terms: given }) => timesInOrder(given) },
})

export const claims = {
  topic: claimsTopic,
  key: 'couponId',
  records: {
    'coupon.created': record({
      ...created(terms, { newest: 4, of: versionOfTerms }),
      rule: {
        says:
          '`closesAt` is later than `opensAt`. Of `validUntil` and `validDays` there is one at ' +
          'most. What only rules 2 know is left out of a coupon of rules 1, whatever it is. ' +
          '`v` is 4 where it has `rehearsal`, else 1.',
        holds: ({ terms: given }) => {
          const ends = [given.validUntil, given.validDays].filter((end) => end !== undefined)
          return timesInOrder(given) && ends.length <= 1
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
        audience: optional(
          text(
            audienceCharactersMax,
            'What the token says of the attribute that the coupon asks for; absent: nothing, or ' +
              'the coupon is for everybody.',
          ),
        ),
      },
    }),
    'coupon.restocked': record({
      writer: 'api',
      says:
        'More can win. Without effect once the coupon is closed, or beyond ' +
        `${quantityMax.toLocaleString('en')} in all.`,
      fields: { ...control, add: count(quantityMax, 'How many more.'), ...act },
    }),
    'coupon.paused': record({
      writer: 'api',
      says: 'Nobody wins until it is resumed.',
      fields: { ...control, ...act },
    }),
    'coupon.resumed': record({
      writer: 'api',
      says: 'Users can win again.',
      fields: { ...control, ...act },
    }),
    'coupon.edited': record({
      writer: 'api',
      says: 'What people read, or when claims are taken, is changed. Terms never change.',
      fields: {
        ...control,
        name: optional(text(couponNameCharactersMax, 'What people read from now on.')),
        opensAt: optional(instant('Without effect once it has opened.')),
        closesAt: optional(instant('Later than this record, and than the opening.')),
        ...act,
      },
      rule: {
        says: 'It has a name or a time, and `closesAt` is later than `opensAt`.',
        holds: (edit) => {
          const { name, opensAt, closesAt } = edit
          return (name ?? opensAt ?? closesAt) !== undefined && timesInOrder(edit)
        },
      },
    }),
    'coupon.revoked': record({
      writer: 'api',
      says:
        'Issued coupons cannot be spent from now on: that of one user, or all that were issued ' +
        'before. What was used stays used, and no slot is given to another.',
      fields: {
        ...control,
        userId: optional(userIdField('Whose coupon.')),
        all: optional(always('All that were issued before.')),
        reason: reasonField,
        expected,
      },
      rule: {
        says: 'It has either `userId` or `all`.',
        holds: ({ userId, all }) => (userId === undefined) !== (all === undefined),
      },
    }),
    'coupon.closed': record({
      writer: 'api',
      says: 'Nobody wins any more, for good.',
      fields: { ...control, ...act },
    }),
  },
}

type Claims = typeof claims
export type CouponMessage = MessageOf<Claims>
export type CouponCreated = MessageOf<Claims, 'coupon.created'>
export type CouponClaimed = MessageOf<Claims, 'coupon.claimed'>
export type CouponEdited = MessageOf<Claims, 'coupon.edited'>
export type CouponRevoked = MessageOf<Claims, 'coupon.revoked'>
export type ControlMessage = Exclude<CouponMessage, CouponClaimed>

/** The record's value; its key is the coupon id. */
export function encodeMessage(message: CouponMessage): Buffer {
  return message.type === 'coupon.claimed' ? encodeClaimed(message) : encodeAny(message)
}

/** Exactly the fields that it has, whatever else an object carries. */
function encodeClaimed(message: CouponClaimed): Buffer {
  const { type, couponId, userId, claimId } = message
  const v = isUserSinceVersion2(userId) ? 2 : 1
  const wire = { type, couponId, userId, claimId, audience: message.audience, v }
  return Buffer.from(JSON.stringify(wire))
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
  return textOf(a) === textOf(b)
}

/** With the fields in the order of the declaration, whatever order they were read in. */
function textOf(given: Terms): string {
  return JSON.stringify(termsField.write?.(given))
}

const termsField = object(terms)
const encodeAny = encoderOf(claims)
const decodeAny = decoderOf(claims, {
  'coupon.created': readCreated,
  'coupon.claimed': readClaimed,
})
const couponIdShape = new RegExp(couponIdPattern)

const readRules1 = readerOf('coupon.created', createdOfRules1)
const readRules2 = readerOf('coupon.created', claims.records['coupon.created'])

/** Of newer rules the terms may be anything: they are reported by name, and decide nothing. */
function readCreated(wire: Wire): unknown {
  return wire.rules === newestRules ? readRules2(wire) : readRules1(wire)
}

/** By hand: a million of these are read where one of another type is. */
function readClaimed(wire: Wire): CouponClaimed | null {
  const { v, couponId, userId: givenUser, claimId, audience: given } = wire
  if (typeof couponId !== 'string' || !couponIdShape.test(couponId)) return null
  const userId = userIdOf(givenUser)
  if (userId === null || userId !== givenUser) return null
  if (v !== (isUserSinceVersion2(userId) ? 2 : 1)) return null
  if (!isIdentifier(claimId)) return null
  if (given === undefined) return { type: 'coupon.claimed', couponId, userId, claimId }
  const value = audienceValue.read(given)
  if (value === null) return null
  return { type: 'coupon.claimed', couponId, userId, claimId, audience: value }
}

const audienceValue = text(audienceCharactersMax, '')
