// What the consumer of dead letters keeps in SQL: the letters with all that was done about them,
// and what became of operators' commands.

import type { DeadLetterChanges, DeadLetterStore } from '../../ports/orders.ts'
import type { Database } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { commandTable, createConsumerStoreSql } from './consumer-store.ts'
import { columnsOf, jsonOf, lockedTable } from './tables/locked-table.ts'
import { noOrderTable } from './tables/order-table.ts'

type DeadLetter = DeadLetterChanges['letters'][number]

export function createDeadLetterStoreSql(database: Database): DeadLetterStore {
  const schema = 'dead_letters'
  const commandRows = commandTable(schema)
  const letterRows = lockedTable<DeadLetter, 'dead-letters'>({
    name: 'dead-letters',
    statements: loadStatements(['lock-dead-letters', 'insert-dead-letters', 'upsert-dead-letters']),
    idOf: ({ id }) => id,
    rowOf: (cells) => jsonOf(cells) as DeadLetter,
    columns: (letters) => [
      ...columnsOf(letters, 'id', 'consumer', 'status'),
      letters.map((letter) => JSON.stringify(letter)),
    ],
  })
  return createConsumerStoreSql(
    { database, schema },
    {
      orders: {
        table: noOrderTable(schema),
        wanted: () => [],
        changed: () => ({ rows: [] }),
      },
      async load(session, { ids, commands }) {
        const letters = await letterRows.load(session, ids)
        return { letters, commands: await commandRows.load(session, commands) }
      },
      async write(session, { letters, commands }) {
        await letterRows.write(session, letters)
        await commandRows.write(session, commands)
      },
    },
  )
}
