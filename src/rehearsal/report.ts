// The parts that the reports of all rehearsals share: how figures, answers, latencies and verdicts
// are written for people, and verdicts for scripts. Pure. What the service said is shown only
// where it is a figure or was checked.

import type { Latency } from './latency.ts'
import { type Entry, sumOf } from './ledger.ts'
import { allKept, type Verdict } from './promises.ts'

/** How things look; each gives its text back where there are no colours. */
export type Paint = Record<'good' | 'bad' | 'dim' | 'bold', (text: string) => string>
/** A kind of answer, how often it came, and what more is known of it. */
export type AnswerRow = [name: string, figure: number, note?: string]
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

/** "Asking: 10 of 20  9 issued · 1 sold out": figures that are 0 are left out. */
export function progressLine(title: string, figures: readonly [number, string][]): string {
  const shown = figures.filter(([figure]) => figure > 0)
  const words = shown.map(([figure, what]) => `${count(Math.round(figure))} ${what}`)
  return `${title}  ${words.join(' · ')}`
}

export function sectionsText(sections: readonly string[]): string {
  return `\n${sections.join('\n\n')}\n`
}

export type Answers = {
  title: string
  entries: readonly Entry<unknown>[]
  seconds: number
  /** After what it took. */
  more?: string
  rows: readonly AnswerRow[]
}

export function answersSection(answers: Answers, paint: Paint): string {
  const { title, entries, seconds, more = '', rows } = answers
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
export function reasonsNote(reasons: readonly [reason: string, times: number][]): string {
  const shown = reasons.slice(0, 3).map(([reason, times]) => `${count(times)} ${reason}`)
  return shown.length === 0 ? '' : `  (${shown.join(', ')})`
}

export function latencySection(
  { of, latency, warning }: { of: string; latency: Latency; warning?: string | undefined },
  paint: Paint,
): string {
  const { p50, p90, p99, p999, max } = latency
  const figures = Object.entries({ p50, p90, p99, 'p99.9': p999, max })
  const line = figures.map(([name, ms]) => `${paint.dim(name)} ${duration(ms)}`).join('   ')
  return [
    `${paint.bold('Latency')}  ${paint.dim(of)}`,
    ...(warning === undefined ? [] : [`  ${paint.bad(warning)}`]),
    `  ${line}`,
  ].join('\n')
}

export function promisesSection(verdicts: readonly Verdict[], paint: Paint): string {
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

export function verdictText(verdicts: readonly Verdict[], paint: Paint): string {
  const broken = verdicts.filter(({ kept }) => !kept).length
  if (broken === 0) return paint.good('Every promise was kept.')
  return paint.bad(`${counted(broken, 'promise')} broken.`)
}

/** What every report for scripts begins with. */
export function verdictJson(plan: Run, verdicts: readonly Verdict[]): object {
  return {
    verdict: allKept({ verdicts }) ? 'kept' : 'broken',
    run: plan.runId,
    url: shownUrl(plan.url),
  }
}

export function promisesJson(verdicts: readonly Verdict[]): object[] {
  return verdicts.map(({ promise, title, kept, detail, breaches }) => ({
    promise,
    title,
    kept,
    detail,
    breachCount: breaches.length,
    breaches: breaches.slice(0, breachesInJsonMax),
  }))
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
