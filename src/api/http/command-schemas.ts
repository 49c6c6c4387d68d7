// The shapes of what operators ask of a coupon that is there, and of what it would change.

import { Type } from 'typebox'
import { reasonCharactersMax } from '../../domain/coupons/messages.ts'
import { CouponId, CouponName, closed, couponRef, Instant, oneOf } from './schemas.ts'

export const CouponEdit = closed(
  {
    name: Type.Optional(CouponName),
    opensAt: Type.Optional(Instant),
    closesAt: Type.Optional(Instant),
    reason: Type.Optional(
      Type.String({ minLength: 1, maxLength: reasonCharactersMax, format: 'visible-text' }),
    ),
  },
  { title: 'CouponEdit', description: 'At least one of name, opensAt and closesAt.' },
)
export const Preview = closed({ preview: Type.Optional(oneOf(['true'])) })

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
        'more can win; of the others, how many could still win.',
    }),
  },
  { title: 'CommandPreview' },
)
export const couponOrPreview = { anyOf: [couponRef, CommandPreview] }
