// What the console asks of the rows every second: how far they are, and whether anything waits for
// an operator.

import { type ConsoleReader, lettersCountedMax } from '../../ports/console-figures.ts'
import type { Queryable } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { positionOwner } from './coupon-reader.ts'

export function createConsoleReaderSql(database: Queryable): ConsoleReader {
  const statements = loadStatements(['count-waiting-letters', 'read-positions'])
  return {
    async rowsUpTo() {
      const { rows } = await database.query(statements['read-positions'], positionOwner)
      return new Map(rows.map(([partition, next]) => [Number(partition), Number(next)]))
    },
    async lettersWaiting() {
      const asked = [lettersCountedMax]
      const { rows } = await database.query(statements['count-waiting-letters'], asked)
      return Number(rows[0]?.[0])
    },
  }
}
