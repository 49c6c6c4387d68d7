// Tells people that something long is going on: one line, renewed each second. On a terminal it is
// written over and erased in the end; elsewhere each is a line of its own. Nothing for what takes
// less than a second.

import { type Clock, every } from '../ports/clock.ts'

export type Progress = {
  /** Shows what `line` says each second, until `work` has ended. */
  during<Result>(line: () => string, work: Promise<Result>): Promise<Result>
  /** For work that leaves timers no turn: shows a step and its part, 0 … 1, when it is due. */
  show(step: string, part: number): void
  /** Erases what `show` has left. */
  end(): void
}
export type Terminal = { isTTY?: boolean; columns?: number }

const renewMs = 1000
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
      if (clock.monotonic() - shownAt < renewMs) return
      print(`${step}: ${Math.floor(Math.min(1, part) * 100)} %`)
    },
    end,
  }
}

export function noProgress(): Progress {
  return { during: (_, work) => work, show: () => undefined, end: () => undefined }
}
