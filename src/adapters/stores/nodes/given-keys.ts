// What Idempotency-Keys were given for, in PostgreSQL: one small row for each, for a day.

import type { GivenKeys } from '../../../ports/given-keys.ts'
import type { Queryable } from '../../database/database.ts'
import { loadStatements } from '../../database/statements.ts'

export function createGivenKeysSql(database: Queryable): GivenKeys {
  const statements = loadStatements(['give-back-key', 'take-key'])
  return {
    async take({ key, givenFor }) {
      return (await database.query(statements['take-key'], [key, givenFor])).count === 1
    },
    async giveBack({ key, givenFor }) {
      await database.query(statements['give-back-key'], [key, givenFor])
    },
  }
}
