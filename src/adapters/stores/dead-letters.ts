// What the consumer of dead letters keeps in SQL: the letters with all that was done about them,
// and what became of operators' commands.

import type { DeadLetterChanges, DeadLetterLoaded, DeadLetterStore } from '../../ports/orders.ts'
import type { Database, Queryable } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { createConsumerStoreSql } from './consumer-store.ts'
import { commandTable } from './consumer-tables.ts'
import { createRowsNotFound, writeRows } from './rows-not-found.ts'

type Letters = DeadLetterLoaded['letters']
type Letter = DeadLetterChanges['letters'][number]

export function createDeadLetterStoreSql(database: Database): DeadLetterStore {
  const schema = 'dead_letters'
  const commands = commandTable(schema)
  const statements = loadStatements([
    'insert-dead-letters',
    'lock-dead-letters',
    'upsert-dead-letters',
  ])
  const notFound = createRowsNotFound()

  async function load(session: Queryable, ids: readonly string[]): Promise<Letters> {
    if (ids.length === 0) return new Map()
    const { rows } = await session.query(statements['lock-dead-letters'], [ids])
    const letters = rows.map(([text]) => JSON.parse(String(text)) as Letter)
    const found = new Map(letters.map((letter) => [letter.id, letter]))
    notFound.note(session, ids, found)
    return found
  }

  function write(session: Queryable, letters: readonly Letter[]): Promise<void> {
    return writeRows(session, letters, {
      notFound,
      insert: statements['insert-dead-letters'],
      upsert: statements['upsert-dead-letters'],
      idOf: ({ id }) => id,
      columns: (rows) => [
        rows.map(({ id }) => id),
        rows.map(({ consumer }) => consumer),
        rows.map(({ status }) => status),
        rows.map((letter) => JSON.stringify(letter)),
      ],
    })
  }

  return createConsumerStoreSql(
    { database, schema },
    {
      async load(session, wanted) {
        const letters = await load(session, wanted.ids)
        return { letters, commands: await commands.load(session, wanted.commands) }
      },
      async write(session, changes) {
        await write(session, changes.letters)
        await commands.write(session, changes.commands)
      },
    },
  )
}
