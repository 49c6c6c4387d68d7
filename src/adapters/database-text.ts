// How values stand as text in PostgreSQL's protocol, for every adapter that speaks it: the text of
// a parameter, whose type the server knows from the statement, and which columns are not text.

import { PortError } from '../ports.ts'
import type { SqlScalar, SqlValue } from './database.ts'

/** Type ids (pg_type.oid) of the columns that arrive as booleans and as numbers. */
export const boolType = 16
export const integerTypes: ReadonlySet<number> = new Set([20, 21, 23, 26])

export function parameterText(value: SqlValue): string | null {
  if (value === null) return null
  if (typeof value === 'object') return `{${value.map(elementText).join(',')}}`
  return String(value)
}

function elementText(element: SqlScalar): string {
  if (typeof element !== 'string') return String(element)
  return `"${element.replace(/["\\]/g, '\\$&')}"`
}

export function numberTooLarge(text: string): PortError {
  return new PortError('store_broken', `the number ${text} in the database is beyond 2^53`)
}
