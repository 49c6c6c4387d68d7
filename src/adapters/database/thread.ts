// A database that lives in another thread of the same process, for single statements:
// `serveDatabase` is the owner's end of the port, `connectDatabase` the other. It offers no
// transactions: one held open from another thread would stop the owner, which has a single session.

import type { MessagePort } from 'node:worker_threads'
import { type Clock, within } from '../../ports/clock.ts'
import { PortError } from '../../ports/port-error.ts'
import { systemClock } from '../clock-system.ts'
import { answerCalls, callThread } from '../thread-call.ts'
import {
  databaseClosed,
  type Queryable,
  type QueryResult,
  type SqlValue,
  type Statement,
  unavailable,
} from './database.ts'

/** `rest`: the next rows of an earlier answer, by the number that it gave. */
type Question = { statement: Statement; values: readonly SqlValue[] } | { rest: number }
/** `rest`: there are more rows. */
type Answer = QueryResult & { rest?: number }

/** What the asking thread takes at once, so that it can do something else between: 1 or 2 ms. */
const rowsPerAnswerMax = 1_000

/** Closing the returned handle refuses, at the other end, what is asked later. */
export function serveDatabase(database: Queryable, port: MessagePort): { close(): void } {
  const rests = new Map<number, QueryResult>()
  let lastRest = 0

  async function answer(question: Question): Promise<Answer> {
    if ('rest' in question) {
      const rest = rests.get(question.rest)
      rests.delete(question.rest)
      if (rest === undefined) throw new PortError('store_broken', 'there are no more rows')
      return firstOf(rest)
    }
    const { statement, values } = question
    const result = await database.query(statement, values).catch((error: unknown) => {
      throw error instanceof PortError ? error : new PortError('store_broken', String(error))
    })
    return firstOf(result)
  }

  function firstOf({ rows, count }: QueryResult): Answer {
    if (rows.length <= rowsPerAnswerMax) return { rows, count }
    rests.set(++lastRest, { rows: rows.slice(rowsPerAnswerMax), count })
    return { rows: rows.slice(0, rowsPerAnswerMax), count, rest: lastRest }
  }

  answerCalls(port, answer, 'store_broken')
  return { close: () => port.close() }
}

export type ConnectDatabaseOptions = {
  clock?: Clock
  /** Milliseconds; as long as people wait for a page. */
  answerWaitMsMax?: number
  /** Asked and not answered: what the owner works off in that time. */
  pendingMax?: number
}
export type RemoteDatabase = Queryable & { close(): Promise<void> }

export function connectDatabase(
  port: MessagePort,
  options: ConnectDatabaseOptions = {},
): RemoteDatabase {
  const { clock = systemClock(), answerWaitMsMax = 10_000, pendingMax = 1_000 } = options
  const calls = callThread<Question, Answer>(port, databaseClosed)
  const over = new Promise((resolve) => port.once('close', resolve))

  async function askAll(question: Question): Promise<QueryResult> {
    const first = await calls.ask(question)
    const rows = [...first.rows]
    for (let { rest } = first; rest !== undefined; ) {
      const next: Answer = await calls.ask({ rest })
      for (const row of next.rows) rows.push(row)
      rest = next.rest
    }
    return { rows, count: first.count }
  }

  function late(): never {
    throw unavailable(`the database has not answered for ${answerWaitMsMax} ms`)
  }

  return {
    async query(statement, values = []) {
      if (calls.pending() >= pendingMax) {
        throw unavailable(`${pendingMax} queries are waiting already`)
      }
      // It stays pending beyond its deadline: the owner still has it in its queue.
      const answer = askAll({ statement, values })
      return within({ clock, ms: answerWaitMsMax, late }, answer)
    },
    async close() {
      calls.end(databaseClosed())
      port.close()
      await over
    },
  }
}
