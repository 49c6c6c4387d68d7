// The records of the claims topic and of the coupon events' topic.

import { Type } from 'typebox'
import { codeDeriver } from '../../src/domain/coupons/codes.ts'
import { encodeIssuedEvent } from '../../src/domain/coupons/coupon-events.ts'
import {
  type CouponMessage,
  couponNameCharactersMax,
  decodeMessage,
  encodeMessage,
  newestRules,
  quantityMax,
} from '../../src/domain/coupons/messages.ts'
import * as field from './fields.ts'
import type { Entry, RecordType, Rule, Schema } from './record-type.ts'

const couponId = field.couponId('The coupon.')
const control = { couponId, by: field.by, commandId: field.commandId }
const example = { couponId: 'spring-sale', by: 'operator' }

export const claimRecords: readonly RecordType[] = [
  claimRecord(
    field.recordSchema('coupon.created', 'A coupon is offered. The first one of an id counts.', {
      ...control,
      name: field.text(couponNameCharactersMax, 'What people read.'),
      quantity: field.count(quantityMax, 'How many users can win it.'),
      opensAt: Type.Optional(field.instant('Open from then on; absent: from this record on.')),
      closesAt: Type.Optional(field.instant('Closed from then on; absent: never by itself.')),
      discount: Type.Optional(field.discount),
      rules: field.count(newestRules, 'The version of the rules that decide this coupon.'),
    }),
    {
      type: 'coupon.created',
      ...example,
      commandId: '019a0a3e-9f00-7c35-8a51-0c8ad3c5b1aa',
      rules: newestRules,
      terms: {
        name: 'Spring sale',
        quantity: 100,
        opensAt: Date.UTC(2026, 4, 1, 9),
        discount: { kind: 'percent', value: 10 },
      },
    },
    [field.identifiersFit, instantsExist(), closesLater()],
  ),
  claimRecord(
    field.recordSchema(
      'coupon.claimed',
      'A user asks for the coupon. The record is the question, not the answer: the winners are ' +
        'the first `quantity` different users whose claims stand in the log while it is open.',
      {
        couponId,
        userId: field.userId('Who asks.'),
        claimId: field.text(300, 'This asking. In UTF-16 units: most emoji are two.'),
      },
    ),
    {
      type: 'coupon.claimed',
      couponId: 'spring-sale',
      userId: 'ann',
      claimId: '019a0a3e-a2b1-7f0e-9c3c-5b1d7f0a2e11',
    },
    [claimIdFits()],
  ),
  claimRecord(
    field.recordSchema(
      'coupon.restocked',
      'More can win. Without effect once the coupon is closed, or beyond ' +
        `${quantityMax.toLocaleString('en')} in all.`,
      { ...control, add: field.count(quantityMax, 'How many more.') },
    ),
    { type: 'coupon.restocked', ...example, commandId: 'operator:more-1', add: 50 },
    [field.identifiersFit],
  ),
  switched('coupon.paused', 'Nobody wins until it is resumed.'),
  switched('coupon.resumed', 'Users can win again.'),
  switched('coupon.closed', 'Nobody wins any more, for good.'),
]

const won = { couponId: 'spring-sale', slot: 1, claimId: '019a0a3e-a2b1-7f0e-9c3c-5b1d7f0a2e11' }

export const issuedRecord: RecordType = {
  schema: Type.Object(
    {
      couponId,
      userId: field.userId('Who won.'),
      slot: field.count(quantityMax, "The winner's rank: 1 is the first."),
      claimId: field.text(300, 'The claim that won.'),
      code: Type.String({
        pattern: '^[0-9A-HJKMNP-TV-Z]{12}[0-9A-HJKMNP-TV-Z*~$=U]$',
        description:
          'What the winner shows: 12 symbols of Crockford base 32 and his check symbol. ' +
          'Whoever has it can show it too: do not log it.',
      }),
      issuedAt: field.instant('When the claim was appended, by the clock of the log.'),
    },
    { description: 'A user has won a coupon, and the row that says so is committed.' },
  ) as Schema,
  rules: [],
  writer: 'issuer',
  key: 'couponId',
  eventId: 'coupon.issued/{couponId}/{slot}',
  example: encodeIssuedEvent({
    ...won,
    userId: 'ann',
    code: codeDeriver('a secret of at least thirty-two bytes')(won),
    appendedAt: Date.UTC(2026, 4, 1, 9, 0, 0, 12),
  }),
  again: undefined,
}

function switched(type: 'coupon.paused' | 'coupon.resumed' | 'coupon.closed', says: string) {
  const commandId = '019a0a3e-b001-7d11-8e0f-3f6a1c2b4d5e'
  const message: CouponMessage = { type, ...example, commandId }
  return claimRecord(field.recordSchema(type, says, control), message, [field.identifiersFit])
}

function claimRecord(schema: Schema, message: CouponMessage, rules: readonly Rule[]): RecordType {
  return {
    schema,
    rules,
    writer: 'api',
    key: 'couponId',
    eventId: null,
    example: entryOf(message),
    again: (value) => {
      const decoded = decodeMessage(value)
      return decoded.kind === 'message' ? entryOf(decoded.message) : null
    },
  }
}

function entryOf(message: CouponMessage): Entry {
  return { key: message.couponId, value: encodeMessage(message) }
}

function claimIdFits(): Rule {
  return {
    says: '`claimId` is counted in UTF-16 units: most emoji are two.',
    holds: ({ claimId }) => String(claimId).length <= 300,
    mend: (wire) => ({
      ...wire,
      claimId: Array.from(String(wire.claimId)).slice(0, 150).join(''),
    }),
  }
}

function instantsExist(): Rule {
  const exists = (at: unknown) => {
    if (at === undefined) return true
    const ms = msOf(at)
    return !Number.isNaN(ms) && new Date(ms).toISOString() === at
  }
  return {
    says: 'The times exist: no 13th month, no 30 February.',
    holds: ({ opensAt, closesAt }) => exists(opensAt) && exists(closesAt),
    mend: (wire) => wire,
  }
}

function closesLater(): Rule {
  return {
    says: '`closesAt` is later than `opensAt`.',
    holds: ({ opensAt, closesAt }) => {
      if (opensAt === undefined || closesAt === undefined) return true
      return msOf(closesAt) > msOf(opensAt)
    },
    mend: (wire) => {
      const { opensAt, closesAt, ...rest } = wire
      if (opensAt === undefined || closesAt === undefined) return wire
      if (opensAt === closesAt) return { ...rest, opensAt }
      const [first, last] = [opensAt, closesAt].toSorted(byTime)
      return { ...rest, opensAt: first, closesAt: last }
    },
  }
}

function byTime(a: unknown, b: unknown): number {
  return msOf(a) - msOf(b)
}

function msOf(at: unknown): number {
  return Date.parse(at as string)
}
