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
  type PositionMove,
  type StepRows,
} from '../../ports/orders.ts'
import type { Database, Queryable, Session, SqlValue } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { columnsOf, fieldsOf, jsonOf, lockedTable } from './locked-table.ts'

type ConsumerSchema = 'coupons' | 'stock' | 'payments' | 'orders' | 'dead_letters'
type ConsumerTables<Wanted, Loaded, Changes> = {
  /** Locks what it loads, in one fixed order. */
  load(session: Session, wanted: Wanted): Promise<Loaded>
  write(session: Session, changes: Changes): Promise<void>
}

export function createConsumerStoreSql<Wanted, Loaded, Changes>(
  { database, schema }: { database: Database; schema: ConsumerSchema },
  tables: ConsumerTables<Wanted, Loaded, Changes>,
): ConsumerStore<Wanted, Loaded, Changes> {
  const names = [
    'read-consumer-positions',
    'lock-consumer-positions',
    'create-consumer-positions',
    'move-consumer-positions',
  ] as const
  const statements = loadStatements(names, schema)

  async function isOwner(session: Queryable, checks: readonly PositionCheck[]): Promise<boolean> {
    if (checks.length === 0) return true
    const { rows } = await session.query(statements['lock-consumer-positions'], placesOf(checks))
    const found = new Map(rows.map(([topic, partition, next]) => [`${topic} ${partition}`, next]))
    const missing = checks.filter((check) => !found.has(placeOf(check)))
    if (missing.length > 0) {
      if (missing.some(({ expected }) => expected !== 0)) return false
      const create = statements['create-consumer-positions']
      const created = await session.query(create, placesOf(missing))
      if (created.count !== missing.length) return false
    }
    return checks.every((check) => (found.get(placeOf(check)) ?? 0) === check.expected)
  }

  async function move(session: Queryable, moves: readonly PositionMove[]): Promise<void> {
    if (moves.length === 0) return
    await session.query(statements['move-consumer-positions'], [
      ...placesOf(moves),
      ...columnsOf(moves, 'next', 'published', 'tries'),
      ...columnsOf(
        moves.map(({ taken }) => taken),
        ...(['applied', 'dropped', 'postponed', 'buried', 'passedBy'] as const),
      ),
      moves.map(({ fingerprint }) => fingerprint ?? null),
    ])
  }

  return {
    async positions() {
      const { rows } = await database.query(statements['read-consumer-positions'])
      return rows.map((cells) => fieldsOf<ConsumerPosition>(cells, positionFields))
    },
    transact({ checks, wanted }, decide) {
      return database.transaction(async (session) => {
        if (!(await isOwner(session, checks))) return 'fenced'
        const { changes, moves, result } = decide(await tables.load(session, wanted))
        await tables.write(session, changes)
        await move(session, moves)
        return result
      })
    },
  }
}

const positionFields = ['topic', 'partition', 'next', 'published', 'tries'] as const

type Place = { topic: string; partition: number }

function placeOf({ topic, partition }: Place): string {
  return `${topic} ${partition}`
}

function placesOf(places: readonly Place[]): SqlValue[] {
  return columnsOf(places, 'topic', 'partition')
}

/** A row of a step that knows something of an order. */
type StepRow<Row> = { row: Row & { orderId: string }; unannounced: boolean }

/** The rows of a step, and which of them are open: see StepStore. Orders never met are missing. */
export function stepTable<Row extends { status: string }>(
  database: Queryable,
  schema: ConsumerSchema,
) {
  const names = ['lock-step-rows', 'insert-step-rows', 'upsert-step-rows'] as const
  const statements = loadStatements([...names, 'read-open-rows', 'close-step-rows'], schema)
  const table = lockedTable<StepRow<Row>, 'step-rows'>({
    name: 'step-rows',
    statements,
    idOf: ({ row }) => row.orderId,
    rowOf: (cells) => ({ row: jsonOf(cells) as StepRow<Row>['row'], unannounced: false }),
    columns: (rows) => [
      rows.map(({ row }) => row.orderId),
      rows.map(({ row }) => row.status),
      rows.map(({ row }) => JSON.stringify(row)),
      rows.map(({ unannounced }) => unannounced),
    ],
  })
  return {
    async load(session: Queryable, orderIds: readonly string[]): Promise<Map<string, Row>> {
      const found = await table.load(session, orderIds)
      return new Map([...found].map(([orderId, { row }]) => [orderId, row]))
    },
    async write(session: Queryable, { rows, unsaid = false, said = [] }: StepRows<Row>) {
      if (said.length > 0) await session.query(statements['close-step-rows'], [said])
      const changed = rows.map((row) => {
        return { row: row as StepRow<Row>['row'], unannounced: unsaid || isWaiting(row) }
      })
      await table.write(session, changed)
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
