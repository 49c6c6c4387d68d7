// What every long-running command does: warns of planned faults, starts, waits for a signal or for
// what cannot go on, and stops in order within a deadline.

import { type Logger, pino } from 'pino'
import { connectionsMax, openFilesMax } from '../../api/http/connections.ts'
import { serverLimits } from '../../api/http/server-limits.ts'
import type { Settings } from '../../config/settings.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../context.ts'
import { StopRequested } from './stops.ts'
import { faultWarning } from './test-faults.ts'

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
/** `url`: where it is, or its probes are, as `http://127.0.0.1:8080`. */
export type RunningRole = { url: string; close(): Promise<void> }
export type Role<Running extends RunningRole> = {
  start(parts: RoleParts): Promise<Running>
  /** Called once it runs. */
  started(running: Running): void
}

type End = { exitCode: ExitCode; because: string }

export async function runRole<Running extends RunningRole>(
  { settings, err }: Context,
  { start, started }: Role<Running>,
): Promise<ExitCode> {
  checkOpenFiles()
  const logger = pino({ level: settings.logLevel }, pino.destination({ dest: 2, sync: true }))
  const warning = faultWarning(settings.testFaults)
  if (warning !== null) err(`${warning}\n`)
  const end = Promise.withResolvers<End>()
  const stopping = new AbortController()
  const stop = (because: string, exitCode: ExitCode) => {
    stopping.abort()
    end.resolve({ because, exitCode })
  }
  // A second signal of the same kind ends the process at once.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => stop(signal, exitCodes.ok))
  }
  const onFatal = (error: unknown) => {
    const reason = error instanceof Error ? `: ${error.message}` : ''
    stop(`cannot go on${reason}`, exitCodes.failed)
  }
  const parts = { settings, logger, signal: stopping.signal, onFatal }
  const running = await start(parts).catch((error: unknown) => {
    if (error instanceof StopRequested) return null
    throw error
  })
  if (running !== null) started(running)
  const { because, exitCode } = await end.promise
  const rest = running === null ? 'it had not started yet' : 'answering what was accepted'
  err(`firstcome: ${because}; ${rest}\n`)
  const late = setTimeout(() => {
    err(`firstcome: did not stop within ${stopWaitMsMax} ms\n`)
    process.exit(exitCodes.failed)
  }, stopWaitMsMax)
  await running?.close()
  clearTimeout(late)
  return exitCode
}

function checkOpenFiles(): void {
  const files = openFilesMax()
  if (connectionsMax(serverLimits, files) >= serverLimits.connectionsMin) return
  throw new CommandError(
    exitCodes.failed,
    `this process may open ${files} files and sockets, which is too few to serve anybody: ` +
      'allow it 4,096 or more (ulimit -n, LimitNOFILE=)',
  )
}
