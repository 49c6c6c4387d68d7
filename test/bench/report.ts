// What the benchmark prints: each figure beside what it is held against.

import type { HalfLoad } from './half-load.ts'
import type { Kind, Measured, Round } from './saturation.ts'
import { median } from './statistics.ts'

export type KindSummary = {
  perSecond: number
  /** Of the rounds: the smallest and the largest. */
  perSecondRange: [number, number]
  /** To the constant answer of the same round. */
  ratio: number
  /** To the lean fastify server of the same round. */
  toLean: number
  /** Processor time of the thread that answers, for one answer. */
  mainMicroseconds: number | null
  /** That time to the one of the bare node:http server of the same round. */
  toBare: number | null
  p50Ms: number
  p99Ms: number
}
export type Saturation = Record<Kind, KindSummary> & {
  syncsPerThousandClaims: number
  /** Winning claims a second until their last row was there as well. */
  rowsPerSecond: number
  /** Time for a claim among 1,000 coupons to that on one. */
  manyToOne: number
  void: string | null
}
export type Report = {
  machine: string
  /** Whether server and load had a core each. */
  coresHeld: boolean
  fileSystem: string
  syncMs: number
  rounds: number
  saturation: Saturation
  halfLoad: HalfLoad
}

/** A generator that uses more of its core than this is measured itself. */
const loadBusyMax = 0.95

const targets = { soldOut: 0.9, again: 0.9, won: 0.65 } as const
const besideTargets = {
  soldOut: { toBare: 1.5, toLean: 0.95 },
  again: { toBare: undefined, toLean: 0.95 },
  won: { toBare: 2, toLean: 0.75 },
} as const
const syncsMax = 20
const manyToOneMax = 1.2
const rowVisibleMsMax = { p50: 3, p99: 25 }

export function summaryOf(rounds: readonly Round[]): Saturation {
  const of = (kind: Kind) => summaryOfKind(kind, rounds)
  const busiest = Math.max(...rounds.flatMap((round) => Object.values(round).map(busyOf)))
  return {
    constant: of('constant'),
    soldOut: of('soldOut'),
    again: of('again'),
    won: of('won'),
    wonOfMany: of('wonOfMany'),
    bare: of('bare'),
    lean: of('lean'),
    syncsPerThousandClaims: median(rounds.map(({ won }) => (won.syncs / won.claims) * 1000)),
    rowsPerSecond: median(rounds.map(({ won }) => won.rowsPerSecond)),
    manyToOne: median(rounds.map(({ won, wonOfMany }) => won.perSecond / wonOfMany.perSecond)),
    void: busiest > loadBusyMax ? 'the load generator had no more to give' : null,
  }
}

function busyOf({ loadBusy }: Measured): number {
  return loadBusy
}

function summaryOfKind(kind: Kind, rounds: readonly Round[]): KindSummary {
  const measured = rounds.map((round) => round[kind])
  const speeds = measured.map(({ perSecond }) => perSecond)
  const times = measured.flatMap(({ mainMicroseconds: time }) => (time === null ? [] : [time]))
  return {
    perSecond: median(speeds),
    perSecondRange: [Math.min(...speeds), Math.max(...speeds)],
    ratio: median(rounds.map((round) => round[kind].perSecond / round.constant.perSecond)),
    toLean: median(rounds.map((round) => round[kind].perSecond / round.lean.perSecond)),
    mainMicroseconds: times.length === 0 ? null : median(times),
    toBare: times.length === 0 ? null : median(rounds.map((round) => toBareIn(round, kind))),
    p50Ms: median(measured.map(({ latencyMs }) => latencyMs.p50)),
    p99Ms: median(measured.map(({ latencyMs }) => latencyMs.p99)),
  }
}

function toBareIn(round: Round, kind: Kind): number {
  return (round[kind].mainMicroseconds ?? Number.NaN) / (round.bare.mainMicroseconds ?? Number.NaN)
}

const names: Record<Kind, string> = {
  constant: '(a) a constant answer',
  soldOut: '(b) sold out',
  again: '(c) a winner again',
  won: '(d) a winning claim',
  wonOfMany: '    … of 1,000 coupons',
  lean: '(e) lean fastify',
  bare: '(f) bare node:http',
}

export function reportText(report: Report): string {
  const { saturation, halfLoad } = report
  const { p50, p99, batches } = halfLoad.rowVisibleMs
  const answered = halfLoad.latencyMs
  const held = report.coresHeld ? 'one core for the server, one for the load' : 'no cores held'
  const lines = [
    `${report.machine}; ${held}`,
    `durability: every winning claim is synced before its answer (O_DSYNC, ${report.fileSystem}; ` +
      `a sync of 32 KiB takes ${report.syncMs.toFixed(2)} ms)`,
    '',
    `At saturation, ${report.rounds} rounds, medians`,
    `${''.padEnd(26)}answers/s        (range)   ratio   wanted   p50 ms   p99 ms   CPU µs`,
    ...(Object.keys(names) as Kind[]).map((kind) => kindLine(kind, saturation[kind])),
    '',
    'Beside servers that answer a constant to the same requests, medians of the rounds',
    `${''.padEnd(26)}CPU time to (f)   wanted   answers/s to (e)   wanted`,
    ...besideKinds.map((kind) => besideLine(kind, saturation[kind])),
    '',
    `(d) until the last row is there too   ${Math.round(saturation.rowsPerSecond)} a second`,
    `syncs per 1,000 winning claims      ${saturation.syncsPerThousandClaims.toFixed(1)}` +
      `   wanted ≤ ${syncsMax}`,
    `a claim of 1,000 coupons to one of 1  ${saturation.manyToOne.toFixed(2)}` +
      `   wanted ≤ ${manyToOneMax}`,
    '',
    `At half load, ${halfLoad.ratePerSecond} winning claims a second; all cores for both`,
    `answered, from the time due    p50 ${ms(answered.p50)}  p99 ${ms(answered.p99)}`,
    `row committed, from the append p50 ${ms(p50)}  p99 ${ms(p99)}   wanted ≤ ` +
      `${rowVisibleMsMax.p50} and ${rowVisibleMsMax.p99} ms   (${batches} batches)`,
  ]
  return `${lines.join('\n')}\n`
}

const besideKinds = ['soldOut', 'again', 'won'] as const

function besideLine(kind: (typeof besideKinds)[number], { toBare, toLean }: KindSummary): string {
  const wanted = besideTargets[kind]
  return [
    names[kind].padEnd(26),
    (toBare?.toFixed(2) ?? '').padStart(15),
    (wanted.toBare === undefined ? '' : `≤ ${wanted.toBare.toFixed(2)}`).padStart(9),
    toLean.toFixed(2).padStart(19),
    `≥ ${wanted.toLean.toFixed(2)}`.padStart(9),
  ].join('')
}

function kindLine(kind: Kind, summary: KindSummary): string {
  const { perSecond, perSecondRange, ratio, p50Ms, p99Ms, mainMicroseconds } = summary
  const wanted = kind in targets ? `≥ ${targets[kind as keyof typeof targets].toFixed(2)}` : ''
  const range = perSecondRange.map((speed) => Math.round(speed)).join('–')
  return [
    names[kind].padEnd(24),
    Math.round(perSecond).toLocaleString('en').padStart(11),
    range.padStart(15),
    ratio.toFixed(2).padStart(8),
    wanted.padStart(9),
    p50Ms.toFixed(1).padStart(9),
    p99Ms.toFixed(1).padStart(9),
    (mainMicroseconds?.toFixed(1) ?? '').padStart(9),
  ].join('')
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`
}
