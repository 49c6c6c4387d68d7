// Derives the codes of an audit, many of them in as many threads as there are cores: of a million
// winners this is the largest part of the work, and the only one that needs nothing from the rest.

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { callThread } from '../../adapters/thread-call.ts'
import type { DeriveCodes } from '../../audit/coupons/winner-codes.ts'
import { codesDeriver } from '../../domain/coupons/codes.ts'
import type { CodesQuestion } from './audit-code-thread.ts'

export type CodeThreads = { derive: DeriveCodes; close(): Promise<void> }

/** Fewer winners are done here before a thread has started. */
const winnersPerThreadMin = 2_000
/** Each has a heap of its own; more would wait for the replay. */
const threadsMax = 8

export function createCodeThreads(secret: string): CodeThreads {
  const threads: CodeThread[] = []
  const many = Math.min(availableParallelism(), threadsMax)
  const deriveHere = codesDeriver(secret)

  /** One that has nothing to do, else a new one, else that with the least. */
  function nextThread(): CodeThread {
    const free = threads.toSorted((a, b) => a.calls.pending() - b.calls.pending())[0]
    if (free !== undefined && (free.calls.pending() === 0 || threads.length === many)) return free
    const thread = startThread(secret)
    threads.push(thread)
    return thread
  }

  return {
    async derive(wanted) {
      const winners = wanted.reduce((sum, { claimIds }) => sum + claimIds.length, 0)
      if (threads.length === 0 && winners < winnersPerThreadMin) return wanted.map(deriveHere)
      const question = wanted.map(({ couponId, rules, firstSlot, claimIds }) => {
        return [couponId, rules, firstSlot, claimIds.join('\0')] satisfies CodesQuestion[number]
      })
      return nextThread().calls.ask(question)
    },
    async close() {
      await Promise.all(threads.map(({ worker }) => worker.terminate()))
    },
  }
}

type CodeThread = ReturnType<typeof startThread>

function startThread(secret: string) {
  const worker = new Worker(new URL('./audit-code-thread.ts', import.meta.url), {
    workerData: secret,
    argv: [],
  })
  const ended = () => new Error('a thread that derives codes has ended')
  const calls = callThread<CodesQuestion, string[]>(worker, ended)
  worker.on('error', calls.end)
  return { worker, calls }
}
