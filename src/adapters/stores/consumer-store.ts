// The store of one consumer of orders over any Database handle: what a batch of records means is
// stored in one transaction with the positions that were read, which fences other owners.
// What is loaded and written besides is for each consumer's own file.

import type {
  ConsumerPosition,
  ConsumerStore,
  PositionCheck,
  PositionMove,
} from '../../ports/orders.ts'
import type { Database, Queryable, Session, SqlValue } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { columnsOf, fieldsOf } from './locked-table.ts'

export type ConsumerSchema = 'coupons' | 'stock' | 'payments' | 'orders' | 'dead_letters'
export type ConsumerTables<Wanted, Loaded, Changes> = {
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
