// The distributed profile beside the usual builds of the same job, in one run: the same HTTP
// server, the same Kafka, Redis and PostgreSQL, the same load, one build after the other. Whatever
// is started is ended again, also where a measurement fails or the run is interrupted.

import { machineText } from '../machine.ts'
import type { Figures, PartOptions, PartReport } from '../summary/part.ts'
import { type Backends, startBackends } from './backends.ts'
import type { Contender, RunningContender } from './contender.ts'
import { measureFullLoad } from './full-load.ts'
import { measureGateWorth } from './gate-worth.ts'
import { type OurHome, prepareOurs, startOurs } from './our-contender.ts'
import { measureConstantRatio, measureHalfLoad, measureSustained, type Sustained } from './ours.ts'
import { type BuildReport, type DistributedReport, distributedText } from './report.ts'
import { measurePaced } from './row-lag.ts'
import { measureSale } from './sale.ts'
import { usualContenders } from './usual-contenders.ts'

const sizes = {
  full: {
    full: { rounds: 3, roundMs: 3_000 },
    ratio: { rounds: 5, roundMs: 1_500 },
    lagMs: 6_000,
    sale: { users: 6_000, quantity: 4_000 },
    sustainedMs: 60_000,
    gate: { users: 20_000, quantity: 100 },
  },
  quick: {
    full: { rounds: 1, roundMs: 1_500 },
    ratio: { rounds: 1, roundMs: 1_500 },
    lagMs: 2_000,
    sale: { users: 3_000, quantity: 2_000 },
    sustainedMs: 6_000,
    gate: { users: 5_000, quantity: 100 },
  },
}
type Sizes = (typeof sizes)['full']

export async function measureDistributed(options: PartOptions): Promise<PartReport> {
  const { only, quick, say } = options
  const names = only?.split(',')
  const isWanted = (name: string) => names === undefined || names.includes(name)
  say('starting Kafka, Redis and PostgreSQL')
  const backends = await startBackends()
  try {
    const size = quick ? sizes.quick : sizes.full
    const report = await options.bounded(measureAll(backends, { size, isWanted, say }))
    const { sustained, voids } = report
    const figures = sustained === null ? {} : kafkaFigures(sustained)
    return { text: distributedText(report), figures, voids, report }
  } finally {
    await backends.stop()
  }
}

/** What was not held is told as it is: it is the answer. */
function kafkaFigures(sustained: Sustained): Figures {
  return {
    kafkaPerSecond: sustained.answeredPerSecond,
    kafkaMsP99: sustained.latencyMs.p99,
    kafkaRowMsMax: sustained.rowLag.maxMs,
    kafkaSecondsPerThousand: sustained.processorSecondsPerThousand,
  }
}

type Run = { size: Sizes; isWanted(name: string): boolean; say(what: string): void }

async function measureAll(backends: Backends, run: Run): Promise<DistributedReport> {
  const { size, isWanted, say } = run
  const report: DistributedReport = {
    machine: machineText(),
    builds: [],
    gate: null,
    ratio: null,
    halfLoad: null,
    sustained: null,
    voids: [],
  }
  const home = await prepareOurs(backends)
  if (isWanted('gate')) {
    say('a sale with and without the gate')
    report.gate = await measureGateWorth(home, size.gate)
  }
  for (const contender of usualContenders(backends)) {
    if (!isWanted(contender.name.slice(0, 2).toLowerCase())) continue
    report.builds.push(await measureBuild(contender, backends, run))
  }
  if (isWanted('b5') || isWanted('sustained')) await measureOurs(report, { home, backends, run })
  for (const { name, lag } of report.builds) if (lag.void) report.voids.push(`${name}: ${lag.void}`)
  for (const [name, paced] of [
    ['half load', report.halfLoad],
    ['sustained', report.sustained],
  ] as const) {
    if (paced?.void) report.voids.push(`${name}: ${paced.void}`)
  }
  return report
}

async function measureBuild(
  contender: Contender,
  backends: Backends,
  run: Run,
): Promise<BuildReport> {
  const running = await contender.start()
  try {
    return await measureRunning({ contender, running, backends, run })
  } finally {
    await running.stop()
  }
}

type Measuring = { contender: Contender; running: RunningContender; backends: Backends; run: Run }

async function measureRunning(measuring: Measuring): Promise<BuildReport> {
  const { contender, running, backends, run } = measuring
  const { name, behind } = contender
  const { size, say } = run
  say(`${name}: a sale`)
  const calm = await measureSale(running, { ...size.sale, couponId: 'calm', killed: false })
  say(`${name}: as fast as it can`)
  const full = await measureFullLoad(running, backends, size.full)
  const ratePerSecond = Math.round(full.rowsPerSecond / 2)
  say(`${name}: ${ratePerSecond} claims a second`)
  const lag = await measurePaced(running, {
    couponId: 'lag',
    ratePerSecond,
    durationMs: size.lagMs,
    pollMs: 2,
    samplesPerSecond: 50,
  })
  let killed: BuildReport['killed'] = null
  if (behind !== null) {
    say(`${name}: a sale whose ${behind} is killed`)
    killed = await measureSale(running, { ...size.sale, couponId: 'killed', killed: true })
  }
  return { name, behind, full, lag, calm, killed }
}

type Ours = { home: OurHome; backends: Backends; run: Run }

async function measureOurs(report: DistributedReport, { home, backends, run }: Ours) {
  const { size, isWanted, say } = run
  const ours = await startOurs(home)
  try {
    if (isWanted('b5')) {
      const contender: Contender = {
        name: 'B5 firstcome',
        behind: 'issuer',
        start: async () => ours,
      }
      const build = await measureRunning({ contender, running: ours, backends, run })
      report.builds.push(build)
      say('firstcome: winning claims beside a constant answer')
      report.ratio = await measureConstantRatio(ours, backends, size.ratio)
      say('firstcome: half load')
      report.halfLoad = await measureHalfLoad(ours, backends, {
        ratePerSecond: build.lag.ratePerSecond,
        durationMs: size.lagMs,
      })
    }
    if (isWanted('sustained')) {
      say('firstcome: sustained')
      const durationMs = size.sustainedMs
      report.sustained = await measureSustained(ours, backends, { durationMs })
    }
  } finally {
    await ours.stop()
  }
}
