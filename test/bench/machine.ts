// The machine under the benchmark: which core runs what, who used it, and how fast its disk syncs.

import { spawnSync } from 'node:child_process'
import {
  closeSync,
  fdatasyncSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { median } from './statistics.ts'

/** As taskset takes them. */
export type Cores = { server: string; load: string; all: string }

/** Null where processes cannot be held to cores. */
export function chooseCores(): Cores | null {
  const count = availableParallelism()
  if (count < 2 || spawnSync('taskset', ['--version']).status !== 0) return null
  return { server: '0', load: '1', all: `0-${count - 1}` }
}

/** The command that runs a command on some cores only. */
export function onCores(cores: string | undefined, command: readonly string[]): string[] {
  return cores === undefined ? [...command] : ['taskset', '-c', cores, ...command]
}

/** This process, all its threads, and what it starts from now on. */
export function holdSelfTo(cores: string): void {
  spawnSync('taskset', ['-acp', cores, String(process.pid)])
}

export function machineText(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  return `${cpus().length} cores (${model}), ${process.platform}, Node ${process.versions.node}`
}

/** As the system names it, such as ext4. */
export function fileSystemOf(path: string): string {
  const whole = `${resolve(path)}/`
  try {
    const holding = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, point = '']) => point === '/' || whole.startsWith(`${point}/`))
      .sort(([, a = ''], [, b = '']) => b.length - a.length)
    return holding[0]?.[2] ?? 'unknown file system'
  } catch {
    return 'unknown file system'
  }
}

const syncsMeasured = 200
/** About what the log writes at once under load. */
const syncBytes = 32 * 1024

/** Milliseconds, the median, to append some bytes to a file and sync them. */
export function syncMsMedian(directory: string): number {
  const path = join(directory, 'sync-probe')
  const file = openSync(path, 'w')
  const bytes = Buffer.alloc(syncBytes, 1)
  const times = Array.from({ length: syncsMeasured }, (_, n) => {
    const startedAt = performance.now()
    writeSync(file, bytes, 0, syncBytes, n * syncBytes)
    fdatasyncSync(file)
    return performance.now() - startedAt
  })
  closeSync(file)
  rmSync(path)
  return median(times)
}

/** Processor time of a process so far: of its main thread, and of all that now run in it. */
export type ThreadSeconds = { main: number; all: number }

/** Null where the system does not tell. */
export function threadSeconds(pid: number): ThreadSeconds | null {
  try {
    const seconds = readdirSync(`/proc/${pid}/task`).map((task) => {
      const ran = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]
      return { task, ran: Number(ran) / 1e9 }
    })
    const main = seconds.find(({ task }) => task === String(pid))?.ran ?? 0
    return { main, all: seconds.reduce((sum, { ran }) => sum + ran, 0) }
  } catch {
    return null
  }
}
