// What every long-running command does: warns of planned faults, starts, waits for a signal or for
// what cannot go on, drains after SIGTERM while load balancers look elsewhere, and stops in order
// within a deadline.

import { type Logger, pino } from 'pino'
import { connectionsMax, openFilesMax } from '../../api/http/connections.ts'
import { serverLimits } from '../../api/http/server-limits.ts'
import type { Settings } from '../../config/settings.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../context.ts'
import { platformWarning } from './platform.ts'
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
  /** After SIGTERM, where no setting says otherwise: so long it still takes work. */
  drainSeconds: number
}

type End = { exitCode: ExitCode; because: string; drains?: boolean }

export async function runRole<Running extends RunningRole>(
  { settings, err }: Context,
  { start, started, drainSeconds }: Role<Running>,
): Promise<ExitCode> {
  checkOpenFiles()
  const logger = pino({ level: settings.logLevel }, logDestination())
  for (const warning of [platformWarning(process.platform), faultWarning(settings.testFaults)]) {
    if (warning !== null) err(`${warning}\n`)
  }
  const drainMs = (settings.drainSeconds ?? drainSeconds) * 1000
  const { stop, signal, asked, due } = stopRequests(drainMs)
  // A second signal of the same kind ends the process at once.
  process.once('SIGTERM', () => stop({ because: 'SIGTERM', exitCode: exitCodes.ok, drains: true }))
  for (const name of ['SIGINT', 'SIGHUP'] as const) {
    process.once(name, () => stop({ because: name, exitCode: exitCodes.ok }))
  }
  const onFatal = (error: unknown) => {
    const reason = error instanceof Error ? `: ${error.message}` : ''
    stop({ because: `cannot go on${reason}`, exitCode: exitCodes.failed })
  }
  const parts = { settings, logger, signal, onFatal }
  const running = await start(parts).catch((error: unknown) => {
    if (error instanceof StopRequested) return null
    throw error
  })
  if (running !== null) started(running)
  const first = await asked
  const drains = running !== null && first.drains === true && drainMs > 0
  if (drains) err(`firstcome: ${first.because}; it still takes work for ${drainMs / 1000} s\n`)
  const { because, exitCode } = running === null ? first : await due
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

/** `asked`: the first request. `due`: when the stop begins, at once where nobody has to drain. */
function stopRequests(drainMs: number) {
  const stopping = new AbortController()
  const asked = Promise.withResolvers<End>()
  const due = Promise.withResolvers<End>()
  function stop(end: End): void {
    stopping.abort()
    asked.resolve(end)
    if (end.drains === true) setTimeout(() => due.resolve(end), drainMs).unref()
    else due.resolve(end)
  }
  return { stop, signal: stopping.signal, asked: asked.promise, due: due.promise }
}

/** Whoever read the output may be gone, as a terminal that was closed; that ends nothing. */
function logDestination() {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const destination = pino.destination({ dest: 2, sync: true })
  destination.on('error', () => {})
  return destination
}
