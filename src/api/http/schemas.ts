// The shapes of HTTP: the same schemas validate, serialize and document. Unknown fields are
// refused everywhere (additionalProperties: false).

import { type TObjectOptions, type TProperties, Type } from 'typebox'
import {
  amountMax,
  audienceCharactersMax,
  audienceValuesMax,
  couponIdPattern,
  couponNameCharactersMax,
  reasonCharactersMax,
} from '../../domain/coupons/messages.ts'
import { type IssuedStatus, issuedStatuses } from '../../domain/coupons/validity.ts'
import {
  cancelReasons,
  lineQuantityMax,
  orderIdPattern,
  orderLinesMax,
  priceMax,
  productIdPattern,
  productNameCharactersMax,
  stockMax,
  topUpAmountMax,
} from '../../domain/orders/messages.ts'
import { userIdRule } from '../../domain/user-id.ts'

/** Pages for people and scripts; a node answers one within a millisecond. */
export const pageItemsMax = 200
export const pageItemsDefault = 50
/** Pages for the auditor: about 2 MB each. */
export const issuedRowsMax = 10_000
export const idempotencyKeyCharactersMax = 128

/** One of these words. */
export function oneOf<Word extends string>(words: readonly Word[]) {
  return Type.Enum([...words], { type: 'string' })
}

/** An object that takes no other fields than these. */
export function closed<Fields extends TProperties>(fields: Fields, options?: TObjectOptions) {
  return Type.Object(fields, { ...options, additionalProperties: false })
}

const visible = 'Visible text; nothing that hides or turns text round, as U+200B or U+202E.'
export const CouponId = Type.String({ pattern: couponIdPattern, examples: ['spring-sale'] })
export const Instant = Type.String({ format: 'date-time', examples: ['2026-05-01T09:00:00.000Z'] })
export const Count = (max: number) => Type.Integer({ minimum: 1, maximum: max })

const discountOf = (kind: 'amount' | 'percent', valueMax: number, more = {}) => ({
  title: kind === 'amount' ? 'AmountDiscount' : 'PercentDiscount',
  type: 'object',
  properties: {
    kind: { const: kind },
    value: { type: 'integer', minimum: 1, maximum: valueMax },
    ...more,
  },
  required: ['kind', 'value'],
  additionalProperties: false,
})
const cap = {
  type: 'integer',
  minimum: 1,
  maximum: amountMax,
  description: 'No more than so much, in whole minor units.',
}
type DiscountShape =
  | { kind: 'amount'; value: number }
  | { kind: 'percent'; value: number; max?: number }
export const Discount = Type.Unsafe<DiscountShape>({
  title: 'Discount',
  type: 'object',
  description: 'An amount in whole minor units of the currency, or a percentage, rounded down.',
  required: ['kind'],
  discriminator: { propertyName: 'kind' },
  oneOf: [discountOf('amount', amountMax), discountOf('percent', 100, { max: cap })],
})

export const Minimum = Type.Integer({
  minimum: 0,
  maximum: amountMax,
  description: 'The coupon cannot be spent on a subtotal below it, in whole minor units.',
})
const AudienceText = Type.String({
  minLength: 1,
  maxLength: audienceCharactersMax,
  format: 'visible-text',
  description: visible,
})
export const Audience = closed(
  {
    attribute: AudienceText,
    values: Type.Array(AudienceText, { minItems: 1, maxItems: audienceValuesMax }),
  },
  {
    title: 'Audience',
    description:
      'Only users whose token has one of these values in the claim of this name can win. A claim ' +
      'that is a list counts with any of its values; numbers and booleans count as their text.',
  },
)

export const CouponPath = closed({ couponId: CouponId })
export const NoBody = Type.Unsafe<Record<string, never> | undefined>({
  type: ['object', 'null'],
  description: 'No body, or an empty object.',
  additionalProperties: false,
})
export const Reason = Type.String({
  minLength: 1,
  maxLength: reasonCharactersMax,
  format: 'visible-text',
  description: `Why, for the log. ${visible}`,
})
export const reasonOf = (title: string) =>
  Type.Unsafe<{ reason?: string } | undefined>({
    title,
    type: ['object', 'null'],
    description: 'No body, or why.',
    properties: { reason: Reason },
    additionalProperties: false,
  })
export const ReturnReason = reasonOf('ReturnReason')
export const CouponName = Type.String({
  minLength: 1,
  maxLength: couponNameCharactersMax,
  format: 'coupon-name',
  description: `${visible} Lengths count UTF-16 units.`,
})
export const idempotencyKey = Type.String({
  pattern: `^[ -~]{1,${idempotencyKeyCharactersMax}}$`,
  description: 'Asked again with the same key, it is done once.',
})
export const KeyRequired = Type.Object({ 'idempotency-key': idempotencyKey })
export const KeyAllowed = Type.Object({ 'idempotency-key': Type.Optional(idempotencyKey) })
export const Page = closed({
  limit: Type.Integer({ minimum: 1, maximum: pageItemsMax, default: pageItemsDefault }),
  after: Type.Optional(CouponId),
})

export const nullable = <Value>(schema: object) => Type.Unsafe<Value | null>(schema)
export const AnsweredDiscount = nullable<DiscountShape>({
  title: 'AnsweredDiscount',
  type: ['object', 'null'],
  properties: {
    kind: { type: 'string', enum: ['amount', 'percent'] },
    value: { type: 'integer' },
    max: { type: 'integer' },
  },
  required: ['kind', 'value'],
})
export const LogPlace = Type.Object(
  { partition: Type.Integer(), offset: Type.Integer(), appendedAt: Instant },
  { title: 'LogPlace', description: 'The record of the log that decided.' },
)

export const Coupon = closed(
  {
    couponId: CouponId,
    name: Type.String(),
    quantity: Type.Integer(),
    issued: Type.Integer(),
    remaining: Type.Integer(),
    status: oneOf(['scheduled', 'open', 'paused', 'sold_out', 'closed']),
    opensAt: Instant,
    closesAt: nullable<string>({ type: ['string', 'null'], format: 'date-time' }),
    discount: AnsweredDiscount,
    minimum: Type.Optional(Minimum),
    validUntil: Type.Optional(Instant),
    validDays: Type.Optional(Type.Integer()),
    audience: Type.Optional(Audience),
    rehearsal: Type.Optional(Type.Literal(true)),
  },
  { $id: 'Coupon' },
)
export const CouponPage = Type.Object(
  {
    coupons: Type.Array(Type.Unsafe<unknown>({ $ref: 'Coupon#' })),
    next: Type.Optional(CouponId),
  },
  { title: 'CouponPage' },
)
export const HeldPage = Type.Object(
  {
    coupons: Type.Array(
      Type.Object(
        {
          couponId: CouponId,
          name: Type.String(),
          slot: Type.Integer(),
          code: Type.String(),
          discount: AnsweredDiscount,
          minimum: Type.Optional(Minimum),
          issuedAt: Instant,
          validUntil: Type.Optional(Instant),
          status: oneOf(issuedStatuses),
          orderId: Type.Optional(Type.String()),
        },
        { title: 'HeldCoupon' },
      ),
    ),
    next: Type.Optional(CouponId),
  },
  { title: 'HeldPage' },
)
export const IssuedClaim = closed(
  {
    outcome: Type.Literal('issued'),
    couponId: CouponId,
    userId: Type.String(),
    claimId: Type.String(),
    slot: Type.Integer({ description: 'The winner’s rank, from 1.' }),
    code: Type.String(),
    log: LogPlace,
    validUntil: Type.Optional(Instant),
    status: Type.Optional(
      Type.Unsafe<IssuedStatus>({
        ...oneOf(issuedStatuses),
        description: 'Of GET alone; left out while the rows cannot be read.',
      }),
    ),
  },
  { $id: 'IssuedClaim' },
)
export const Pending = closed(
  { outcome: Type.Literal('pending') },
  { $id: 'Pending', description: 'Not decided in time: ask at Location.' },
)
export const Problem = closed(
  {
    type: Type.String({ examples: ['/problems/sold-out'] }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    errors: Type.Optional(
      Type.Array(
        Type.Object({ path: Type.String(), message: Type.String() }, { title: 'FieldError' }),
        {
          description: 'What is wrong with the request; paths are JSON pointers.',
        },
      ),
    ),
    reason: Type.Optional(
      Type.String({ description: 'Of an unavailable service, such as queue_full or orders_slow.' }),
    ),
    reasons: Type.Optional(Type.Array(Type.String(), { description: 'Why it is not ready.' })),
    opensAt: Type.Optional(Instant),
    claimId: Type.Optional(Type.String()),
    log: Type.Optional(LogPlace),
    couponStatus: Type.Optional(Type.String()),
    reservedUntil: Type.Optional(Instant),
  },
  { $id: 'Problem', description: 'RFC 9457.' },
)

const ProductId = Type.String({ pattern: productIdPattern, examples: ['earl-grey'] })
const OrderId = Type.String({ pattern: orderIdPattern })
const UsedCouponId = Type.String({ pattern: couponIdPattern })
const Money = (max: number) =>
  Type.Integer({ minimum: 0, maximum: max, description: 'Whole minor units of the currency.' })

export const ProductPath = closed({ productId: ProductId })
export const OrderPath = closed({ orderId: OrderId })
export const WalletPath = closed({
  userId: Type.String({ format: 'user-id', description: `Percent-encoded: ${userIdRule}.` }),
})

export const NewProduct = closed(
  {
    productId: ProductId,
    name: Type.String({
      minLength: 1,
      maxLength: productNameCharactersMax,
      format: 'visible-text',
      description: visible,
    }),
    price: Money(priceMax),
    stock: Type.Integer({ minimum: 0, maximum: stockMax }),
  },
  { title: 'NewProduct' },
)
export const AddedStock = closed({ add: Count(stockMax) }, { title: 'AddedStock' })
export const TopUp = closed({ amount: Count(topUpAmountMax) }, { title: 'TopUp' })
export const NewOrder = closed(
  {
    lines: Type.Array(
      closed({ productId: ProductId, quantity: Count(lineQuantityMax) }, { title: 'OrderLine' }),
      {
        minItems: 1,
        maxItems: orderLinesMax,
        description: 'A product in at most one of them.',
      },
    ),
    couponId: Type.Optional(UsedCouponId),
  },
  { title: 'NewOrder' },
)

export const Product = closed(
  {
    productId: ProductId,
    name: Type.String(),
    price: Type.Integer(),
    available: Type.Integer({ description: 'For new orders.' }),
    held: Type.Integer({ description: 'By orders that have not ended.' }),
    sold: Type.Integer(),
  },
  { $id: 'Product' },
)
export const Wallet = closed({ userId: Type.String(), balance: Type.Integer() }, { $id: 'Wallet' })
const reason = Type.Optional(oneOf(cancelReasons))
const OrderReturn = Type.Object(
  {
    by: Type.String({ description: 'Who wanted it returned: its user, or an operator.' }),
    reason: Type.Optional(Type.String()),
    askedAt: Instant,
  },
  { title: 'OrderReturn', description: 'Of an order that is being returned, or is returned.' },
)
export const Order = closed(
  {
    orderId: OrderId,
    status: oneOf(['pending', 'confirmed', 'cancelled', 'returning', 'returned']),
    reason,
    return: Type.Optional(OrderReturn),
    lines: Type.Array(
      Type.Object(
        {
          productId: ProductId,
          quantity: Type.Integer(),
          unitPrice: Type.Optional(Type.Integer({ description: 'Once the line is held.' })),
        },
        { title: 'OrderedLine' },
      ),
    ),
    couponId: Type.Optional(UsedCouponId),
    subtotal: Type.Optional(Type.Integer({ description: 'The sums: once payment is due.' })),
    discount: Type.Optional(Type.Integer()),
    total: Type.Optional(Type.Integer()),
    steps: Type.Array(
      Type.Object(
        {
          step: oneOf(['coupon', 'stock', 'payment']),
          outcome: oneOf(['used', 'held', 'captured', 'refused', 'released', 'sold', 'refunded']),
          reason,
          at: Instant,
        },
        { title: 'OrderStep' },
      ),
    ),
    placedAt: Instant,
  },
  { $id: 'Order' },
)

/** References to the schemas that have an `$id`, so that the document names them. */
export const couponRef = { $ref: 'Coupon#' } as const
export const issuedClaimRef = { $ref: 'IssuedClaim#' } as const
export const pendingRef = { $ref: 'Pending#' } as const
export const productRef = { $ref: 'Product#' } as const
export const walletRef = { $ref: 'Wallet#' } as const
export const orderRef = { $ref: 'Order#' } as const

export const Health = Type.Object({ status: Type.Literal('alive') }, { title: 'Health' })
export const Ready = Type.Object(
  {
    status: Type.Literal('ready'),
    degraded: Type.Optional(Type.Array(Type.String())), // though claims work
  },
  { title: 'Ready' },
)
