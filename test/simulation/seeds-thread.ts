// The thread of `runSeeds`.

import { parentPort, workerData } from 'node:worker_threads'
import type { Counts, SeedsTask } from './seeds.ts'

const { module, run, seeds } = workerData as SeedsTask
const { [run]: runWorld } = (await import(module)) as Record<
  string,
  (seed: number) => Promise<Counts>
>
const sums: Counts = {}
for (const seed of seeds) {
  const counts = await runWorld?.(seed).catch((cause: unknown) => {
    throw new Error(`seed ${seed} (repeat with SEED=${seed})`, { cause })
  })
  for (const [what, count] of Object.entries(counts ?? {})) sums[what] = (sums[what] ?? 0) + count
}
parentPort?.postMessage(sums)
