// What the commands of rehearsals share: a clock that is exact enough, progress and colours where a
// person looks on, and how a rehearsal that could not go on ends.

import { styleText } from 'node:util'
import { noProgress, type Progress, showProgress } from '../../client/progress.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Paint } from '../../rehearsal/report-text.ts'
import { RehearsalError } from '../../rehearsal/silence.ts'
import { CommandError, type Context, exitCodes } from '../context.ts'

/** On standard error; none for --json. */
export function progressFor(
  options: { json?: boolean },
  { clock, context }: { clock: Clock; context: Context },
): Progress {
  if (options.json === true) return noProgress()
  return showProgress({
    clock,
    interactive: process.stderr.isTTY,
    // A terminal that does not know its width says 0.
    columns: process.stderr.columns || 80,
    write: context.err,
  })
}

/** What a rehearsal that could not go on ends its command with. */
export function commandErrorAt(url: URL): (error: unknown) => never {
  return (error) => {
    throw error instanceof RehearsalError ? commandError(error, url) : error
  }
}

function commandError(error: RehearsalError, url: URL): CommandError {
  if (error.code === 'refused') return new CommandError(exitCodes.failed, error.message)
  const message = `the service at ${url.origin} cannot be reached: ${error.message}`
  return new CommandError(exitCodes.unreachable, message, { cause: error })
}

/** Never goes back, and counts fractions of milliseconds: latencies are measured with it. */
export function preciseClock(): Clock {
  return {
    now: () => performance.timeOrigin + performance.now(),
    after(ms, run) {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
  }
}

/** Colours where standard output is a terminal that wants them. */
export function terminalPaint(): Paint {
  const styled = (style: 'green' | 'red' | 'dim' | 'bold') => (text: string) =>
    styleText(style, text, { stream: process.stdout })
  return { good: styled('green'), bad: styled('red'), dim: styled('dim'), bold: styled('bold') }
}
