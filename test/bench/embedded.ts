// The embedded service on this machine, measured side by side in one run. Server
// and load have one core each. Rounds take turns, so that what else the machine does meets all of
// them alike; quoted are medians, and of ratios the median of each round's own ratio.

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { measureHalfLoad } from './half-load.ts'
import { measureLongLog } from './long-log.ts'
import { chooseCores, fileSystemOf, holdSelfTo, machineText, syncMsMedian } from './machine.ts'
import { type Report, reportText, summaryOf } from './report.ts'
import { measureSaturation } from './saturation.ts'
import { startBeside, startService } from './service.ts'

export type EmbeddedOptions = { quick: boolean; json: boolean; directory: string }

const sizes = {
  full: { rounds: 15, roundMs: 1_000, halfLoadMs: 20_000, claims: 1_000_000 },
  quick: { rounds: 3, roundMs: 500, halfLoadMs: 5_000, claims: 100_000 },
}

export async function benchEmbedded(options: EmbeddedOptions): Promise<void> {
  const size = options.quick ? sizes.quick : sizes.full
  const cores = chooseCores()
  if (cores) holdSelfTo(cores.load)
  // What is not at saturation has the machine, as it would have in use.
  const every = cores && { server: cores.all, load: cores.all, all: cores.all }
  const directory = mkdtempSync(join(options.directory, 'firstcome-bench-'))
  try {
    const durability = { fileSystem: fileSystemOf(directory), syncMs: syncMsMedian(directory) }
    const service = await startService(join(directory, 'sale'), cores)
    const [bare, lean] = await Promise.all([startBeside('bare', cores), startBeside('lean', cores)])
    const rounds = await measureSaturation(
      { service, bare, lean },
      {
        ...size,
        onRound: (n) => say(options, `round ${n + 1} of ${size.rounds}`),
      },
    )
    for (const subject of [service, bare, lean]) await subject.stop()
    const saturation = summaryOf(rounds)
    const ratePerSecond = Math.round(saturation.rowsPerSecond / 2)
    say(options, `half load: ${ratePerSecond} claims a second`)
    const halfLoad = await measureHalfLoad(join(directory, 'half'), {
      ratePerSecond,
      durationMs: size.halfLoadMs,
      cores: every,
    })
    say(options, `a log of ${size.claims} claims`)
    const longLog = await measureLongLog(join(directory, 'long'), {
      claims: size.claims,
      cores: every,
    })
    const report: Report = {
      machine: machineText(),
      coresHeld: cores !== null,
      ...durability,
      rounds: size.rounds,
      saturation,
      halfLoad,
      longLog,
    }
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : reportText(report))
    if (halfLoad.void !== null || saturation.void !== null) process.exitCode = 1
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function say({ json }: EmbeddedOptions, what: string): void {
  if (!json) process.stderr.write(`${what}\n`)
}
