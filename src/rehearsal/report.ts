// How figures, answers, latencies and verdicts of a rehearsal are written: to people as aligned
// lines, to scripts as one JSON object. Pure. What the service said is shown only where it is a
// figure or was checked.

import type { Entry, Undecided } from './attempts.ts'
import { allKept, type Verdict } from './promises.ts'

/** How things look; each gives its text back where there are no colours. */
export type Paint = Record<'good' | 'bad' | 'dim' | 'bold', (text: string) => string>
/** A kind of answer, how often it came, and what more is known of it. */
export type AnswerRow = [name: string, figure: number, note?: string]
/** Milliseconds. */
export type Latency = { p50: number; p90: number; p99: number; p999: number; max: number }
type Run = { runId: string; url: URL }

/** Of each promise; --json has more. */
const breachesShownMax = 5
const breachesInJsonMax = 100

export function openingText(
  [title, ...more]: [title: string, ...more: string[]],
  { runId, url }: Run,
  paint: Paint,
): string {
  const run = `run ${runId} · ${shownUrl(url)}`
  return [paint.bold(title), ...more, paint.dim(run), ''].join('\n')
}

/** How far something is, for a line of progress. */
export function share(part: number, whole: number): string {
  return `${count(part).padStart(count(whole).length)} of ${count(whole)}`
}

/** "Asking: 10 of 20  9 issued · 1 sold out": figures that are 0 are left out. */
export function progressLine(
  title: string,
  figures: readonly (readonly [number, string])[],
): string {
  const shown = figures.filter(([figure]) => figure > 0)
  const words = shown.map(([figure, what]) => `${count(Math.round(figure))} ${what}`)
  return `${title}  ${words.join(' · ')}`
}

export type Report = {
  title: string
  storm: { entries: readonly Entry<unknown>[]; seconds: number; latency: Latency }
  /** After what the answers took. */
  more?: string
  rows: readonly AnswerRow[]
  /** What was measured of each, and why it says nothing. */
  measured: string
  warning?: string | undefined
  verdicts: readonly Verdict[]
  /** What to do then. */
  next?: string
}

export function reportText(report: Report, paint: Paint): string {
  const { verdicts, next } = report
  const sections = [
    answersSection(report, paint),
    latencySection(report, paint),
    promisesSection(verdicts, paint),
    verdictText(verdicts, paint) + (next === undefined ? '' : `\n${paint.dim(next)}`),
  ]
  return `\n${sections.join('\n\n')}\n`
}

function answersSection({ title, storm, rows, more = '' }: Report, paint: Paint): string {
  const { entries, seconds } = storm
  const took = `${counted(entries.length, 'answer')} in ${duration(seconds * 1000)}`
  const perSecond = seconds > 0 ? `, ${count(Math.round(entries.length / seconds))} a second` : ''
  const retries = sumOf(entries, 'retries')
  const again = retries > 0 ? `, ${counted(retries, 'retry').replace('retrys', 'retries')}` : ''
  const width = Math.max(...rows.map(([name]) => name.length))
  const digits = count(entries.length).length
  const lines = rows.map(([name, figure, note = '']) => {
    const text = `  ${name.padEnd(width)}  ${count(figure).padStart(digits)}`
    return note === '' ? text : `${text}${paint.dim(printable(note))}`
  })
  const pace = paint.dim(`${took}${perSecond}${again}${more}`)
  return [`${paint.bold(title)}  ${pace}`, ...lines].join('\n')
}

/** "  (2 timed out, 1 cut off)": the most frequent ones. */
export function reasonsNote(entries: readonly Answered[]): string {
  const reasons = unknownReasons(entries).slice(0, 3)
  const shown = reasons.map(([reason, times]) => `${count(times)} ${reason}`)
  return shown.length === 0 ? '' : `  (${shown.join(', ')})`
}

function latencySection({ measured, storm, warning }: Report, paint: Paint): string {
  const { p50, p90, p99, p999, max } = storm.latency
  const figures = Object.entries({ p50, p90, p99, 'p99.9': p999, max })
  const line = figures.map(([name, ms]) => `${paint.dim(name)} ${duration(ms)}`).join('   ')
  return [
    `${paint.bold('Latency')}  ${paint.dim(measured)}`,
    ...(warning === undefined ? [] : [`  ${paint.bad(warning)}`]),
    `  ${line}`,
  ].join('\n')
}

function promisesSection(verdicts: readonly Verdict[], paint: Paint): string {
  const width = Math.max(...verdicts.map(({ title }) => title.length))
  const lines = verdicts.flatMap(({ title, kept, detail, breaches }) => {
    const mark = kept ? paint.good('✓') : paint.bad('✗')
    const shown = breaches.slice(0, breachesShownMax).map((breach) => printable(breach))
    const more = breaches.length - shown.length
    if (more > 0) shown.push(`and ${count(more)} more`)
    return [
      `  ${mark} ${title.padEnd(width)}  ${paint.dim(detail)}`,
      ...shown.map((breach) => `      ${paint.bad(breach)}`),
    ]
  })
  return [paint.bold('Promises'), ...lines].join('\n')
}

function verdictText(verdicts: readonly Verdict[], paint: Paint): string {
  const broken = verdicts.filter(({ kept }) => !kept).length
  if (broken === 0) return paint.good('Every promise was kept.')
  return paint.bad(`${counted(broken, 'promise')} broken.`)
}

/** The report for scripts, with the figures between what was run and what became of it. */
export function reportJson(
  { plan, verdicts }: { plan: Run; verdicts: readonly Verdict[] },
  figures: object,
): object {
  return {
    verdict: allKept({ verdicts }) ? 'kept' : 'broken',
    run: plan.runId,
    url: shownUrl(plan.url),
    ...figures,
    promises: verdicts.map(({ promise, title, kept, detail, breaches }) => ({
      promise,
      title,
      kept,
      detail,
      breachCount: breaches.length,
      breaches: breaches.slice(0, breachesInJsonMax),
    })),
  }
}

type Answered = { answer: { kind: string } | Undecided }

/** Why attempts are unknown, most frequent first. */
export function unknownReasons(entries: Iterable<Answered>): [reason: string, times: number][] {
  const counts = new Map<string, number>()
  for (const { answer } of entries) {
    if (answer.kind === 'unknown' && 'reason' in answer) addOne(counts, answer.reason)
  }
  return [...counts].sort((a, b) => b[1] - a[1])
}

export function addOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

export function sumOf<Figure extends string>(
  entries: Iterable<Record<Figure, number>>,
  figure: Figure,
): number {
  let sum = 0
  for (const entry of entries) sum += entry[figure]
  return sum
}

export function count(figure: number): string {
  return figure.toLocaleString('en-US')
}

/** "1 ask", "1,000 asks". */
export function counted(figure: number, noun: string): string {
  return `${count(figure)} ${noun}${figure === 1 ? '' : 's'}`
}

/** A duration in the unit that suits it: "0.84 ms", "12.3 ms", "1.25 s", "2 min 5 s". */
export function duration(ms: number): string {
  if (ms >= 60_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms >= 10_000 ? 1 : 2)} s`
  return `${ms.toFixed(ms >= 100 ? 0 : ms >= 10 ? 1 : 2)} ms`
}

/** Codes and ids come from elsewhere: control characters could rewrite what is shown. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Cf}/gu, '\u{fffd}')
}

function shownUrl(url: URL): string {
  return url.href.replace(/\/$/, '')
}
