// A JSON Schema as the rows of a table: a row for each field, those of objects and lists within it
// named by their path.

import { couponIdPattern } from '../../src/domain/coupons/messages.ts'
import { instantPattern, type Schema, textPattern } from '../../src/domain/field.ts'
import { orderIdPattern, productIdPattern } from '../../src/domain/orders/messages.ts'
import { userIdPattern } from '../../src/domain/user-id.ts'

export type SchemaRow = { name: string; form: string; isOptional: boolean; says: string }

export function schemaRows(schema: Schema, path = ''): SchemaRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const isOptional = !(schema.required ?? []).includes(name)
    const row = { name: `${path}${name}`, form: formOf(field), isOptional }
    return [{ ...row, says: field.description ?? '' }, ...rowsWithin(field, row.name)]
  })
}

function rowsWithin(field: Schema, name: string): SchemaRow[] {
  if (field.items !== undefined) return schemaRows(field.items, `${name}[].`)
  if (field.oneOf === undefined) return schemaRows(field, `${name}.`)
  const [first, ...others] = field.oneOf.map((variant) => schemaRows(variant, `${name}.`))
  return (first ?? []).map((row, n) => {
    const same = [row, ...others.flatMap((rows) => rows[n] ?? [])]
    return {
      ...row,
      form: distinct(same, 'form').join(' or '),
      says: distinct(same, 'says').join(' '),
    }
  })
}

function distinct(rows: readonly SchemaRow[], what: 'form' | 'says'): string[] {
  return [...new Set(rows.map((row) => row[what]))]
}

const named = new Map([
  [couponIdPattern, 'id'],
  [productIdPattern, 'id'],
  [userIdPattern, '1–128 characters, no control characters, in NFC'],
  [orderIdPattern, '1–64 of `A-Z a-z 0-9 _ -`'],
  [instantPattern, 'time'],
])

function formOf(field: Schema): string {
  if (field.const !== undefined) return `\`${JSON.stringify(field.const)}\``
  if (field.enum !== undefined) return field.enum.map((one) => `\`${one}\``).join(', ')
  switch (field.type) {
    case 'integer':
      if (field.minimum === field.maximum) return figure(field.minimum)
      return `${figure(field.minimum)}–${figure(field.maximum)}`
    case 'array':
      return `list of ${figure(field.minItems)}–${figure(field.maxItems)}`
    case 'string':
      return stringForm(field)
    case 'object':
      return field.additionalProperties === undefined ? 'object' : 'object of text'
    default:
      return String(field.type)
  }
}

function stringForm({ pattern = textPattern, minLength, maxLength }: Schema): string {
  if (pattern !== textPattern) return named.get(pattern) ?? `\`${pattern}\``
  return maxLength === undefined ? 'text' : `text of ${figure(minLength)}–${figure(maxLength)}`
}

function figure(count: number | undefined): string {
  return count === Number.MAX_SAFE_INTEGER ? '2^53 − 1' : (count ?? 0).toLocaleString('en')
}
