// The runs of a service of one process: they end with it, and so does what is known of them.

import type { Run, RunBoard, RunKind } from '../../ports/console-runs.ts'

type Kept = { running: Run | null; last: Run | null; report: string | null; isToEnd: boolean }

export function createRunBoardMemory(): RunBoard {
  const kinds = new Map<RunKind, Kept>()
  const of = (kind: RunKind): Kept => {
    const kept = kinds.get(kind) ?? { running: null, last: null, report: null, isToEnd: false }
    kinds.set(kind, kept)
    return kept
  }
  return {
    async begin(run) {
      const kept = of(run.kind)
      if (kept.running !== null) return false
      Object.assign(kept, { running: run, isToEnd: false })
      return true
    },
    async goesOn(run) {
      const kept = of(run.kind)
      kept.running = run
      return kept.isToEnd
    },
    async end(run, report) {
      Object.assign(of(run.kind), { running: null, last: run, report })
    },
    async known(kind) {
      const { running, last } = of(kind)
      return { running, last }
    },
    report: async (kind) => of(kind).report,
    async askForEnd(kind) {
      const kept = of(kind)
      kept.isToEnd = kept.running !== null
      return kept.isToEnd
    },
  }
}
