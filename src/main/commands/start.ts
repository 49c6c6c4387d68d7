// `firstcome start`: runs the embedded service until a stop is requested or it cannot go on.

import { hostname, userInfo } from 'node:os'
import { systemClock } from '../../adapters/clock-system.ts'
import { demoCouponId } from '../../api/routes/demo.ts'
import { startProgress } from '../../client/progress.ts'
import { tokenSigner } from '../../client/tokens.ts'
import { ignoredByEmbedded } from '../../config/settings.ts'
import type { Context, ExitCode } from '../context.ts'
import { startEmbedded } from '../roles/embedded.ts'
import { runRole } from '../roles/run-role.ts'
import { runConsole } from './console.ts'
import { welcomeText } from './welcome.ts'

/** Longer than anybody tries it out. */
const demoSeconds = 86_400

export type StartOptions = { acceptClock?: boolean }

export async function runStart({ acceptClock }: StartOptions, context: Context): Promise<ExitCode> {
  const { settings, out, err } = context
  const ignored = ignoredByEmbedded(settings)
  if (ignored.length > 0) {
    err(`${ignored.join(', ')}: not used by "start", which runs in one process by itself\n`)
  }
  const progress = startProgress(systemClock(), err)
  const steps = { check: 'Checking the stored log', read: 'Reading the log' }
  return runRole(context, {
    start: (parts) => {
      const starting = startEmbedded({
        ...parts,
        ...(acceptClock && { acceptClockBy: `${userInfo().username}@${hostname()}` }),
        demoSigner: (secret) => {
          const sign = tokenSigner({ secret, rules: settings.tokenRules })
          return (sub, now) => sign({ sub, operator: false, expiresInSeconds: demoSeconds, now })
        },
        onProgress: (step, done, total) => progress.show(steps[step], done / total),
      })
      return starting.finally(progress.end)
    },
    // Nobody else could take the work.
    drainSeconds: 0,
    started(running) {
      const secretsKept = settings.jwtSecret === undefined || settings.codeSecret === undefined
      const { url, dataDirectory, firstRun } = running
      out(
        welcomeText({
          url,
          dataDirectory,
          firstRun,
          secretsKept,
          demoPath: settings.isDemo ? `/events/${demoCouponId}?demo` : undefined,
        }),
      )
      // A link that is good for a minute is of no use in a log.
      if (process.stdout.isTTY) void runConsole({}, context).catch(() => {})
    },
  })
}
