// Checks the codes of an audit's rows, large pages of them in a thread of its own: of a million
// rows this is the largest part of the work, and the only one that needs nothing from the rest.

import { Worker } from 'node:worker_threads'
import { callThread } from '../../adapters/thread-call.ts'
import { wrongCodes } from '../../domain/coupons/codes.ts'
import type { IssuedRow } from '../../ports/coupons.ts'
import type { CodeRow } from './audit-code-thread.ts'

export type CodeChecker = {
  /** The rows whose code is not the one derived for them. */
  check(rows: readonly IssuedRow[]): Promise<IssuedRow[]>
  close(): Promise<void>
}

/** Fewer rows are done here before a thread has started. */
const rowsPerThreadMin = 2_000

export function createCodeChecker(secret: string): CodeChecker {
  let thread: ReturnType<typeof startThread> | null = null
  return {
    async check(rows) {
      if (thread === null && rows.length < rowsPerThreadMin) return wrongCodes(secret, rows)
      thread ??= startThread(secret)
      const question = rows.map((row): CodeRow => [row.couponId, row.slot, row.claimId, row.code])
      const wrong = new Set(await thread.calls.ask(JSON.stringify(question)))
      return rows.filter((_row, index) => wrong.has(index))
    },
    async close() {
      await thread?.worker.terminate()
    },
  }
}

function startThread(secret: string) {
  const worker = new Worker(new URL('./audit-code-thread.ts', import.meta.url), {
    workerData: secret,
    argv: [],
  })
  const ended = () => new Error('the thread that checks the codes has ended')
  const calls = callThread<string, number[]>(worker, ended)
  worker.on('error', calls.end)
  return { worker, calls }
}
