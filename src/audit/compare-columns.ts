// Compares a row with what the log gives, column by column. A further column is a further entry.

import type { Differs } from './findings.ts'

/** Some columns of any of the shapes that a row may have. */
export type Columns<Row> = Partial<Record<ColumnOf<Row>, unknown>>
type ColumnOf<Row> = Row extends unknown ? keyof Row : never

/** `onDifference` gets what the row has, and what the log gives instead. */
export function compareColumns<Row extends object>(
  row: Row,
  fromLog: Columns<Row>,
  onDifference: Differs,
): void {
  for (const [column, given] of Object.entries(fromLog)) {
    const found = row[column as keyof Row]
    if (sameJson(found, given)) continue
    onDifference(`${column} ${shown(found)}, the log gives ${shown(given)}`)
  }
}

/** The same text for the same value: a database gives fields back in another order. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, field: unknown) => {
    if (typeof field !== 'object' || field === null || Array.isArray(field)) return field
    return Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/** Whether both would have the same canonical JSON, which is made of none of them. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, n) => sameJson(item, b[n]))
  }
  for (const name in a) {
    const value: unknown = a[name as keyof object]
    if (value !== undefined && !sameJson(value, b[name as keyof object])) return false
  }
  return hasNoMore(b, a)
}

/** A field that is undefined is none. */
function hasNoMore(b: object, a: object): boolean {
  for (const name in b) {
    if (b[name as keyof object] !== undefined && a[name as keyof object] === undefined) return false
  }
  return true
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' ? canonicalJson(value) : `${value as number | boolean}`
}
