// The shapes of calls about codes and redemptions.

import { Type } from 'typebox'
import { couponIdPattern } from '../../domain/coupons/messages.ts'
import { issuedStatuses } from '../../domain/coupons/validity.ts'
import {
  redemptionSubtotalMax,
  referenceCharactersMax,
} from '../../domain/orders/redemption-messages.ts'
import { AnsweredDiscount, closed, Instant, oneOf } from '../http/schemas.ts'

const codeCharactersMax = 200
const Subtotal = Type.Integer({
  minimum: 0,
  maximum: redemptionSubtotalMax,
  description: 'The shop’s own, in whole minor units of the currency.',
})
const Code = Type.String({
  maxLength: codeCharactersMax,
  description: 'In any case; hyphens and spaces are left out.',
  examples: ['EZFF-CRJQ-22GW-6'],
})

export const CodePath = closed({ code: Code })
export const CodeQuery = closed({ subtotal: Type.Optional(Subtotal) })
export const RedemptionPath = closed({ redemptionId: Type.String() })
export const NewRedemption = closed(
  {
    code: Type.Optional(Code),
    couponId: Type.Optional(Type.String({ pattern: couponIdPattern })),
    userId: Type.Optional(Type.String({ format: 'user-id' })),
    reference: Type.String({
      minLength: 1,
      maxLength: referenceCharactersMax,
      format: 'visible-text',
      description: 'The shop’s own name for the cart.',
    }),
    subtotal: Subtotal,
    use: Type.Optional(Type.Boolean({ description: 'Use it at once.' })),
  },
  { title: 'NewRedemption', description: 'By code, or by couponId and userId.' },
)
/** May be left out. */
export const ReleasedRedemption = Type.Unsafe<{ reason?: string } | null>({
  ...closed(
    {
      reason: Type.Optional(
        Type.String({ minLength: 1, maxLength: 500, format: 'visible-text', description: 'Why.' }),
      ),
    },
    { title: 'ReleasedRedemption' },
  ),
  type: ['object', 'null'],
})

const money = { discount: Type.Integer(), total: Type.Integer() }
export const Redemption = closed(
  {
    redemptionId: Type.String(),
    status: oneOf(['reserved', 'used', 'released'] as const),
    couponId: Type.String(),
    userId: Type.String(),
    slot: Type.Integer(),
    code: Type.String(),
    reference: Type.String(),
    subtotal: Type.Integer(),
    ...money,
    reservedUntil: Type.Optional(Instant),
  },
  { $id: 'Redemption', description: '`total` is `subtotal` less `discount`.' },
)
export const redemptionRef = { $ref: 'Redemption#' } as const
export const LookedUpCode = closed(
  {
    couponId: Type.String(),
    userId: Type.String(),
    slot: Type.Integer(),
    code: Type.String(),
    status: oneOf(issuedStatuses),
    discount: AnsweredDiscount,
    minimum: Type.Integer(),
    validUntil: Type.Optional(Instant),
    offer: Type.Optional(
      Type.Object(
        {
          discount: Type.Optional(Type.Integer()),
          total: Type.Optional(Type.Integer()),
          refused: Type.Optional(Type.String({ examples: ['minimum-not-met'] })),
        },
        { title: 'Offer', description: 'What the terms give on `subtotal`, whatever the status.' },
      ),
    ),
  },
  { title: 'LookedUpCode' },
)
