// How the service grows: over ten thousand to ten million issued coupons, and over one to four API
// processes. Each line is measured by itself, from an empty directory or empty topics.

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startBackends } from '../distributed/backends.ts'
import { everyCore } from '../history/history.ts'
import type { PartOptions, PartReport } from '../summary/part.ts'
import { type Grown, measureIssued } from './issued.ts'
import { measureNodes, type NodesGrown } from './nodes.ts'

const sizes = {
  full: {
    issued: [10_000, 100_000, 1_000_000, 10_000_000],
    rowsMax: 1_000_000,
    rounds: 3,
    roundMs: 2_000,
  },
  quick: { issued: [1_000, 10_000, 100_000], rowsMax: 10_000, rounds: 1, roundMs: 1_000 },
}
const nodesTried = [1, 2, 4]

export async function measureScale(options: PartOptions): Promise<PartReport> {
  const isWanted = (name: string) => options.only?.split(',').includes(name) ?? true
  const grown = isWanted('history') ? await measureHistories(options) : []
  const nodes = isWanted('nodes') ? await measureAllNodes(options) : []
  const text = [...grownLines(grown), ...nodesLines(nodes), ''].join('\n')
  return { text, figures: {}, voids: [], report: { grown, nodes } }
}

async function measureHistories(options: PartOptions): Promise<Grown[]> {
  const { quick, say, bounded } = options
  const root = mkdtempSync(join(options.directory, 'firstcome-bench-'))
  const grown: Grown[] = []
  try {
    const { issued: tried, rowsMax } = quick ? sizes.quick : sizes.full
    for (const issued of tried) {
      say(`${issued.toLocaleString('en')} issued`)
      // Rows of more are not derived: nothing of the log's side needs them, and it takes too long.
      const withRows = issued <= rowsMax
      const cores = everyCore()
      grown.push(await bounded(measureIssued(root, { issued, cores, withRows, quick })))
    }
    return grown
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

async function measureAllNodes({ quick, say, bounded }: PartOptions): Promise<NodesGrown[]> {
  const { rounds, roundMs } = quick ? sizes.quick : sizes.full
  const measured: NodesGrown[] = []
  for (const nodes of nodesTried) {
    say(`${nodes} API processes`)
    const backends = await startBackends()
    try {
      measured.push(await bounded(measureNodes(backends, { nodes, rounds, roundMs })))
    } finally {
      await backends.stop()
    }
  }
  return measured
}

function grownLines(grown: readonly Grown[]): string[] {
  if (grown.length === 0) return []
  const columns = [
    'issued',
    'start s',
    'memory MB',
    'claim µs',
    'order ms',
    'its CPU ms',
    'audit s',
  ]
  return [
    'one process; of a claim the thread that answers, orders at 20 a second',
    [...columns, 'audit MB'].map((column) => column.padStart(12)).join(''),
    ...grown.map((one) =>
      [
        one.issued.toLocaleString('en'),
        one.startSeconds.toFixed(2),
        one.megabytes.toFixed(0),
        one.claimMicroseconds.toFixed(1),
        fixed(one.orderMs, 1),
        fixed(one.orderProcessorMs, 1),
        fixed(one.auditSeconds, 2),
        fixed(one.auditMegabytes, 0),
      ]
        .map((cell) => cell.padStart(12))
        .join(''),
    ),
    '',
  ]
}

function nodesLines(nodes: readonly NodesGrown[]): string[] {
  if (nodes.length === 0) return []
  const columns = ['API processes', 'wins a second', 'p99 ms', 'CPU ms a win', 'of the API']
  return [
    'distributed, as fast as they can, all on the same cores',
    columns.map((column) => column.padStart(15)).join(''),
    ...nodes.map((one) =>
      [
        String(one.nodes),
        Math.round(one.winsPerSecond).toLocaleString('en'),
        one.p99Ms.toFixed(0),
        one.processorMs.toFixed(3),
        one.apiMs.toFixed(3),
      ]
        .map((cell) => cell.padStart(15))
        .join(''),
    ),
  ]
}

function fixed(value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits)
}
