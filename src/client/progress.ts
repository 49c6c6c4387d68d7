// Tells people that something long is going on: one line, renewed each second. On a terminal it is
// written over and erased in the end; elsewhere each is a line of its own. Nothing for what takes
// less than a second.

import { type Clock, every } from '../ports/clock.ts'

export type Progress = {
  /** Shows what `line` says each second, until `work` has ended. */
  during<Result>(line: () => string, work: Promise<Result>): Promise<Result>
  /**
   * For work that leaves timers no turn: shows a step and its part, 0 … 1, when it is due, on a
   * terminal with the seconds that are left of the step at the pace so far.
   */
  show(step: string, part: number): void
  /** Erases what `show` has left. */
  end(): void
}
/** Of a command: who is shown how far it is; absent: whoever reads standard error. */
export type Watched = { progress?: Progress }
export type Terminal = { isTTY?: boolean; columns?: number }

const renewMs = 1000
/** Before, the pace is not known. */
const paceMsMin = 2000
const eraseLine = '\r\u001b[2K'

export function startProgress(
  clock: Clock,
  write: (text: string) => void,
  terminal: Terminal = process.stderr,
): Progress {
  const interactive = terminal.isTTY === true
  // A terminal that does not know its width says 0.
  const columns = terminal.columns || 80
  let isShown = false
  let shownAt = clock.monotonic()
  let begun = { step: '', at: 0, part: 0 }

  function print(text: string): void {
    write(interactive ? `${eraseLine}${text.slice(0, columns - 1)}` : `${text}\n`)
    isShown = true
    shownAt = clock.monotonic()
  }
  function end(): void {
    if (isShown && interactive) write(eraseLine)
    isShown = false
  }
  return {
    during(line, work) {
      const cancel = every(clock, renewMs, () => print(line()))
      return work.finally(() => {
        cancel()
        end()
      })
    },
    show(step, part) {
      const now = clock.monotonic()
      if (begun.step !== step || part < begun.part) begun = { step, at: now, part }
      if (now - shownAt < renewMs) return
      const left = leftMs({ ...begun, now, done: part })
      const time = interactive && left !== null ? `, ${Math.ceil(left / 1000)} s left` : ''
      print(`${step}: ${Math.floor(Math.min(1, part) * 100)} %${time}`)
    },
    end,
  }
}

type Pace = { at: number; part: number; now: number; done: number }

/** Null: nobody knows yet. */
function leftMs({ at, part, now, done }: Pace): number | null {
  if (now - at < paceMsMin || done <= part) return null
  return ((now - at) / (done - part)) * Math.max(0, 1 - done)
}

export function noProgress(): Progress {
  return { during: (_, work) => work, show: () => undefined, end: () => undefined }
}
