// What the commands of rehearsals share: what they print and when, their exit codes, a clock that
// is exact enough, colours where a person looks on, and how a rehearsal that could not go on ends.

import { styleText } from 'node:util'
import { systemClock } from '../../adapters/clock-system.ts'
import { noProgress, startProgress } from '../../client/progress.ts'
import { allKept, type Verdict } from '../../rehearsal/promises.ts'
import { RehearsalError, type RehearsalParts } from '../../rehearsal/rehearsal.ts'
import type { Paint } from '../../rehearsal/report.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../context.ts'

export type RehearsalCommand<Plan, Ended> = {
  rehearse(parts: RehearsalParts, plan: Plan): Promise<Ended>
  opening(plan: Plan, paint: Paint): string
  text(ended: Ended, paint: Paint): string
  json(ended: Ended): object
}

/** With `json` one object on standard output and nothing else. */
export async function runRehearsalCommand<
  Plan extends { url: URL },
  Ended extends { verdicts: readonly Verdict[] },
>(
  command: RehearsalCommand<Plan, Ended>,
  { plan, json = false }: { plan: Plan; json?: boolean | undefined },
  { out, err }: Context,
): Promise<ExitCode> {
  const clock = systemClock()
  const progress = json ? noProgress() : startProgress(clock, err)
  const paint = terminalPaint()
  if (!json) out(command.opening(plan, paint))
  const ended = await command.rehearse({ clock, progress }, plan).catch((error: unknown) => {
    throw error instanceof RehearsalError ? commandError(error, plan.url) : error
  })
  out(json ? `${JSON.stringify(command.json(ended))}\n` : command.text(ended, paint))
  return allKept(ended) ? exitCodes.ok : exitCodes.failed
}

/** Throws what all the wrong ones say. */
export function checkUsage(mistakes: readonly [isWrong: boolean, message: string][]): void {
  const messages = mistakes.flatMap(([isWrong, message]) => (isWrong ? [message] : []))
  if (messages.length > 0) throw new CommandError(exitCodes.wrongUsage, messages.join('\n'))
}

function commandError(error: RehearsalError, url: URL): CommandError {
  if (error.code === 'refused') return new CommandError(exitCodes.failed, error.message)
  const message = `the service at ${url.origin} cannot be reached: ${error.message}`
  return new CommandError(exitCodes.unreachable, message, { cause: error })
}

/** Colours where standard output is a terminal that wants them. */
function terminalPaint(): Paint {
  const styled = (style: 'green' | 'red' | 'dim' | 'bold') => (text: string) =>
    styleText(style, text, { stream: process.stdout })
  return { good: styled('green'), bad: styled('red'), dim: styled('dim'), bold: styled('bold') }
}
