// The shapes of what operators ask for: a coupon, what becomes of it, and what that would change.

import { Type } from 'typebox'
import { validDaysMax } from '../../domain/coupons/messages.ts'
import { quantityMax } from '../../domain/coupons/quantity.ts'
import {
  Audience,
  Count,
  Coupon,
  CouponId,
  CouponName,
  closed,
  Discount,
  Instant,
  idempotencyKey,
  LogPlace,
  Minimum,
  oneOf,
  Reason,
  reasonOf,
} from './schemas.ts'

export const ActReason = reasonOf('ActReason')
export const ActHeaders = Type.Object({
  'idempotency-key': Type.Optional(idempotencyKey),
  'if-match': Type.Optional(
    Type.String({
      pattern: '^\\s*(\\*|(W/)?"[^"]*")\\s*$',
      description:
        'The ETag of a preview: it is done only where no other act was done since, else 412. ' +
        'With * on any state.',
    }),
  ),
})
export const who = Type.String({ description: 'The operator who did it.' })
export const ActedCoupon = closed(
  { ...Coupon.properties, by: Type.Optional(who), log: Type.Optional(LogPlace) },
  { title: 'ActedCoupon', description: 'The coupon, who did the act, and its record in the log.' },
)

export const NewCoupon = closed(
  {
    couponId: Type.Optional(CouponId),
    name: CouponName,
    quantity: Count(quantityMax),
    opensAt: Type.Optional(Instant),
    closesAt: Type.Optional(Instant),
    discount: Type.Optional(Discount),
    minimum: Type.Optional(Minimum),
    validUntil: Type.Optional(Instant),
    validDays: Type.Optional(Count(validDaysMax)),
    audience: Type.Optional(Audience),
    rehearsal: Type.Optional(
      Type.Literal(true, {
        description: 'Of a rehearsal: in no list, cannot be spent, and without rows once closed.',
      }),
    ),
    reason: Type.Optional(Reason),
  },
  { title: 'NewCoupon', description: 'Of validUntil and validDays there is one at most.' },
)
export const CouponEdit = closed(
  {
    name: Type.Optional(CouponName),
    opensAt: Type.Optional(Instant),
    closesAt: Type.Optional(Instant),
    reason: Type.Optional(Reason),
  },
  { title: 'CouponEdit', description: 'At least one of name, opensAt and closesAt.' },
)
export const Restock = closed(
  { add: Count(quantityMax), reason: Type.Optional(Reason) },
  { title: 'Restock' },
)
export const NewRevocation = closed(
  {
    userId: Type.Optional(Type.String({ format: 'user-id', description: 'Of this user alone.' })),
    all: Type.Optional(Type.Literal(true, { description: 'Of all who have won by now.' })),
    reason: Reason,
  },
  { title: 'NewRevocation', description: 'Either userId or all.' },
)
export const Preview = closed({ preview: Type.Optional(oneOf(['true'])) })

const ToldSoldOut = closed(
  {
    people: Type.Integer({
      description: 'Different users, at all nodes, as long as those have been running.',
    }),
    isExact: Type.Boolean({ description: 'false: estimated, within about 3 %.' }),
  },
  { title: 'ToldSoldOut' },
)
const CommandPreview = closed(
  {
    preview: Type.Literal(true),
    couponId: CouponId,
    changes: Type.Array(
      Type.Object(
        { field: Type.String(), from: Type.Unknown(), to: Type.Unknown() },
        { title: 'PreviewedChange', description: 'A field of the coupon, as it is and would be.' },
      ),
    ),
    people: Type.Integer({
      description:
        'How many people it touches: of an edit, who hold the coupon; of a restock, how many ' +
        'more can win; of a revoke, how many unspent ones it would take; of the others, how many ' +
        'could still win.',
    }),
    toldSoldOut: Type.Optional(
      Type.Union([ToldSoldOut, Type.Null()], {
        description:
          'Of a restock: who was told sold out since the last one, and may claim again. null: ' +
          'not every node can be asked now.',
      }),
    ),
  },
  { title: 'CommandPreview' },
)
export const couponOrPreview = { anyOf: [ActedCoupon, CommandPreview] }
const Revoked = closed(
  {
    revoked: Type.Integer({ description: 'How many unspent coupons it took.' }),
    by: Type.Optional(who),
    log: Type.Optional(LogPlace),
  },
  { title: 'Revoked' },
)
export const revokedOrPreview = { anyOf: [Revoked, CommandPreview] }
