// `firstcome start`: runs the embedded service until it is told to stop or cannot go on.

import { pino } from 'pino'
import { ignoredByEmbedded } from '../config.ts'
import { type Context, type ExitCode, exitCodes } from './command-context.ts'
import { createProgress } from './progress.ts'
import { type Running, startEmbedded } from './start.ts'
import { faultWarning } from './test-faults.ts'
import { welcomeText } from './welcome.ts'

/** A stop that hangs is ended; what was acknowledged is on disk at any moment. */
const stopWaitMsMax = 30_000

type End = { exitCode: ExitCode; because: string; error?: unknown }

export async function runStart(
  _options: object,
  { settings, out, err }: Context,
): Promise<ExitCode> {
  const logger = pino({ level: settings.logLevel }, pino.destination({ dest: 2, sync: true }))
  const warning = faultWarning(settings.testFaults)
  if (warning !== null) err(`${warning}\n`)
  const ignored = ignoredByEmbedded(settings)
  if (ignored.length > 0) {
    err(`${ignored.join(', ')}: not used by "start", which runs in one process by itself\n`)
  }

  const end = Promise.withResolvers<End>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => end.resolve({ exitCode: exitCodes.ok, because: signal }))
  }
  const progress = createProgress(err)
  const steps = { check: 'Checking the stored log', read: 'Reading the log' }
  const starting = startEmbedded({
    settings,
    logger,
    onProgress: (step, done, total) => progress.show(steps[step], done / total),
    onFatal(error) {
      end.resolve({ exitCode: exitCodes.failed, because: 'cannot go on', error })
    },
  })
  const running = await starting.finally(progress.end)
  out(
    welcomeText({
      url: running.url,
      dataDirectory: running.dataDirectory,
      firstRun: running.firstRun,
      secretsKept: settings.jwtSecret === undefined || settings.codeSecret === undefined,
    }),
  )
  return stopWhenTold(running, { end: end.promise, err })
}

type Stopping = { end: Promise<End>; err(text: string): void }

async function stopWhenTold(running: Running, { end, err }: Stopping): Promise<ExitCode> {
  const { exitCode, because, error } = await end
  const reason = error instanceof Error ? `: ${error.message}` : ''
  err(`firstcome: ${because}${reason}; answering what was accepted\n`)
  const late = setTimeout(() => {
    err(`firstcome: did not stop within ${stopWaitMsMax} ms\n`)
    process.exit(exitCodes.failed)
  }, stopWaitMsMax)
  await running.close()
  clearTimeout(late)
  return exitCode
}
