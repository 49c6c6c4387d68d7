// The reports of API nodes in PostgreSQL: one small row a second from each, and all of them read in
// the same round trip.

import { isObject } from '../../../domain/field.ts'
import {
  type NodeBoard,
  type NodeReport,
  nodeRememberedMs,
} from '../../../ports/console-figures.ts'
import type { Queryable } from '../../database/database.ts'
import { loadStatements } from '../../database/statements.ts'

export function createNodeBoardSql(database: Queryable): NodeBoard {
  const statements = loadStatements(['delete-report', 'exchange-reports'])
  return {
    async exchange(node, report) {
      const values = [node, JSON.stringify(report), nodeRememberedMs]
      const { rows } = await database.query(statements['exchange-reports'], values)
      return rows.map(([other, startedAgo, reportedAgo, text]) => ({
        node: String(other),
        startedAgo: Number(startedAgo),
        reportedAgo: Number(reportedAgo),
        report: reportIn(String(text)),
      }))
    },
    async leave(node) {
      await database.query(statements['delete-report'], [node])
    },
  }
}

function reportIn(text: string): NodeReport | null {
  const report: unknown = JSON.parse(text)
  const isOurs = isObject(report) && isObject(report.claims) && Array.isArray(report.latency)
  return isOurs ? (report as NodeReport) : null
}
