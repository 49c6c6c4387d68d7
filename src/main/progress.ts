// A line of progress on standard error for what takes longer than a second.

export type Progress = {
  /** `part`: 0 … 1 of the step. */
  show(step: string, part: number): void
  /** Ends the line, if there is one. Idempotent. */
  end(): void
}

const showEveryMs = 1_000

/** On a terminal one line is rewritten; elsewhere each second gets a line of its own. */
export function createProgress(err: (text: string) => void): Progress {
  const terminal = process.stderr.isTTY
  let shownAt = Date.now()
  let open = false
  return {
    show(step, part) {
      if (Date.now() - shownAt < showEveryMs) return
      shownAt = Date.now()
      const text = `${step}: ${Math.floor(Math.min(1, part) * 100)} %`
      err(terminal ? `\r${text} ` : `${text}\n`)
      open = terminal
    },
    end() {
      if (open) err('\n')
      open = false
    },
  }
}
