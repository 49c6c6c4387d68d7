// A database that lives in another thread of the same process, for reading only: `serveDatabase`
// is the owner's end of the port, `connectDatabase` the other. It offers no transactions: one
// held open from another thread would stop the owner, which has a single session.

import type { MessagePort } from 'node:worker_threads'
import type { Clock } from '../../ports/clock.ts'
import { PortError } from '../../ports/coupons.ts'
import { systemClock } from '../clock-system.ts'
import {
  databaseClosed,
  type Queryable,
  type QueryResult,
  type SqlValue,
  type Statement,
} from './database.ts'

type Request = { call: number; statement: Statement; values: readonly SqlValue[] }
type Reply =
  | { kind: 'answered'; call: number; result: QueryResult }
  | { kind: 'failed'; call: number; failure: Failure }
type Failure = Pick<PortError, 'code' | 'message' | 'retryable'>

/** Closing the returned handle refuses, at the other end, what is asked later. */
export function serveDatabase(database: Queryable, port: MessagePort): { close(): void } {
  port.on('message', ({ call, statement, values }: Request) => {
    database.query(statement, values).then(
      (result) => port.postMessage({ kind: 'answered', call, result } satisfies Reply),
      (error: unknown) => {
        port.postMessage({ kind: 'failed', call, failure: failureOf(error) } satisfies Reply)
      },
    )
  })
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
  const pending = new Map<number, PromiseWithResolvers<QueryResult>>()
  let lastCall = 0
  let closed = false

  port.on('message', (reply: Reply) => {
    const call = pending.get(reply.call)
    pending.delete(reply.call)
    if (reply.kind === 'answered') call?.resolve(reply.result)
    else call?.reject(portError(reply.failure))
  })
  // Comes from either end, and when the other thread dies.
  port.on('close', () => {
    closed = true
    for (const call of pending.values()) call.reject(databaseClosed())
    pending.clear()
  })

  return {
    async query(statement, values = []) {
      if (closed) throw databaseClosed()
      if (pending.size >= pendingMax) throw unavailable(`${pendingMax} queries are waiting already`)
      const answer = Promise.withResolvers<QueryResult>()
      lastCall++
      pending.set(lastCall, answer)
      port.postMessage({ call: lastCall, statement, values } satisfies Request)
      // It stays pending beyond its deadline: the owner still has it in its queue.
      const cancel = clock.after(answerWaitMsMax, () => {
        answer.reject(unavailable(`the database has not answered for ${answerWaitMsMax} ms`))
      })
      return answer.promise.finally(cancel)
    },
    async close() {
      if (closed) return
      closed = true
      const over = new Promise((resolve) => port.once('close', resolve))
      port.close()
      await over
    },
  }
}

function unavailable(message: string): PortError {
  return new PortError('store_unavailable', message, { retryable: true })
}

function failureOf(error: unknown): Failure {
  if (error instanceof PortError) {
    const { code, message, retryable } = error
    return { code, message, retryable }
  }
  return { code: 'store_broken', message: String(error), retryable: false }
}

function portError({ code, message, retryable }: Failure): PortError {
  return new PortError(code, message, { retryable })
}
