// What the consumer of dead letters keeps in SQL: the letters with all that was done about them,
// and what became of operators' commands.

import type { DeadLetterChanges, DeadLetterLoaded, DeadLetterStore } from '../ports-orders.ts'
import { createConsumerStoreSql } from './consumer-store-sql.ts'
import { commandTable } from './consumer-tables-sql.ts'
import type { Database, Queryable } from './database.ts'
import { loadStatements } from './statements.ts'

type Letters = DeadLetterLoaded['letters']
type Letter = DeadLetterChanges['letters'][number]

export function createDeadLetterStoreSql(database: Database): DeadLetterStore {
  const schema = 'dead_letters'
  const commands = commandTable(schema)
  const statements = loadStatements(['lock-dead-letters', 'upsert-dead-letters'])

  async function load(session: Queryable, ids: readonly string[]): Promise<Letters> {
    if (ids.length === 0) return new Map()
    const { rows } = await session.query(statements['lock-dead-letters'], [ids])
    const letters = rows.map(([text]) => JSON.parse(String(text)) as Letter)
    return new Map(letters.map((letter) => [letter.id, letter]))
  }

  async function write(session: Queryable, letters: readonly Letter[]): Promise<void> {
    if (letters.length === 0) return
    const sorted = letters.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    await session.query(statements['upsert-dead-letters'], [
      sorted.map(({ id }) => id),
      sorted.map(({ consumer }) => consumer),
      sorted.map(({ status }) => status),
      sorted.map((letter) => JSON.stringify(letter)),
    ])
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
