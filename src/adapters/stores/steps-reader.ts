// Which steps know which orders, over all schemas: for who compares the rows with the log.

import type { Queryable } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'

/** As `coupon-step <order id>`. */
export async function findStepRows(
  database: Queryable,
  orderIds: readonly string[],
): Promise<Set<string>> {
  const statement = loadStatements(['find-step-rows'])['find-step-rows']
  const { rows } = await database.query(statement, [[...orderIds]])
  return new Set(rows.map(([consumer, orderId]) => `${consumer} ${orderId}`))
}
