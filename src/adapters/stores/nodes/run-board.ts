// Runs of the console in PostgreSQL: one row of each kind, with the run that is under way and the
// last one that has ended. Redis may be emptied at any time, and a report is to be there tomorrow.

import {
  failedRun,
  type Run,
  type RunBoard,
  type RunKind,
  type RunsKnown,
  runSilentMsMax,
} from '../../../ports/console-runs.ts'
import type { Queryable } from '../../database/database.ts'
import { loadStatements } from '../../database/statements.ts'

/** Nobody is left who could say more of it. */
const lostReason = 'the node that ran it is gone'

export function createRunBoardSql(database: Queryable): RunBoard {
  const statements = loadStatements([
    'ask-for-end-of-run',
    'begin-run',
    'end-run',
    'go-on-with-run',
    'read-run-report',
    'read-runs',
  ])
  async function read(kind: RunKind): Promise<RunsKnown> {
    const { rows } = await database.query(statements['read-runs'], [kind, runSilentMsMax])
    const [text = null, lastText = null, isHeard, heardAt] = rows[0] ?? []
    const running = runIn(text)
    if (running === null || isHeard === true) return { running, last: runIn(lastText) }
    const { end } = failedRun(lostReason)
    return { running: null, last: { ...running, progress: null, endedAt: Number(heardAt), end } }
  }
  return {
    async begin(run) {
      const values = [run.kind, run.runId, JSON.stringify(run), runSilentMsMax]
      return (await database.query(statements['begin-run'], values)).count === 1
    },
    async goesOn(run) {
      const values = [run.kind, run.runId, JSON.stringify(run)]
      const { rows } = await database.query(statements['go-on-with-run'], values)
      // Without a row another node has taken it for dead.
      return rows[0] === undefined || rows[0][0] === true
    },
    async end(run, report) {
      const values = [run.kind, run.runId, JSON.stringify(run), report]
      await database.query(statements['end-run'], values)
    },
    async known(kind) {
      return read(kind)
    },
    async report(kind) {
      const { last } = await read(kind)
      if (last?.end?.reason === lostReason) return failedRun(lostReason).report
      const { rows } = await database.query(statements['read-run-report'], [kind])
      const report = rows[0]?.[0] ?? null
      return report === null ? null : String(report)
    },
    async askForEnd(kind) {
      const values = [kind, runSilentMsMax]
      return (await database.query(statements['ask-for-end-of-run'], values)).count === 1
    },
  }
}

function runIn(text: unknown): Run | null {
  return typeof text === 'string' ? (JSON.parse(text) as Run) : null
}
