// The parts that the reports of all rehearsals share: how verdicts and latencies are written for
// people, and verdicts for scripts. Pure.

import type { Latency } from './latency.ts'
import { count, counted, duration } from './phrases.ts'

/** How things look; each gives its text back where there are no colours. */
export type Paint = Record<'good' | 'bad' | 'dim' | 'bold', (text: string) => string>

export type ShownVerdict = {
  promise: string
  title: string
  kept: boolean
  detail: string
  breaches: readonly string[]
}

/** Of each promise; --json has more. */
const breachesShownMax = 5
const breachesInJsonMax = 100

export function verdictLines(verdicts: readonly ShownVerdict[], paint: Paint): string[] {
  const width = Math.max(...verdicts.map(({ title }) => title.length))
  return verdicts.flatMap((verdict) => {
    const { title, kept, detail } = verdict
    const mark = kept ? paint.good('✓') : paint.bad('✗')
    return [
      `  ${mark} ${title.padEnd(width)}  ${paint.dim(detail)}`,
      ...breachLines(verdict, paint),
    ]
  })
}

function breachLines({ breaches }: ShownVerdict, paint: Paint): string[] {
  const shown = breaches.slice(0, breachesShownMax).map((breach) => printable(breach))
  const more = breaches.length - shown.length
  if (more > 0) shown.push(`and ${count(more)} more`)
  return shown.map((breach) => `      ${paint.bad(breach)}`)
}

export function verdictText(verdicts: readonly ShownVerdict[], paint: Paint): string {
  const broken = verdicts.filter(({ kept }) => !kept).length
  if (broken === 0) return paint.good('Every promise was kept.')
  return paint.bad(`${counted(broken, 'promise')} broken.`)
}

export function verdictsJson(verdicts: readonly ShownVerdict[]): object[] {
  return verdicts.map(({ promise, title, kept, detail, breaches }) => ({
    promise,
    title,
    kept,
    detail,
    breachCount: breaches.length,
    breaches: breaches.slice(0, breachesInJsonMax),
  }))
}

export function latencyLine({ p50, p90, p99, p999, max }: Latency, paint: Paint): string {
  const figures = [
    ['p50', p50],
    ['p90', p90],
    ['p99', p99],
    ['p99.9', p999],
    ['max', max],
  ] as const
  return figures.map(([name, ms]) => `${paint.dim(name)} ${duration(ms)}`).join('   ')
}

/** Codes and ids come from elsewhere: control characters could rewrite what is shown. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Cf}/gu, '\u{fffd}')
}
