// Checks the codes of an audit's rows, large pages of them in a thread of its own: of a million
// rows this is the largest part of the work, and the only one that needs nothing from the rest.

import { Worker } from 'node:worker_threads'
import { wrongCodes } from '../../domain/coupons/codes.ts'
import type { IssuedRow } from '../../ports/coupons.ts'
import type { CodeRow } from './audit-code-thread.ts'

export type CodeChecker = {
  /** The rows whose code is not the one derived for them. One call at a time. */
  check(rows: readonly IssuedRow[]): Promise<IssuedRow[]>
  close(): Promise<void>
}

/** Fewer rows are done here before a thread has started. */
const rowsPerThreadMin = 2_000

export function createCodeChecker(secret: string): CodeChecker {
  let worker: Worker | null = null
  return {
    async check(rows) {
      if (worker === null && rows.length < rowsPerThreadMin) return wrongCodes(secret, rows)
      worker ??= new Worker(new URL('./audit-code-thread.ts', import.meta.url), {
        workerData: secret,
        argv: [],
      })
      return ask(worker, rows)
    },
    async close() {
      await worker?.terminate()
    },
  }
}

async function ask(worker: Worker, rows: readonly IssuedRow[]): Promise<IssuedRow[]> {
  const question = rows.map((row): CodeRow => [row.couponId, row.slot, row.claimId, row.code])
  const answer = Promise.withResolvers<number[]>()
  const ended = () => answer.reject(new Error('the thread that checks the codes has ended'))
  worker.once('message', answer.resolve)
  worker.once('error', answer.reject)
  worker.once('exit', ended)
  try {
    worker.postMessage(JSON.stringify(question))
    const wrong = new Set(await answer.promise)
    return rows.filter((_row, index) => wrong.has(index))
  } finally {
    worker.off('message', answer.resolve)
    worker.off('error', answer.reject)
    worker.off('exit', ended)
  }
}
