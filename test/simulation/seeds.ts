// Runs a world for each of many seeds, in a thread of their own: in that of the test runner every
// promise is tracked, which would be a third of the time. What a run says is how often what came.

import assert from 'node:assert/strict'
import { Worker } from 'node:worker_threads'

export type Counts = Record<string, number>
/** `module` exports `run`, a function of a seed, which checks the world and resolves to counts. */
export type SeedsTask = { module: string; run: string; seeds: readonly number[] }

/** All of them, or the one that is to be repeated. */
export const seeds = process.env['SEED']
  ? [Number(process.env['SEED'])]
  : Array.from({ length: 1_000 }, (_, n) => n)

/** The sums; where there are many seeds each count must have come. */
export async function runSeeds(module: string, run: string): Promise<Counts> {
  const workerData: SeedsTask = { module, run, seeds }
  const worker = new Worker(new URL('./seeds-thread.ts', import.meta.url), { workerData })
  const done = Promise.withResolvers<Counts>()
  worker.once('message', done.resolve)
  worker.once('error', done.reject)
  worker.once('exit', (code) => done.reject(new Error(`ended with ${code}`)))
  const sums = await done.promise
  if (seeds.length === 1) return sums
  for (const [what, count] of Object.entries(sums)) assert.ok(count > 0, `no ${what}`)
  return sums
}
