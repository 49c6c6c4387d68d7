// Tells people that something long is going on: one line, renewed each second. On a terminal it
// is erased once it is over, elsewhere each is a line of its own. Nothing for what takes less.

import type { Clock } from '../ports/clock.ts'

export type Progress = {
  /** Shows what `line` says, until the returned function is called. */
  during(line: () => string): () => void
}
export type ProgressParts = {
  clock: Clock
  /** A terminal, whose line can be written over. */
  interactive: boolean
  columns: number
  write(text: string): void
}

const renewMs = 1000
const eraseLine = '\r\u001b[2K'

export function showProgress(parts: ProgressParts): Progress {
  const { clock, interactive, columns, write } = parts
  return {
    during(line) {
      let shown = false
      let cancel = clock.after(renewMs, show)
      function show(): void {
        write(interactive ? `${eraseLine}${line().slice(0, columns - 1)}` : `${line()}\n`)
        shown = true
        cancel = clock.after(renewMs, show)
      }
      return () => {
        cancel()
        if (shown && interactive) write(eraseLine)
      }
    },
  }
}

export function noProgress(): Progress {
  return { during: () => () => undefined }
}
