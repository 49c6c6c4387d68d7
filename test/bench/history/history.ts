// A service with a long history: what its start and its audit cost, and whether it lives on a
// small heap.

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Cores, chooseCores } from '../machine.ts'
import type { Figures, PartOptions, PartReport } from '../summary/part.ts'
import { type LongLog, measureLongLog } from './long-log.ts'

const sizes = {
  full: { some: 1_000_000, many: 5_000_000 },
  quick: { some: 20_000, many: 100_000 },
}
const heapMegabytes = 1_024

export async function measureHistory(options: PartOptions): Promise<PartReport> {
  const { some, many } = options.quick ? sizes.quick : sizes.full
  const directory = mkdtempSync(join(options.directory, 'firstcome-bench-'))
  try {
    return await options.bounded(measureBoth(directory, { some, many }, options))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function measureBoth(
  directory: string,
  { some, many }: (typeof sizes)['full'],
  { say }: PartOptions,
): Promise<PartReport> {
  const cores = everyCore()
  say(`a log of ${some.toLocaleString('en')} claims`)
  const few = await measureLongLog(join(directory, 'some'), { claims: some, cores })
  say(`a log of ${many.toLocaleString('en')} claims, a heap of ${heapMegabytes} MB`)
  const long = { claims: many, cores, heapMegabytes }
  const more = await measureLongLog(join(directory, 'many'), long)
  const report = { few, more }
  return { text: textOf(report), figures: figuresOf(report), voids: [], report }
}

/** What is not at saturation has the machine, as it would have in use. */
export function everyCore(): Cores | null {
  const cores = chooseCores()
  return cores && { server: cores.all, load: cores.all, all: cores.all }
}

type Report = { few: LongLog; more: LongLog }

function figuresOf({ few, more }: Report): Figures {
  return {
    start1M: few.startSeconds,
    start5M: more.startSeconds,
    startsOnHeap: Number(Number.isFinite(more.startSeconds)),
    servesOnHeap: Number(more.served),
    auditsOnHeap: Number(Number.isFinite(more.auditSeconds)),
    audit1M: few.auditSeconds,
    audit5M: more.auditSeconds,
    audit1MMegabytes: few.auditMegabytes,
    audit5MMegabytes: more.auditMegabytes,
  }
}

function textOf({ few, more }: Report): string {
  return [
    'claims in the log, all of them winners   start, s   audit beside it, s   its memory, MB',
    longLogLine(few),
    longLogLine(more),
    `the second one on a heap of ${heapMegabytes} MB in every process`,
    ...[few, more].flatMap(({ failed }) => (failed === null ? [] : [`failed: ${failed}`])),
    '',
  ].join('\n')
}

function longLogLine({ claims, startSeconds, auditSeconds, auditMegabytes }: LongLog): string {
  return [
    claims.toLocaleString('en').padEnd(38),
    startSeconds.toFixed(2).padStart(11),
    auditSeconds.toFixed(2).padStart(21),
    auditMegabytes.toFixed(0).padStart(17),
  ].join('')
}
