// The store of one consumer of orders over any Database handle: what a batch of records means is
// stored in one transaction with the positions that were read, which fences other owners. And the
// tables that they have in common, each in its own schema: the row of a step for each order, and
// what became of operators' commands. What is kept besides is for each consumer's own file.

import {
  type CommandName,
  type ConsumerPosition,
  type ConsumerStore,
  commandKey,
  type DoneCommand,
  isWaiting,
  type PositionCheck,
  type StepRows,
} from '../../ports/orders.ts'
import type { Database, Queryable, Session, SqlValue } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { columnsOf, fieldsOf, jsonOf } from './tables/locked-table.ts'
import {
  type OrderTable,
  orderTable,
  placeOf,
  placesOf,
  type StoredOrders,
} from './tables/order-table.ts'

type ConsumerSchema = 'coupons' | 'stock' | 'payments' | 'orders' | 'dead_letters'
type ConsumerTables<Wanted, Loaded, Changes, Row> = {
  orders: {
    table: OrderTable<Row>
    wanted(wanted: Wanted): readonly string[]
    changed(changes: Changes): Omit<StoredOrders<Row>, 'moves'>
  }
  /** Locks what else it loads, in one fixed order. */
  load(session: Session, wanted: Wanted, rows: Map<string, Row>): Promise<Loaded>
  /** What else has changed. */
  write(session: Session, changes: Changes): Promise<void>
}

/** One round trip locks, and one stores: what else there is comes between them. */
export function createConsumerStoreSql<Wanted, Loaded, Changes, Row>(
  { database, schema }: { database: Database; schema: ConsumerSchema },
  { orders, ...others }: ConsumerTables<Wanted, Loaded, Changes, Row>,
): ConsumerStore<Wanted, Loaded, Changes> {
  const positions = positionTable(schema)
  return {
    positions: () => positions.read(database),
    settle: (settled) => positions.settle(database, settled),
    transact({ checks, wanted, isPatient = false }, decide) {
      const run = async (session: Session) => {
        const asked = { checks, orderIds: orders.wanted(wanted) }
        const locked = await orders.table.lock(session, asked)
        if (!(await positions.isOwner(session, checks, locked.positions))) return 'fenced'
        const loaded = await others.load(session, wanted, locked.rows)
        const { changes, moves, result } = decide(loaded)
        await others.write(session, changes)
        const changed = orders.changed(changes)
        const { rows, more = [] } = changed
        const isNothing = rows.length + moves.length === 0 && more.every(isEmpty)
        if (!isNothing) await orders.table.store(session, { ...changed, moves })
        return result
      }
      if (database.together === undefined) return database.transaction(run)
      return database.together({ name: schema, isPatient, run })
    },
  }
}

function isEmpty(value: SqlValue): boolean {
  return Array.isArray(value) && value.length === 0
}

/** Where each partition is read to: the fence of its owner. */
export function positionTable(schema: ConsumerSchema) {
  const names = [
    'read-consumer-positions',
    'create-consumer-positions',
    'settle-consumer-positions',
  ] as const
  const statements = loadStatements(names, schema)
  return {
    async read(session: Queryable): Promise<ConsumerPosition[]> {
      const { rows } = await session.query(statements['read-consumer-positions'])
      return rows.map((cells) => fieldsOf<ConsumerPosition>(cells, positionFields))
    },
    async settle(session: Queryable, settled: readonly ConsumerPosition[]): Promise<boolean> {
      const values = columnsOf(settled, ...positionFields)
      const { count } = await session.query(statements['settle-consumer-positions'], values)
      return count === settled.length
    },
    /** `found`: what is locked of them, by `placeOf`. */
    async isOwner(
      session: Queryable,
      checks: readonly PositionCheck[],
      found: ReadonlyMap<string, number>,
    ): Promise<boolean> {
      const missing = checks.filter((check) => !found.has(placeOf(check)))
      if (missing.length > 0) {
        if (missing.some(({ expected }) => expected !== 0)) return false
        const create = statements['create-consumer-positions']
        const created = await session.query(create, placesOf(missing))
        if (created.count !== missing.length) return false
      }
      return checks.every((check) => (found.get(placeOf(check)) ?? 0) === check.expected)
    },
  }
}

const positionFields = ['topic', 'partition', 'next', 'published', 'tries'] as const

/** A row of a step that knows something of an order. */
export type StepRow<Row> = { row: Row & { orderId: string }; unannounced: boolean }

/** The rows of a step, and which of them are open: see StepStore. Orders never met are missing. */
export function stepTable<Row extends { status: string }>(
  database: Queryable,
  schema: ConsumerSchema,
) {
  const names = ['lock-step-rows', 'store-step-rows', 'read-open-rows'] as const
  const statements = loadStatements(names, schema)
  const table = orderTable<StepRow<Row>>({
    statements: { lock: statements['lock-step-rows'], store: statements['store-step-rows'] },
    idOf: ({ row }) => row.orderId,
    rowOf: (text) => ({ row: JSON.parse(text) as StepRow<Row>['row'], unannounced: false }),
    columns: (rows) => [
      rows.map(({ row }) => row.orderId),
      rows.map(({ row }) => row.status),
      rows.map(({ row }) => JSON.stringify(row)),
      rows.map(({ unannounced }) => unannounced),
    ],
  })
  return {
    orders: {
      table,
      wanted: ({ orderIds }: { orderIds: readonly string[] }) => orderIds,
      changed({ rows, unsaid = false, said = [] }: StepRows<Row>) {
        const changed = rows.map((row) => {
          return { row: row as StepRow<Row>['row'], unannounced: unsaid || isWaiting(row) }
        })
        // What is written anew says itself whether it is open.
        const written = new Set(changed.map(({ row }) => row.orderId))
        return { rows: changed, more: [said.filter((orderId) => !written.has(orderId))] }
      },
    },
    rowsOf(locked: ReadonlyMap<string, StepRow<Row>>): Map<string, Row> {
      return new Map([...locked].map(([orderId, { row }]) => [orderId, row]))
    },
    async openRows({ after, limit }: { after: string; limit: number }): Promise<Row[]> {
      const { rows } = await database.query(statements['read-open-rows'], [after, limit])
      return rows.map((cells) => jsonOf(cells) as Row)
    },
  }
}

/** By `commandKey`; those that were not applied are missing. */
export type ReadCommands = (
  session: Queryable,
  names: readonly CommandName[],
) => Promise<Map<string, DoneCommand>>

/** Also for the API, which waits for a command to be done. */
export function commandReader(schema: ConsumerSchema): ReadCommands {
  const statement = loadStatements(['read-commands'], schema)['read-commands']
  return async (session, names) => {
    if (names.length === 0) return new Map()
    const { rows } = await session.query(statement, columnsOf(names, 'key', 'commandId'))
    const done = rows.map(doneCommandOf)
    return new Map(done.map((command) => [commandKey(command), command]))
  }
}

export function doneCommandOf(cells: Parameters<typeof fieldsOf>[0]): DoneCommand {
  return fieldsOf<DoneCommand>(cells, commandFields)
}

const commandFields = ['key', 'commandId', 'amount', 'outcome'] as const

export type CommandTable = {
  load: ReadCommands
  write(session: Queryable, commands: readonly DoneCommand[]): Promise<void>
}

export function commandTable(schema: ConsumerSchema): CommandTable {
  const statement = loadStatements(['insert-commands'], schema)['insert-commands']
  return {
    load: commandReader(schema),
    async write(session, commands) {
      if (commands.length === 0) return
      await session.query(statement, columnsOf(commands, ...commandFields))
    },
  }
}
