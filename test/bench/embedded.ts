// The embedded service on this machine, measured side by side in one run. Server
// and load have one core each. Rounds take turns, so that what else the machine does meets all of
// them alike; quoted are medians, and of ratios the median of each round's own ratio.

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { measureHalfLoad } from './half-load.ts'
import {
  type Cores,
  chooseCores,
  fileSystemOf,
  holdSelfTo,
  machineText,
  syncMsMedian,
} from './machine.ts'
import { type Report, reportText, summaryOf } from './report.ts'
import { measureSaturation } from './saturation.ts'
import { startBeside, startService } from './service.ts'
import type { Figures, PartOptions, PartReport } from './summary/part.ts'

const sizes = {
  full: { rounds: 15, roundMs: 1_000, halfLoadMs: 20_000 },
  quick: { rounds: 3, roundMs: 500, halfLoadMs: 5_000 },
}

export async function measureEmbedded(options: PartOptions): Promise<PartReport> {
  const cores = chooseCores()
  if (cores) holdSelfTo(cores.load)
  const directory = mkdtempSync(join(options.directory, 'firstcome-bench-'))
  try {
    return await options.bounded(measureIn(directory, cores, options))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function measureIn(
  directory: string,
  cores: Cores | null,
  { quick, say }: PartOptions,
): Promise<PartReport> {
  const size = quick ? sizes.quick : sizes.full
  // What is not at saturation has the machine, as it would have in use.
  const every = cores && { server: cores.all, load: cores.all, all: cores.all }
  const durability = { fileSystem: fileSystemOf(directory), syncMs: syncMsMedian(directory) }
  const service = await startService(join(directory, 'sale'), cores)
  const [bare, lean] = await Promise.all([startBeside('bare', cores), startBeside('lean', cores)])
  const onRound = (n: number) => say(`round ${n + 1} of ${size.rounds}`)
  const known = { tokensFile: join(directory, 'tokens') }
  const rounds = await measureSaturation({ service, bare, lean }, { ...size, ...known, onRound })
  for (const subject of [service, bare, lean]) await subject.stop()
  const saturation = summaryOf(rounds)
  const ratePerSecond = Math.round(saturation.rowsPerSecond / 2)
  say(`half load: ${ratePerSecond} claims a second`)
  const halfLoad = await measureHalfLoad(join(directory, 'half'), {
    ratePerSecond,
    durationMs: size.halfLoadMs,
    cores: every,
  })
  const report: Report = {
    machine: machineText(),
    coresHeld: cores !== null,
    ...durability,
    rounds: size.rounds,
    saturation,
    halfLoad,
  }
  const voids = [saturation.void, halfLoad.void].filter((reason) => reason !== null)
  return { text: reportText(report), figures: figuresOf(report), voids, report }
}

function figuresOf({ saturation, halfLoad }: Report): Figures {
  const { soldOut, again, won } = saturation
  const counts = ({ void: reason }: { void: string | null }, figure: number | null) =>
    reason === null && figure !== null ? figure : Number.NaN
  return {
    soldOutToBare: counts(saturation, soldOut.toBare),
    wonToBare: counts(saturation, won.toBare),
    soldOutToLean: counts(saturation, soldOut.toLean),
    againToLean: counts(saturation, again.toLean),
    wonToLean: counts(saturation, won.toLean),
    rowMsP50: counts(halfLoad, halfLoad.rowVisibleMs.p50),
    rowMsP99: counts(halfLoad, halfLoad.rowVisibleMs.p99),
  }
}
