// The fields that several records have in common, as JSON Schema made with TypeBox. Limits come
// from the domain; what they are in is said in each description.

import { Type } from 'typebox'
import { amountMax, couponIdPattern, userIdPattern } from '../../src/domain/coupons/messages.ts'
import {
  lineQuantityMax,
  orderIdPattern,
  orderLinesMax,
  orderSumMax,
  priceMax,
  productIdPattern,
} from '../../src/domain/orders/messages.ts'
import type { Rule, Schema, Wire } from './record-type.ts'

/** No NUL, and no half of a surrogate pair; JSON Schema reads patterns with the flag u. */
export const textPattern = '^[^\\u0000\\ud800-\\udfff]*$'
/** As `Date.prototype.toISOString` writes them. */
export const instantPattern = '^(\\d{4}|[+-]\\d{6})-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$'

const identifierUnitsMax = 300

export const couponId = (description: string) =>
  Type.String({ pattern: couponIdPattern, description })
export const userId = (description: string) => Type.String({ pattern: userIdPattern, description })
export const orderId = Type.String({ pattern: orderIdPattern, description: 'The order.' })
export const productId = (description: string) =>
  Type.String({ pattern: productIdPattern, description })
export const text = (charactersMax: number, description: string) =>
  Type.String({ minLength: 1, maxLength: charactersMax, pattern: textPattern, description })
/** Of any length, empty as well. */
export const plainText = (description?: string) =>
  Type.String(
    description === undefined ? { pattern: textPattern } : { pattern: textPattern, description },
  )
export const instant = (description: string) =>
  Type.String({ pattern: instantPattern, description })
export const whole = (max: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: max, description })
export const count = (max: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: max, description })
export const offset = (description: string) => whole(Number.MAX_SAFE_INTEGER, description)
export const oneOf = (values: readonly string[], description: string) =>
  Type.Unsafe<string>({ type: 'string', enum: values, description })
export const sum = (description: string) =>
  whole(orderSumMax, `${description}, in whole minor units.`)

export const by = text(identifierUnitsMax, 'The operator who commanded it.')
export const commandId = text(
  identifierUnitsMax,
  'The command. The same one again for the same id changes nothing.',
)

const lineFields = {
  productId: productId('What.'),
  quantity: count(lineQuantityMax, 'How many pieces.'),
}
export const lines = Type.Array(Type.Object(lineFields), {
  minItems: 1,
  maxItems: orderLinesMax,
  description: 'What is ordered.',
})
export const pricedLines = Type.Array(
  Type.Object({
    ...lineFields,
    unitPrice: whole(priceMax, 'The price of one piece when it was held, in whole minor units.'),
  }),
  { minItems: 1, maxItems: orderLinesMax, description: "In the order's own order of lines." },
)

const discountOf = (kind: string, max: number, what: string) =>
  Type.Object({
    kind: Type.Literal(kind, { description: 'What `value` is.' }),
    value: count(max, what),
  })
export const discount = Type.Unsafe<{ kind: string; value: number }>({
  type: 'object',
  description: 'What the coupon takes off; without it nothing. Never more than the subtotal.',
  oneOf: [
    discountOf('amount', amountMax, 'An amount in whole minor units.'),
    discountOf('percent', 100, 'A percentage of the subtotal, rounded down.'),
  ],
})

/** A record: its own fields, and what every record says. */
export function recordSchema(
  type: string,
  description: string,
  fields: Record<string, Type.TSchema>,
): Schema {
  const envelope = {
    type: Type.Literal(type, { description: 'The type of the record.' }),
    v: Type.Literal(1, { description: 'The version of the type.' }),
  }
  return Type.Object({ ...envelope, ...fields }, { description }) as Schema
}

export const identifiersFit: Rule = {
  says: '`by` and `commandId` are counted in UTF-16 units: most emoji are two.',
  holds: ({ by: who, commandId: id }) => {
    return [who, id].every((it) => String(it).length <= identifierUnitsMax)
  },
  mend: (wire) => ({ ...wire, by: cut(wire.by), commandId: cut(wire.commandId) }),
}

function cut(identifier: unknown): string {
  return Array.from(String(identifier))
    .slice(0, identifierUnitsMax / 2)
    .join('')
}

export const productsDiffer: Rule = {
  says: 'No product stands in two lines.',
  holds: (wire) => new Set(productsOf(wire)).size === productsOf(wire).length,
  mend: (wire) => {
    const products = productsOf(wire)
    const all = wire.lines as Wire[]
    return { ...wire, lines: all.filter((_, n) => products.indexOf(products[n] ?? '') === n) }
  },
}

function productsOf(wire: Wire): string[] {
  return (wire.lines as { productId: string }[]).map((line) => line.productId)
}
