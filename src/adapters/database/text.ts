// How values stand as text in PostgreSQL's protocol, for every adapter that speaks it: the text of
// a parameter, whose type the server knows from the statement, that of rows for COPY, and which
// columns are not text.

import { PortError } from '../../ports/port-error.ts'
import type { SqlRow, SqlScalar, SqlValue } from './database.ts'

/** Type ids (pg_type.oid) of the columns that arrive as booleans and as numbers. */
export const boolType = 16
export const integerTypes: ReadonlySet<number> = new Set([20, 21, 23, 26])

export function parameterText(value: SqlValue): string | null {
  if (value === null) return null
  if (typeof value === 'object') return arrayText(value)
  return String(value)
}

/** Joined as a whole where no element needs care: half of the time of one after the other. */
function arrayText(elements: readonly SqlScalar[]): string {
  if (!elements.some((element) => typeof element === 'string')) {
    return `{${elements.map(String).join(',')}}`
  }
  const needsCare = elements.includes(null) || /["\\]/.test(elements.join(''))
  if (needsCare) return `{${elements.map(elementText).join(',')}}`
  return `{"${elements.join('","')}"}`
}

function elementText(element: SqlScalar): string {
  if (typeof element !== 'string') return String(element)
  return `"${element.replace(/["\\]/g, '\\$&')}"`
}

/** Rows as the text format of COPY wants them. */
export function copyText(rows: readonly SqlRow[]): string {
  let text = ''
  for (const row of rows) {
    let separator = ''
    for (const cell of row) {
      text += separator + copyCell(cell)
      separator = '\t'
    }
    text += '\n'
  }
  return text
}

function copyCell(value: SqlScalar): string {
  if (value === null) return '\\N'
  if (typeof value !== 'string') return String(value)
  // JSON writes these four as COPY does.
  const escape = (character: string) => JSON.stringify(character).slice(1, -1)
  return /[\\\n\r\t]/.test(value) ? value.replace(/[\\\n\r\t]/g, escape) : value
}

export function numberTooLarge(text: string): PortError {
  return new PortError('store_broken', `the number ${text} in the database is beyond 2^53`)
}
