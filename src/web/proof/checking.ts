// One check at a time, in a thread of its own, so that the page answers meanwhile.

import type { Asked, Done, FailureWord, Report } from './outcome.ts'

export type Checking = {
  /** In place of one that is under way. */
  start(asked: Asked): void
  stop(): void
}
export type CheckingParts = {
  progress(taken: number, size: number): void
  done(found: Done): void
}

const workerPath = '/assets/proof/web/proof/worker.js'

export function createChecking({ progress, done }: CheckingParts): Checking {
  let worker: Worker | null = null

  function stop(): void {
    worker?.terminate()
    worker = null
  }
  function end(found: Done): void {
    stop()
    done(found)
  }

  return {
    stop,
    start(asked) {
      stop()
      worker = new Worker(workerPath, { type: 'module' })
      worker.addEventListener('message', ({ data }: MessageEvent<Report>) => {
        if (data.kind === 'done') end(data)
        else progress(data.taken, data.size)
      })
      const own = worker
      own.addEventListener('error', () => {
        void whyNotStarted().then((word) => {
          if (worker !== own) return
          end({ outcome: { kind: 'failed', word, status: '' }, file: null })
        })
      })
      worker.postMessage(asked)
    },
  }
}

/** A browser does not say whether it could not load what it should run, or could not run it. */
async function whyNotStarted(): Promise<FailureWord> {
  try {
    await fetch(workerPath, { cache: 'no-store' })
    return 'broken'
  } catch {
    return 'unreachable'
  }
}
