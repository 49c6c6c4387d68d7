// Orders on this machine, in both profiles: how long one takes alone, what one costs at a pace, how
// many end a second (in the distributed profile against the bare transactions that they need, run
// by pgbench on the same PostgreSQL, taking turns), and what one costs when many are there already.

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startBackends } from '../distributed/backends.ts'
import { machineText } from '../machine.ts'
import { median } from '../statistics.ts'
import type { Figures, PartOptions, PartReport } from '../summary/part.ts'
import { type BareSql, prepareBareSql } from './bare-sql.ts'
import { customers, measureCost, measurePaced, measureSaturated } from './measures.ts'
import {
  type Against,
  figuresOf,
  type OrdersReport,
  ordersText,
  type ProfileReport,
} from './report.ts'
import { order, type Shop, type ShopHome, settled, stock, supply } from './shop.ts'
import { distributedHome } from './shop-distributed.ts'
import { embeddedHome } from './shop-embedded.ts'

const sizes = {
  full: {
    rounds: 5,
    orders: 4_000,
    bareSeconds: 4,
    pacedMs: 10_000,
    aloneMs: 20_000,
    many: 100_000,
  },
  quick: { rounds: 1, orders: 1_000, bareSeconds: 2, pacedMs: 3_000, aloneMs: 5_000, many: 2_000 },
}
type Size = (typeof sizes)['full']
/** Well below what either profile does at most. */
const costPerSecond = 100
/** The last one has ended long before. */
const alonePerSecond = 1
const pacesPerSecond = [20, 100]
const clientsTried = [1, 4, 8, 16, 32]

type Run = {
  size: Size
  directory: string
  isWanted(name: string): boolean
  say(what: string): void
  bounded: PartOptions['bounded']
}

export async function measureOrders(options: PartOptions): Promise<PartReport> {
  const { only, quick } = options
  const size = quick ? sizes.quick : sizes.full
  const run: Run = { ...options, size, isWanted: wantedOf(only?.split(',') ?? []) }
  const report: OrdersReport = { machine: machineText(), profiles: [], voids: [] }
  if (run.isWanted('distributed')) report.profiles.push(await measureDistributed(run))
  if (run.isWanted('embedded')) report.profiles.push(await measureEmbedded(run))
  for (const { profile, alone, halfLoad, paces, costs } of report.profiles) {
    for (const paced of [alone, halfLoad, ...paces, ...costs]) {
      if (paced?.void) report.voids.push(`${profile}: ${paced.void}`)
    }
  }
  const figures = Object.assign({}, ...report.profiles.map(figuresOf)) as Figures
  return { text: ordersText(report), figures, voids: report.voids, report }
}

async function measureDistributed(run: Run): Promise<ProfileReport> {
  run.say('starting Kafka, Redis and PostgreSQL')
  const backends = await startBackends()
  try {
    const bare = await prepareBareSql(await backends.newDatabase())
    const home = await distributedHome(backends)
    return await run.bounded(measureProfile({ profile: 'distributed', home, bare }, run))
  } finally {
    await backends.stop()
  }
}

async function measureEmbedded(run: Run): Promise<ProfileReport> {
  const directory = mkdtempSync(join(run.directory, 'firstcome-bench-'))
  try {
    const home = embeddedHome(join(directory, 'shop'))
    return await run.bounded(measureProfile({ profile: 'embedded', home, bare: null }, run))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

type Measured = { profile: ProfileReport['profile']; home: ShopHome; bare: BareSql | null }

async function measureProfile({ profile, home, bare }: Measured, run: Run): Promise<ProfileReport> {
  const { size, isWanted, say } = run
  const report: ProfileReport = {
    profile,
    alone: null,
    paces: [],
    against: null,
    halfLoad: null,
    costs: [],
  }
  const pace = { ratePerSecond: costPerSecond, durationMs: size.pacedMs }
  await opened(home, async (shop) => {
    await stock(shop)
    await orderOnce(shop)
  })
  const isPaced = isWanted('alone') || isWanted('paces')
  if (isPaced) await opened(home, (shop) => measurePaces({ shop, bare, report }, run))
  if (isWanted('costs')) {
    say(`${profile}: the cost of an order`)
    report.costs.push(await measureCost(home, 1, { ...pace, prefix: 'few-' }))
  }
  if (isWanted('speed')) await opened(home, (shop) => measureSpeed({ shop, bare, report }, run))
  if (isWanted('costs')) {
    say(`${profile}: ${size.many} orders, and again the cost of one`)
    await home.fill(size.many)
    report.costs.push(await measureCost(home, size.many, { ...pace, prefix: 'many-' }))
  }
  return report
}

type Speed = { shop: Shop; bare: BareSql | null; report: ProfileReport }

async function measurePaces({ shop, report }: Speed, { size, isWanted, say }: Run): Promise<void> {
  const at = (ratePerSecond: number, durationMs: number) => {
    say(`${report.profile}: ${ratePerSecond} orders a second`)
    return measurePaced(shop, { ratePerSecond, durationMs, prefix: `at-${ratePerSecond}-` })
  }
  if (isWanted('alone')) report.alone = await at(alonePerSecond, size.aloneMs)
  if (!isWanted('paces')) return
  for (const perSecond of pacesPerSecond) report.paces.push(await at(perSecond, size.pacedMs))
}

async function measureSpeed({ shop, bare, report }: Speed, { size, say }: Run): Promise<void> {
  const { profile } = report
  say(`${profile}: as fast as it can`)
  await measureSaturated(shop, customers('practice-', size.orders / 2))
  const ours = (n: number) => measureSaturated(shop, customers(`full-${n}-`, size.orders))
  const clients = bare === null ? 0 : await bestOf(bare, size.bareSeconds)
  const rounds: Against['rounds'] = []
  for (let n = 0; n < (bare === null ? 1 : size.rounds); n += 1) {
    say(`${profile}: round ${n + 1}`)
    // The one that goes first changes.
    const barePerSecond = () =>
      bare === null ? null : bare.ordersPerSecond({ clients, seconds: size.bareSeconds })
    const before = n % 2 === 0 ? await barePerSecond() : undefined
    const measured = await ours(n)
    rounds.push({ ours: measured, barePerSecond: before ?? (await barePerSecond()) })
  }
  const ratios = rounds.map(({ ours: { ordersPerSecond }, barePerSecond }) => {
    return ordersPerSecond / (barePerSecond ?? Number.NaN)
  })
  report.against = { clients, rounds, ratio: bare === null ? null : median(ratios) }
  const perSecond = median(rounds.map((round) => round.ours.ordersPerSecond))
  const ratePerSecond = Math.round(perSecond / 2)
  say(`${profile}: half load, ${ratePerSecond} orders a second`)
  const pace = { ratePerSecond, durationMs: size.pacedMs, prefix: 'half-' }
  report.halfLoad = await measurePaced(shop, pace)
}

/** How many clients pgbench is best with here. */
async function bestOf(bare: BareSql, seconds: number): Promise<number> {
  let best = { clients: 0, perSecond: 0 }
  for (const clients of clientsTried) {
    const perSecond = await bare.ordersPerSecond({ clients, seconds: seconds / 2 })
    if (perSecond > best.perSecond) best = { clients, perSecond }
  }
  return best.clients
}

async function orderOnce(shop: Shop): Promise<void> {
  const users = customers('first-', 1)
  await supply(shop, users)
  await order(shop, { users, connections: 1 })
  await settled(shop)
}

async function opened(home: ShopHome, use: (shop: Shop) => Promise<void>): Promise<void> {
  const shop = await home.open()
  try {
    await settled(shop)
    await use(shop)
  } finally {
    await shop.close()
  }
}

const profiles = ['distributed', 'embedded']
const measures = ['alone', 'paces', 'speed']

/** Where no profile is named, both; where no measure is, all but the costs. */
function wantedOf(names: readonly string[]): Run['isWanted'] {
  const has = (all: readonly string[]) => names.some((name) => all.includes(name))
  const [anyProfile, anyMeasure] = [!has(profiles), !has([...measures, 'costs'])]
  return (name) => {
    if (names.includes(name)) return true
    return (anyProfile && profiles.includes(name)) || (anyMeasure && measures.includes(name))
  }
}
