// What the distributed benchmark prints: the builds side by side, and then what is measured of
// ours alone beside what is wanted.

import type { FullLoad } from './full-load.ts'
import type { GateWorth } from './gate-worth.ts'
import { broken, type Judgement } from './ledger.ts'
import type { ConstantRatio, HalfLoad, Sustained } from './ours.ts'
import type { Paced } from './row-lag.ts'
import type { SaleResult } from './sale.ts'

export type BuildReport = {
  name: string
  behind: string | null
  full: FullLoad
  lag: Paced
  calm: SaleResult
  /** Null where there is nothing behind the API that could be killed. */
  killed: SaleResult | null
}
export type DistributedReport = {
  machine: string
  builds: BuildReport[]
  gate: GateWorth | null
  ratio: ConstantRatio | null
  halfLoad: HalfLoad | null
  sustained: Sustained | null
  /** Why figures do not count. */
  voids: string[]
}

export function distributedText(report: DistributedReport): string {
  const { machine, builds, gate, ratio, halfLoad, sustained } = report
  const lines = [
    `${machine}; servers, load, Kafka, Redis and PostgreSQL share them`,
    ...(builds.length > 0 ? ['', ...buildLines(builds)] : []),
    ...(ratio ? ['', ...ratioLines(ratio)] : []),
    ...(halfLoad ? ['', ...halfLoadLines(halfLoad)] : []),
    ...(sustained ? ['', ...sustainedLines(sustained)] : []),
    ...(gate ? ['', ...gateLines(gate)] : []),
  ]
  return `${lines.join('\n')}\n`
}

type Line = [string, (build: BuildReport) => string]

const processes = ['api', 'scheduler', 'consumer', 'issuer', 'kafka', 'redis', 'postgres']

function buildLines(builds: readonly BuildReport[]): string[] {
  const used = processes.filter((name) => builds.some(({ full }) => name in full.processorMs))
  const table: Line[] = [
    ['as fast as it can', ({ name }) => name],
    ['  winning claims told a second', ({ full }) => whole(full.winsPerSecond)],
    ['  … until the last row is there', ({ full }) => whole(full.rowsPerSecond)],
    ['  answered p50 / p99, ms', ({ full }) => pair(full.latencyMs, 0)],
    ['  sold out told a second', ({ full }) => whole(full.soldOutPerSecond)],
    ['  processor ms a winning claim', ({ full }) => full.processorMsOfAll.toFixed(3)],
    ...used.map((name): Line => {
      const show = ({ full }: BuildReport) => full.processorMs[name]?.toFixed(3) ?? '–'
      return [`    ${name}`, show]
    }),
    ['at half of its rows a second', ({ lag }) => whole(lag.ratePerSecond)],
    ['  answered p50 / p99, ms', ({ lag }) => pair(lag.latencyMs, 1)],
    ['  told → row seen p50, ms', ({ lag }) => lag.rowLag.p50Ms.toFixed(1)],
    ['  told → row seen p99, ms', ({ lag }) => lag.rowLag.p99Ms.toFixed(1)],
    ...saleTable('calm', ({ calm }) => calm),
    ...saleTable('what makes the rows killed', ({ killed }) => killed),
    ['  seconds without rows', ({ killed }) => killed?.secondsWithoutRows?.toFixed(1) ?? '–'],
  ]
  return table.map(([title, show]) => {
    const cells = builds.map((build) => show(build).padStart(15))
    return `${title.padEnd(38)}${cells.join('')}`
  })
}

function saleTable(what: string, of: (build: BuildReport) => Judgement | null): Line[] {
  const figure = (name: keyof Judgement) => (build: BuildReport) => whole(of(build)?.[name] ?? null)
  return [
    [`a sale, ${what}`, (build) => verdict(of(build))],
    ['  told yes', figure('toldYes')],
    ['  rows', figure('rows')],
    ['  rows beyond the quantity   (I1)', figure('rowsTooMany')],
    ['  told yes, no row           (I2)', figure('yesWithoutRow')],
    ['  told another slot          (I2)', figure('yesWithOtherSlot')],
    ['  second rows of a user      (I3)', figure('usersTwice')],
    ['  slots missing / twice      (I4)', (build) => slots(of(build))],
    ['  told no, but has a row     (I5)', figure('noWithRow')],
    ['  answers that changed       (I5)', figure('changedAnswers')],
    ['  slots leaked               (I6)', figure('slotsLeaked')],
    ['  unknown to the client', figure('unknown')],
  ]
}

function verdict(judgement: Judgement | null): string {
  if (judgement === null) return 'nothing to kill'
  const names = broken(judgement)
  return names.length === 0 ? 'kept' : `broke ${names.map((name) => name.slice(1)).join()}`
}

function slots(judgement: Judgement | null): string {
  return judgement === null ? '–' : `${judgement.slotsMissing} / ${judgement.slotsTwice}`
}

function ratioLines({ constantMs, winMs, ratio, constantPerSecond }: ConstantRatio): string[] {
  return [
    'firstcome: winning claims beside a constant answer of the same process',
    `constant answer      ${whole(constantPerSecond)} a second`,
    `API processor time   ${(constantMs * 1000).toFixed(1)} µs a constant answer, ` +
      `${(winMs * 1000).toFixed(1)} µs a winning claim`,
    `ratio                ${ratio.toFixed(2)}   wanted ≥ 0.50`,
  ]
}

function halfLoadLines(halfLoad: HalfLoad): string[] {
  const { ratePerSecond, latencyMs, rowLag, issuerLagMs, byProcess } = halfLoad
  return [
    `firstcome: half load, ${whole(ratePerSecond)} winning claims a second`,
    `answered, from the time due       p50 ${ms(latencyMs.p50)}  p99 ${ms(latencyMs.p99)}`,
    `told → row seen                   p50 ${ms(rowLag.p50Ms)}  p99 ${ms(rowLag.p99Ms)}` +
      `   (${rowLag.samples} users)   wanted ≤ 10 and 50 ms`,
    `appended → committed (issuer's)   p50 ${ms(issuerLagMs.p50)}  p99 ${ms(issuerLagMs.p99)}` +
      `   (oldest of each of ${issuerLagMs.batches} batches)`,
    `processor ms a winning claim      ${partsText(byProcess)}`,
  ]
}

function sustainedLines(sustained: Sustained): string[] {
  const { ratePerSecond, seconds, latencyMs, rowLag, winners, byProcess, notHeld } = sustained
  return [
    `firstcome: ${whole(ratePerSecond)} winning claims a second for ${seconds} s   wanted 10,000`,
    ...notHeld.map((tried) => `not held: ${whole(tried.ratePerSecond)} a second: ${tried.why}`),
    `winners           ${whole(winners)}; ${whole(sustained.answeredPerSecond)} a second`,
    `answered          p50 ${ms(latencyMs.p50)}  p99 ${ms(latencyMs.p99)}` +
      `  max ${ms(latencyMs.max)}   wanted p99 ≤ 500 ms`,
    `told → row seen   p50 ${ms(rowLag.p50Ms)}  p99 ${ms(rowLag.p99Ms)}  max ${ms(rowLag.maxMs)}` +
      '   wanted ≤ 1 s throughout',
    `processor seconds per 1,000 winners   ${sustained.processorSecondsPerThousand.toFixed(3)}` +
      '   wanted ≤ 0.120',
    `  ${partsText(byProcess)}`,
  ]
}

function partsText(byProcess: Record<string, number>): string {
  const parts = Object.entries(byProcess)
  return parts.map(([name, value]) => `${name} ${value.toFixed(3)}`).join(', ')
}

function gateLines({ users, quantity, withGate, without }: GateWorth): string[] {
  const line = (name: string, sale: GateWorth['withGate']) =>
    `${name}   ${whole(sale.records).padStart(7)} records for ${whole(sale.answers)} answers, ` +
    `${whole(sale.answersPerSecond)} a second; ` +
    (sale.broken.length === 0 ? 'kept every promise' : `broke ${sale.broken.join()}`) +
    (sale.unknown > 0 ? `; ${sale.unknown} unknown` : '')
  return [
    `firstcome: ${quantity} coupons, ${whole(users)} users who ask 3 times, 3 API processes`,
    line('with the gate', withGate),
    line('without      ', without),
  ]
}

function pair({ p50, p99 }: { p50: number; p99: number }, digits: number): string {
  return `${p50.toFixed(digits)} / ${p99.toFixed(digits)}`
}

function whole(value: number | null): string {
  return value === null ? '–' : Math.round(value).toLocaleString('en')
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`
}
