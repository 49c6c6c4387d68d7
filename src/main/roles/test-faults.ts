// Faults on purpose, for tests only (FIRSTCOME_TEST_FAULTS): die at a crash point, fail a sync.
// Where none is asked for the hooks are undefined, so that hot paths pay nothing.
// Each thread counts for itself: a crash point is passed by one thread only.

import type { TestFault } from '../../config/setting-table.ts'

export type Faults = {
  /** Called where a crash point is passed; may never return. `lastWords` runs just before death. */
  crashPoint: ((point: string, lastWords?: () => void) => void) | undefined
  /** Called once for every sync of the log: whether this one is to fail. */
  failSync: (() => boolean) | undefined
  /** See SnapshotParts. */
  snapshotEveryRecords: number | undefined
}

export function createFaults(faults: readonly TestFault[], die: () => void = killSelf): Faults {
  const syncs = faults.filter((fault) => fault.kind === 'sync')
  const dying = faults.filter(({ kind }) => kind === 'crash' || kind === 'poison')
  const passings = new Map<string, number>()
  let attempts = 0

  function crashPoint(point: string, lastWords?: () => void): void {
    const passing = (passings.get(point) ?? 0) + 1
    passings.set(point, passing)
    const dies = dying.some((fault) => {
      if (fault.kind === 'poison') return point === `record ${fault.key}`
      return fault.kind === 'crash' && fault.point === point && fault.passing === passing
    })
    if (!dies) return
    lastWords?.()
    die()
  }

  function failSync(): boolean {
    attempts += 1
    return syncs.some(({ attempt }) => attempt === attempts)
  }

  return {
    crashPoint: dying.length > 0 ? crashPoint : undefined,
    failSync: syncs.length > 0 ? failSync : undefined,
    snapshotEveryRecords: faults.find((fault) => fault.kind === 'snapshots')?.everyRecords,
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
      case 'snapshots':
        return `a snapshot after every ${fault.everyRecords} records`
    }
  })
  return `FIRSTCOME_TEST_FAULTS is set: this service will break on purpose (${listed.join('; ')})`
}

/** Not one more instruction of the caller may run, whichever thread the signal meets first. */
function killSelf(): void {
  process.kill(process.pid, 'SIGKILL')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}
