// The shapes of HTTP for products, wallets and orders, as schemas.ts has those of coupons.

import { Type } from 'typebox'
import { couponIdPattern, userIdPattern } from '../../domain/coupons/messages.ts'
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
import { Count, closed, Instant } from './schemas.ts'

const ProductId = Type.String({ pattern: productIdPattern, examples: ['earl-grey'] })
const OrderId = Type.String({ pattern: orderIdPattern })
const CouponId = Type.String({ pattern: couponIdPattern })
const Money = (max: number) =>
  Type.Integer({ minimum: 0, maximum: max, description: 'Whole minor units of the currency.' })

export const ProductPath = closed({ productId: ProductId })
export const OrderPath = closed({ orderId: OrderId })
export const WalletPath = closed({ userId: Type.String({ pattern: userIdPattern }) })

export const NewProduct = closed({
  productId: ProductId,
  name: Type.String({
    minLength: 1,
    maxLength: productNameCharactersMax,
    format: 'visible-text',
    description: 'Not blank; no control characters.',
  }),
  price: Money(priceMax),
  stock: Type.Integer({ minimum: 0, maximum: stockMax }),
})
export const AddedStock = closed({ add: Count(stockMax) })
export const TopUp = closed({ amount: Count(topUpAmountMax) })
export const NewOrder = closed({
  lines: Type.Array(closed({ productId: ProductId, quantity: Count(lineQuantityMax) }), {
    minItems: 1,
    maxItems: orderLinesMax,
    description: 'A product in at most one of them.',
  }),
  couponId: Type.Optional(CouponId),
})

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
const reason = Type.Optional(Type.Enum([...cancelReasons], { type: 'string' }))
export const Order = closed(
  {
    orderId: OrderId,
    status: Type.Enum(['pending', 'confirmed', 'cancelled'], { type: 'string' }),
    reason,
    lines: Type.Array(
      Type.Object({
        productId: ProductId,
        quantity: Type.Integer(),
        unitPrice: Type.Optional(Type.Integer({ description: 'Once the line is held.' })),
      }),
    ),
    couponId: Type.Optional(CouponId),
    subtotal: Type.Optional(Type.Integer({ description: 'The sums: once payment is due.' })),
    discount: Type.Optional(Type.Integer()),
    total: Type.Optional(Type.Integer()),
    steps: Type.Array(
      Type.Object({
        step: Type.Enum(['coupon', 'stock', 'payment'], { type: 'string' }),
        outcome: Type.Enum(
          ['used', 'held', 'captured', 'refused', 'released', 'sold', 'refunded'],
          { type: 'string' },
        ),
        reason,
        at: Instant,
      }),
    ),
    placedAt: Instant,
  },
  { $id: 'Order' },
)

/** References to the schemas that have an `$id`, so that the document names them. */
export const productRef = { $ref: 'Product#' } as const
export const walletRef = { $ref: 'Wallet#' } as const
export const orderRef = { $ref: 'Order#' } as const
