// Compares the orders of an audit in as many threads as there are cores, this one among them. Each
// has one group under way and the next one with it, so memory goes by the threads alone.

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { callThread } from '../../../adapters/thread-call.ts'
import type { GroupOutcome, GroupThreads } from '../../../audit/orders/compare-groups.ts'
import type { GroupQuestion } from './group-thread.ts'

/** Each has a heap of its own, some 40 MB; more would wait for the groups to be read back. */
const threadsMax = 4
/** With 16 it takes as much of the processor. */
const youngMegabytesMax = 8
const groupsPerThreadMax = 2

/** Whoever has less is done before another thread has started. */
const recordsMin = 30_000

/** `records`: of the two topics that are compared group by group. Null: this thread does it all. */
export function startGroupThreads(records: number): GroupThreads | null {
  const count = Math.min(availableParallelism(), threadsMax) - 1
  if (records < recordsMin || count === 0) return null
  const threads = Array.from({ length: count }, startThread)
  return {
    know(known) {
      for (const { calls } of threads) calls.ask({ known }).catch(() => {})
    },
    compare(group) {
      const free = threads.toSorted((a, b) => a.calls.pending() - b.calls.pending())[0]
      if (free === undefined || free.calls.pending() >= groupsPerThreadMax) return null
      return free.calls.ask({ group }, [group.buffer]) as Promise<GroupOutcome>
    },
    async close() {
      await Promise.all(threads.map(({ worker }) => worker.terminate()))
    },
  }
}

function startThread() {
  const worker = new Worker(new URL('./group-thread.ts', import.meta.url), {
    argv: [],
    resourceLimits: { maxYoungGenerationSizeMb: youngMegabytesMax },
  })
  const ended = () => new Error('a thread that compares orders has ended')
  const calls = callThread<GroupQuestion, GroupOutcome | null>(worker, ended)
  worker.on('error', calls.end)
  return { worker, calls }
}
