// What every long-running command does: warns of planned faults, starts, waits for a signal or for
// what cannot go on, and stops in order within a deadline.

import { type Logger, pino } from 'pino'
import type { Settings } from '../../config/settings.ts'
import { type Context, type ExitCode, exitCodes } from '../context.ts'
import { faultWarning } from './test-faults.ts'
import { ToldToStop } from './told-to-stop.ts'

/** A stop that hangs is ended; what was acknowledged is on disk at any moment. */
const stopWaitMsMax = 30_000

export type RoleParts = {
  settings: Settings
  logger: Logger
  /** Aborted when the role has to stop, also while it is still starting. */
  signal: AbortSignal
  /** It cannot go on: it should be closed and the process end. */
  onFatal(error: unknown): void
}
export type RunningRole = { close(): Promise<void> }
export type Role<Running extends RunningRole> = {
  start(parts: RoleParts): Promise<Running>
  /** Called once it runs. */
  started(running: Running): void
}

type End = { exitCode: ExitCode; because: string; error?: unknown }

export async function runUntilTold<Running extends RunningRole>(
  { settings, err }: Context,
  { start, started }: Role<Running>,
): Promise<ExitCode> {
  const logger = pino({ level: settings.logLevel }, pino.destination({ dest: 2, sync: true }))
  const warning = faultWarning(settings.testFaults)
  if (warning !== null) err(`${warning}\n`)
  const end = Promise.withResolvers<End>()
  const stopping = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      stopping.abort()
      end.resolve({ exitCode: exitCodes.ok, because: signal })
    })
  }
  let running: Running
  try {
    running = await start({
      settings,
      logger,
      signal: stopping.signal,
      onFatal(error) {
        stopping.abort()
        end.resolve({ exitCode: exitCodes.failed, because: 'cannot go on', error })
      },
    })
  } catch (error) {
    if (!(error instanceof ToldToStop)) throw error
    const { exitCode, because, ...ended } = await end.promise
    err(`firstcome: ${because}${reasonOf(ended.error)}; it had not started yet\n`)
    return exitCode
  }
  started(running)
  return stopWhenTold(running, { end: end.promise, err })
}

type Stopping = { end: Promise<End>; err(text: string): void }

async function stopWhenTold(running: RunningRole, { end, err }: Stopping): Promise<ExitCode> {
  const { exitCode, because, error } = await end
  err(`firstcome: ${because}${reasonOf(error)}; answering what was accepted\n`)
  const late = setTimeout(() => {
    err(`firstcome: did not stop within ${stopWaitMsMax} ms\n`)
    process.exit(exitCodes.failed)
  }, stopWaitMsMax)
  await running.close()
  clearTimeout(late)
  return exitCode
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? `: ${error.message}` : ''
}
