// `firstcome witness`: cosigns the checkpoints of the logs that it is told, each of which must go
// on from the one before. One process with a directory of its own, and nothing of the service's.

import { systemClock } from '../../../adapters/clock-system.ts'
import { openWitnessDirectory } from '../../../adapters/witness-directory.ts'
import type { VerifierKey } from '../../../domain/proof/signed-note.ts'
import { type RunningWitness, startWitness } from '../../../witness/witness-server.ts'
import type { Context, ExitCode } from '../../context.ts'
import { type RoleParts, runRole } from '../../roles/run-role.ts'
import { withStops } from '../../roles/stops.ts'

type WitnessOptions = { log: readonly VerifierKey[]; name: string }

export function runWitness(options: WitnessOptions, context: Context): Promise<ExitCode> {
  return runRole(context, {
    start: (parts) => start(options, parts),
    started({ url, key }) {
      context.out(`firstcome witness ${options.name} listens on ${url}\nIts verifier key: ${key}\n`)
    },
    drainSeconds: 0,
  })
}

function start(
  { log: logs, name }: WitnessOptions,
  { settings, logger }: RoleParts,
): Promise<RunningWitness> {
  return withStops(async (stops) => {
    const clock = systemClock()
    const { port, host, dataDirectory: path } = settings
    const directory = openWitnessDirectory({ path, now: clock.now() })
    stops.defer(() => directory.close())
    const { privateKey, store } = directory
    const signer = { name, privateKey }
    const onRefused = (text: string) => logger.warn(text)
    const witness = await startWitness({ signer, logs, store, clock, host, port, onRefused })
    stops.defer(() => witness.close())
    return { url: witness.url, key: witness.key }
  })
}
