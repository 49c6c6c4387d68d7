// Processor time of processes and of all that they have started, from /proc: a server like
// PostgreSQL is a family, and what a child used until it ended is its parent's to tell.

import { readFileSync } from 'node:fs'

/** Linux counts in these on every machine that Node runs on. */
const ticksPerSecond = 100

/** User and system, of these processes and their descendants; none for one that has ended. */
export function processorSeconds(pids: readonly number[]): number {
  const ticks = pids.flatMap(family).reduce((sum, pid) => sum + ticksOf(pid), 0)
  return ticks / ticksPerSecond
}

function family(pid: number): number[] {
  const children = readOrNothing(`/proc/${pid}/task/${pid}/children`)
  return [pid, ...children.split(' ').filter(Boolean).map(Number).flatMap(family)]
}

function ticksOf(pid: number): number {
  const stat = readOrNothing(`/proc/${pid}/stat`)
  return stat === '' ? 0 : ticksIn(stat)
}

/** `stat` as in proc(5). The name of the program comes second and may hold anything. */
export function ticksIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // utime, stime, cutime and cstime are fields 14 to 17, and the first of these is the third.
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
