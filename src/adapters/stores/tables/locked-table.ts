// Rows that a transaction locks by their ids, changes and writes back. What it looked for and did
// not find it could not lock either, and another may write it meanwhile: it must then be inserted,
// never overwritten. Who finds another's row instead is rolled back, and decides again over what
// is there now.

import {
  type Queryable,
  type SqlRow,
  type SqlScalar,
  type SqlValue,
  type Statement,
  unavailable,
} from '../../database/database.ts'

export type LockedTable<Row> = {
  /** By id, locked in the order of the ids; those that have no row are missing. */
  load(session: Queryable, ids: readonly string[]): Promise<Map<string, Row>>
  /** In the order of the ids: inserts what the transaction did not find, updates what it locked. */
  write(session: Queryable, rows: readonly Row[]): Promise<void>
}

export type LockedTableParts<Row, Name extends string> = {
  name: Name
  statements: Readonly<Record<`${'lock' | 'insert' | 'upsert'}-${Name}`, Statement>>
  idOf(row: Row): string
  rowOf(cells: SqlRow): Row
  columns(rows: readonly Row[]): SqlValue[]
}

export function lockedTable<Row, Name extends string>(
  parts: LockedTableParts<Row, Name>,
): LockedTable<Row> {
  const { name, statements, idOf, rowOf, columns } = parts
  const notFound = new WeakMap<Queryable, Set<string>>()
  return {
    async load(session, ids) {
      if (ids.length === 0) return new Map()
      const { rows } = await session.query(statements[`lock-${name}`], [ids])
      const found = new Map(rows.map(rowOf).map((row) => [idOf(row), row]))
      notFound.set(session, new Set(ids.filter((id) => !found.has(id))))
      return found
    },
    async write(session, rows) {
      const missing = notFound.get(session)
      const isNew = (row: Row) => missing?.has(idOf(row)) ?? false
      const sorted = rows.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
      const first = sorted.filter(isNew)
      const later = sorted.filter((row) => !isNew(row))
      if (first.length > 0) {
        const { count } = await session.query(statements[`insert-${name}`], columns(first))
        if (count !== first.length) throw unavailable('another transaction met the same rows first')
      }
      if (later.length > 0) await session.query(statements[`upsert-${name}`], columns(later))
    },
  }
}

/** An array for each of these fields, as the statements' `unnest` takes them. */
export function columnsOf<Name extends string>(
  rows: readonly Readonly<Record<Name, SqlScalar>>[],
  ...names: readonly Name[]
): SqlScalar[][] {
  return names.map((name) => rows.map((row) => row[name]))
}

/** The cells of a row by the names of the fields that they stand for. */
export function fieldsOf<Row>(cells: SqlRow, names: readonly (keyof Row)[]): Row {
  const row: Partial<Record<keyof Row, unknown>> = {}
  names.forEach((name, n) => {
    row[name] = cells[n]
  })
  return row as Row
}

export function jsonOf([text]: SqlRow): unknown {
  return JSON.parse(String(text))
}
