// The rows of a consumer about orders, which it locks in one statement with its positions, and
// stores in one with their moves: a batch is so few round trips. As of locked-table.ts, what was
// looked for and not found is inserted, never overwritten.

import { type PositionCheck, type PositionMove } from '../../../ports/orders.ts'
import {
  type Queryable,
  type SqlRow,
  type SqlValue,
  type Statement,
  unavailable,
} from '../../database/database.ts'
import { loadStatements } from '../../database/statements.ts'
import { columnsOf } from './locked-table.ts'

/** What a transaction has locked. */
export type LockedOrders<Row> = {
  /** By `placeOf`, the next offset of each position that was ever written. */
  positions: Map<string, number>
  /** By order id; orders that were never met are missing. */
  rows: Map<string, Row>
}
export type OrderTable<Row> = {
  lock(
    session: Queryable,
    wanted: { checks: readonly PositionCheck[]; orderIds: readonly string[] },
  ): Promise<LockedOrders<Row>>
  store(session: Queryable, stored: StoredOrders<Row>): Promise<void>
}
export type StoredOrders<Row> = {
  rows: readonly Row[]
  moves: readonly PositionMove[]
  /** Parameters of the statement between those of the moves and those of the rows. */
  more?: readonly SqlValue[]
}
type OrderTableParts<Row> = {
  statements: { lock: Statement; store: Statement }
  idOf(row: Row): string
  rowOf(text: string): Row
  columns(rows: readonly Row[]): SqlValue[]
}

export function orderTable<Row>(parts: OrderTableParts<Row>): OrderTable<Row> {
  const { statements, idOf, rowOf, columns } = parts
  const notFound = new WeakMap<Queryable, Set<string>>()
  return {
    async lock(session, { checks, orderIds }) {
      const values = [...placesOf(checks), orderIds]
      const { rows: cells } = await session.query(statements.lock, values)
      const locked: LockedOrders<Row> = { positions: new Map(), rows: new Map() }
      for (const [topic, partition, next, text] of cells as Cells[]) {
        if (topic !== null) locked.positions.set(placeOf({ topic, partition }), next)
        else {
          const row = rowOf(text)
          locked.rows.set(idOf(row), row)
        }
      }
      notFound.set(session, new Set(orderIds.filter((id) => !locked.rows.has(id))))
      return locked
    },
    async store(session, { rows, moves, more = [] }) {
      const missing = notFound.get(session)
      const isNew = (row: Row) => missing?.has(idOf(row)) ?? false
      const sorted = rows.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
      const first = sorted.filter(isNew)
      const later = sorted.filter((row) => !isNew(row))
      const values = [...moveColumns(moves), ...more, ...columns(first), ...columns(later)]
      const stored = await session.query(statements.store, values)
      if (stored.rows[0]?.[0] === first.length) return
      throw unavailable('another transaction met the same rows first')
    },
  }
}

/** Of a consumer that has no rows about orders. */
export function noOrderTable(schema: string): OrderTable<never> {
  const names = ['lock-consumer-positions', 'move-consumer-positions'] as const
  const statements = loadStatements(names, schema)
  return {
    async lock(session, { checks }) {
      const locked: LockedOrders<never> = { positions: new Map(), rows: new Map<string, never>() }
      if (checks.length === 0) return locked
      const lock = statements['lock-consumer-positions']
      const found = await session.query(lock, placesOf(checks))
      for (const [topic, partition, next] of found.rows as Cells[]) {
        if (topic !== null) locked.positions.set(placeOf({ topic, partition }), next)
      }
      return locked
    },
    async store(session, { moves }) {
      await session.query(statements['move-consumer-positions'], moveColumns(moves))
    },
  }
}

type Cells = SqlRow &
  (
    | readonly [topic: string, partition: number, next: number, text: null]
    | readonly [topic: null, partition: null, next: null, text: string]
  )

type Place = { topic: string; partition: number }

export function placeOf({ topic, partition }: Place): string {
  return `${topic} ${partition}`
}

export function placesOf(places: readonly Place[]): SqlValue[] {
  return columnsOf(places, 'topic', 'partition')
}

/** As move-consumer-positions takes them. */
export function moveColumns(moves: readonly PositionMove[]): SqlValue[] {
  return [
    ...placesOf(moves),
    ...columnsOf(moves, 'next', 'published', 'tries'),
    ...columnsOf(
      moves.map(({ taken }) => taken),
      ...(['applied', 'dropped', 'postponed', 'buried', 'passedBy'] as const),
    ),
    moves.map(({ fingerprint }) => fingerprint ?? null),
  ]
}
