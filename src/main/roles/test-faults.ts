// Faults on purpose, for tests only (FIRSTCOME_TEST_FAULTS): die at a crash point, fail a sync.
// Where none is asked for the hooks are undefined, so that hot paths pay nothing.
// Each thread counts for itself: a crash point is passed by one thread only.

import type { TestFault } from '../../config/setting-values.ts'

export type Faults = {
  /** Called where a crash point is passed; may never return. `lastWords` runs just before death. */
  crashPoint: ((point: string, lastWords?: () => void) => void) | undefined
  /** Called once for every sync of the log: whether this one is to fail. */
  failSync: (() => boolean) | undefined
}

export function createFaults(faults: readonly TestFault[], die: () => void = killSelf): Faults {
  const crashes = new Set<string>()
  const syncs = new Set<number>()
  const poison = new Set<string>()
  for (const fault of faults) {
    if (fault.kind === 'crash') crashes.add(`${fault.point}:${fault.passing}`)
    else if (fault.kind === 'sync') syncs.add(fault.attempt)
    else poison.add(`record ${fault.key}`)
  }
  const counter = crashCounter(crashes, { poison, die })
  return {
    crashPoint: crashes.size + poison.size > 0 ? counter : undefined,
    failSync: syncs.size > 0 ? syncCounter(syncs) : undefined,
  }
}

/** What `start` says when faults are asked for: nobody should run a sale like that. */
export function faultWarning(faults: readonly TestFault[]): string | null {
  if (faults.length === 0) return null
  const listed = faults.map((fault) => {
    switch (fault.kind) {
      case 'crash':
        return `killed at ${fault.point}, passing ${fault.passing}`
      case 'sync':
        return `sync ${fault.attempt} of the log fails`
      case 'poison':
        return `killed by every record of ${fault.key}`
    }
  })
  return `FIRSTCOME_TEST_FAULTS is set: this service will break on purpose (${listed.join('; ')})`
}

type Deaths = {
  /** Crash points that kill at every passing. */
  poison: ReadonlySet<string>
  die: () => void
}

function crashCounter(crashes: ReadonlySet<string>, { poison, die }: Deaths): Faults['crashPoint'] {
  const passings = new Map<string, number>()
  return (point, lastWords) => {
    if (poison.has(point)) die()
    const passing = (passings.get(point) ?? 0) + 1
    passings.set(point, passing)
    if (!crashes.has(`${point}:${passing}`)) return
    lastWords?.()
    die()
  }
}

function syncCounter(syncs: ReadonlySet<number>): () => boolean {
  let attempt = 0
  return () => {
    attempt += 1
    return syncs.has(attempt)
  }
}

/** Not one more instruction of the caller may run, whichever thread the signal meets first. */
function killSelf(): void {
  process.kill(process.pid, 'SIGKILL')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}
