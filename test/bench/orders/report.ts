// What the benchmark of orders prints: each profile's figures beside what is wanted.

import { median } from '../statistics.ts'
import type { Figures } from '../summary/part.ts'
import type { Cost, Paced, Saturated } from './measures.ts'

export type Against = {
  /** Of pgbench: as many as were best. */
  clients: number
  /** Without pgbench where the profile has no PostgreSQL server. */
  rounds: { ours: Saturated; barePerSecond: number | null }[]
  /** The median of the rounds' own. */
  ratio: number | null
}
export type ProfileReport = {
  profile: 'distributed' | 'embedded'
  alone: Paced | null
  /** Slowest first. */
  paces: Paced[]
  against: Against | null
  halfLoad: Paced | null
  /** With few orders there, and with many. */
  costs: Cost[]
}
export type OrdersReport = { machine: string; profiles: ProfileReport[]; voids: string[] }

const ratioMin = 0.8

export function ordersText({ machine, profiles }: OrdersReport): string {
  const lines = [
    `${machine}; servers, load and pgbench share them`,
    ...profiles.flatMap((profile) => ['', ...profileLines(profile)]),
  ]
  return `${lines.join('\n')}\n`
}

/** By the names in summary/wanted.ts. */
export function figuresOf({ profile, alone, paces, against }: ProfileReport): Figures {
  const name = profile === 'embedded' ? 'Embedded' : 'Distributed'
  const figures: Record<string, number> = {}
  const counts = (paced: Paced, figure: number) => (paced.void === null ? figure : Number.NaN)
  if (alone) figures[`aloneMs${name}`] = counts(alone, alone.confirmedMs.p50)
  for (const paced of paces) {
    figures[`at${paced.ratePerSecond}Ms${name}`] = counts(paced, sum(paced.processorMs))
  }
  if (against) {
    figures[`orders${name}`] = median(against.rounds.map(({ ours }) => ours.ordersPerSecond))
    if (against.ratio !== null) figures.ordersToBare = against.ratio
  }
  return figures
}

function profileLines(report: ProfileReport): string[] {
  const { profile, alone, paces, against, halfLoad, costs } = report
  return [
    profile,
    ...(alone ? pacedLines('alone', alone) : []),
    ...paces.flatMap((paced) => pacedLines('paced', paced)),
    ...(against ? againstLines(against) : []),
    ...(halfLoad ? pacedLines('half load', halfLoad) : []),
    ...costs.flatMap((cost) => pacedLines(`with ${whole(cost.there)} orders there`, cost)),
    ...costRatio(costs),
  ]
}

function againstLines({ clients, rounds, ratio }: Against): string[] {
  const ours = rounds.map((round) => round.ours)
  const speeds = ours.map(({ ordersPerSecond }) => ordersPerSecond)
  const bare = rounds.flatMap(({ barePerSecond }) => barePerSecond ?? [])
  const of = (figure: (one: Saturated) => number) => median(ours.map(figure))
  const names = Object.keys(ours[0]?.processorMs ?? {})
  const processorMs = Object.fromEntries(
    names.map((name) => [name, of((one) => one.processorMs[name] ?? 0)]),
  )
  const p50 = of(({ answeredMs }) => answeredMs.p50)
  const p99 = of(({ answeredMs }) => answeredMs.p99)
  return [
    `  as fast as it can, ${rounds.length} rounds, medians`,
    `    orders a second, all rows written   ${range(speeds)}`,
    ...(ratio === null
      ? []
      : [
          `    bare SQL by pgbench, ${clients} clients`.padEnd(40) + range(bare),
          `    ratio                               ${ratio.toFixed(2)}   wanted ≥ ` +
            ratioMin.toFixed(2),
        ]),
    `    placed → confirmed                  p50 ${ms(p50)}  p99 ${ms(p99)}`,
    ...partsLines(processorMs),
  ]
}

function pacedLines(title: string, paced: Paced): string[] {
  const { ratePerSecond, confirmedMs, processorMs } = paced
  return [
    `  ${title}, ${whole(ratePerSecond)} orders a second`,
    `    placed → confirmed                  p50 ${ms(confirmedMs.p50)}  p99 ` +
      `${ms(confirmedMs.p99)}  max ${ms(confirmedMs.max)}`,
    ...partsLines(processorMs),
  ]
}

function partsLines(processorMs: Record<string, number>): string[] {
  const parts = Object.entries(processorMs)
  const each = parts.map(([name, value]) => `${name} ${value.toFixed(2)}`).join(', ')
  return [
    `    processor ms an order               ${sum(processorMs).toFixed(2)}` +
      (parts.length > 1 ? `: ${each}` : ''),
  ]
}

function costRatio([few, many]: readonly Cost[]): string[] {
  if (few === undefined || many === undefined) return []
  const part = (of: number, to: number) => (of / to).toFixed(2)
  return [
    `  many to few                           processor ` +
      `${part(sum(many.processorMs), sum(few.processorMs))}, ` +
      `p50 ${part(many.confirmedMs.p50, few.confirmedMs.p50)}, ` +
      `p99 ${part(many.confirmedMs.p99, few.confirmedMs.p99)}`,
  ]
}

function sum(values: Record<string, number>): number {
  return Object.values(values).reduce((total, value) => total + value, 0)
}

function range(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return `${whole(median(values))}  (${whole(low)}–${whole(high)})`
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`
}
