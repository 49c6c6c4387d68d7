// Preloaded into a service: what its answering thread has had of the processor from one turn of its
// event loop to the next, where that is much. Other processes on the machine are not in it. Written
// to the file that BENCH_TURNS names, when the service ends.

import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

/** `at`: its end, ms since the epoch. */
export type HeldTurn = { at: number; ms: number }

const toldMsMin = 2
const path = process.env.BENCH_TURNS

if (isMainThread && path !== undefined) {
  const turns: HeldTurn[] = []
  let used = process.threadCpuUsage()
  // Due in each turn, and at most a millisecond of other turns comes with the longest one.
  setInterval(() => {
    const { user, system } = process.threadCpuUsage(used)
    used = process.threadCpuUsage()
    const ms = (user + system) / 1_000
    if (ms > toldMsMin) turns.push({ at: performance.timeOrigin + performance.now(), ms })
  }, 1).unref()
  process.on('exit', () => writeFileSync(path, JSON.stringify(turns)))
}
