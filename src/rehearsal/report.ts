// What rehearsals show before and in the end: to people as aligned lines, to scripts as one JSON
// object. Pure. What the service said is shown only where it is a figure or was checked.

import type { Entry, Undecided } from './attempts.ts'
import type { Arrivals } from './coupons/arrivals.ts'
import { askingAtOnce, type SalePlan, type SaleRehearsal } from './coupons/sale.ts'
import {
  type ClaimEntry,
  countOutcomes,
  finalAnswer,
  type OutcomeKind,
} from './coupons/sale-evidence.ts'
import { addOne, count, counted, duration, printable, sumOf } from './figures.ts'
import { countAnswers, type OrderEntry } from './orders/order-evidence.ts'
import type { OrdersPlan, OrdersRehearsal } from './orders/shopping.ts'
import { nothingBroken, type Verdict } from './promises.ts'
import type { Ended } from './rehearsal.ts'
import type { Storm } from './storm.ts'

/** How things look; each gives its text back where there are no colours. */
export type Paint = Record<'good' | 'bad' | 'dim' | 'bold', (text: string) => string>
/** A kind of answer, how often it came, and what more is known of it. */
type AnswerRow = [name: string, figure: number, note?: string]
type Run = { runId: string; url: URL }

/** Of each promise; --json has more. */
const breachesShownMax = 5
const breachesInJsonMax = 100

/** Above it the latencies measure the generator: they are marked void. */
const behindMsMaxAllowed = 100

export const saleReport = {
  opening(plan: SalePlan, paint: Paint): string {
    const { users, asksPerUser, load, coupon } = plan
    const goal =
      'quantity' in coupon ? `a fresh coupon of ${count(coupon.quantity)}` : coupon.couponId
    const times = asksPerUser === 1 ? '' : `, ${count(asksPerUser)} times each`
    const pace =
      load.kind === 'open'
        ? `${count(load.ratePerSecond)} asks a second`
        : `${count(askingAtOnce(plan))} at once`
    const title = `${counted(users, 'user')} storm ${goal}${times}, ${pace}`
    return openingText([title], plan, paint)
  },
  text(rehearsal: SaleRehearsal, paint: Paint): string {
    const { plan, storm, verdicts, rowsAfterMs, arrivals } = rehearsal
    const from = plan.load.kind === 'open' ? 'from the time it was due' : 'from its start'
    const late = `asks started up to ${duration(storm.behindMsMax)} late`
    const promises = verdicts.map((verdict) => {
      const { promise, kept, detail } = verdict
      if (promise !== 'stored' || kept !== true || rowsAfterMs === null) return verdict
      return { ...verdict, detail: `${detail}, ${duration(rowsAfterMs)} later` }
    })
    const report = {
      title: 'Answers',
      storm,
      rows: outcomeRows(storm),
      measured: `of each ask, ${from} to its end`,
      warning: isVoid(storm) ? `void: ${late} (${behindMsMaxAllowed} ms allowed)` : undefined,
      sections: arrivalSections(arrivals, paint),
      verdicts: promises,
    }
    return reportText(report, rehearsal, paint)
  },
  json(rehearsal: SaleRehearsal): object {
    const { plan, storm, before, after, rowsAfterMs, arrivals } = rehearsal
    const { entries, seconds, behindMsMax, latency } = storm
    return reportJson(rehearsal, {
      coupon: after ?? before,
      fresh: 'quantity' in plan.coupon,
      users: plan.users,
      asksPerUser: plan.asksPerUser,
      load: plan.load,
      outcomes: countOutcomes(entries.map(({ answer }) => answer)),
      unknownReasons: Object.fromEntries(unknownReasons(entries)),
      retries: sumOf(entries, 'retries'),
      seconds,
      answersPerSecond: seconds > 0 ? entries.length / seconds : null,
      latencyMs: { ...latency, void: isVoid(storm), behindMsMax },
      arrivals: arrivalFigures(arrivals),
      rowsAfterMs,
      ...(rehearsal.cut === null ? {} : { told: toldYes(entries) }),
    })
  },
}

/** Where the service is gone, nobody else knows who was told so. */
function toldYes(entries: readonly ClaimEntry[]): object[] {
  return entries.flatMap((entry) => {
    const { kind, ...issued } = finalAnswer(entry)
    return kind === 'issued' ? [issued] : []
  })
}

const outcomeKinds = Object.keys(countOutcomes([])) as OutcomeKind[]
const alwaysShown: readonly OutcomeKind[] = ['issued', 'sold_out', 'unknown']

function outcomeRows({ entries }: SaleRehearsal['storm']): AnswerRow[] {
  const outcomes = countOutcomes(entries.map(({ answer }) => answer))
  return outcomeKinds
    .filter((kind) => outcomes[kind] > 0 || alwaysShown.includes(kind))
    .map((kind) => [kind.replace('_', ' '), outcomes[kind], settledNote(entries, kind)])
}

/** Why nobody could say, and what asking again came to. */
function settledNote(entries: readonly ClaimEntry[], kind: OutcomeKind): string {
  const undecided = entries.filter(({ answer }) => answer.kind === kind)
  const counts = countOutcomes(undecided.flatMap(({ settled }) => settled ?? []))
  const ends = outcomeKinds.flatMap((end) => {
    return counts[end] > 0 ? [`${count(counts[end])} ${end.replace('_', ' ')}`] : []
  })
  const again = ends.length === 0 ? '' : `  asked again: ${ends.join(', ')}`
  return `${reasonsNote(undecided)}${again}`
}

function isVoid({ behindMsMax }: SaleRehearsal['storm']): boolean {
  return behindMsMax > behindMsMaxAllowed
}

export const ordersReport = {
  opening(plan: OrdersPlan, paint: Paint): string {
    const { users, quantity, products, stock, withoutMoney } = plan
    const title = `${counted(users, 'user')} storm a fresh coupon of ${count(quantity)}, then order`
    const goods = `${counted(products, 'product')}, ${counted(stock, 'piece')} of the scarce one`
    const money = `${counted(withoutMoney, 'user')} without money`
    return openingText([title, `${goods}, ${money}`], plan, paint)
  },
  text(rehearsal: OrdersRehearsal, paint: Paint): string {
    const { sale, orders, verdicts } = rehearsal
    const report = {
      title: 'Orders',
      storm: orders,
      more: settledText(rehearsal),
      rows: answerRows(orders.entries),
      measured: 'of each order, from its first request to its end',
      sections: arrivalSections(sale.arrivals, paint),
      verdicts,
      next: 'Next, let the service prove it from its log: npx firstcome audit',
    }
    return reportText(report, rehearsal, paint)
  },
  json(rehearsal: OrdersRehearsal): object {
    const { plan, sale, orders, settledAfterMs } = rehearsal
    const { entries, seconds, latency } = orders
    const { confirmed, cancelled, refused, pending, unknown } = countAnswers(entries)
    const { users, quantity, products, stock, withoutMoney, concurrency } = plan
    const sizes = { users, quantity, products, stock, withoutMoney, concurrency }
    return reportJson(rehearsal, {
      coupon: sale.after ?? sale.before,
      ...sizes,
      orders: entries.length,
      confirmed,
      cancelled: Object.fromEntries(cancelled),
      refused: Object.fromEntries(refused),
      pending,
      unknown,
      unknownReasons: Object.fromEntries(unknownReasons(entries)),
      retries: sumOf(entries, 'retries'),
      polls: sumOf(entries, 'polls'),
      seconds,
      ordersPerSecond: seconds > 0 ? entries.length / seconds : null,
      latencyMs: latency,
      arrivals: arrivalFigures(sale.arrivals),
      settledAfterMs,
      ...(rehearsal.cut === null ? {} : { told: toldYes(sale.storm.entries) }),
    })
  },
}

function settledText(rehearsal: OrdersRehearsal): string {
  const { settledAfterMs } = rehearsal
  if (settledAfterMs === null || !nothingBroken(rehearsal)) return ''
  return `, ${duration(settledAfterMs)} until all of it added up`
}

function answerRows(entries: readonly OrderEntry[]): AnswerRow[] {
  const { confirmed, cancelled, refused, pending, unknown } = countAnswers(entries)
  const sorted = (of: ReadonlyMap<string, number>, what: string) => {
    const names = [...of].sort(([a], [b]) => (a < b ? -1 : 1))
    return names.map(([name, figure]): AnswerRow => {
      return [`${what}, ${printable(name).replaceAll(/[_-]/g, ' ')}`, figure]
    })
  }
  return [
    ['confirmed', confirmed],
    ...sorted(cancelled, 'cancelled'),
    ...sorted(refused, 'refused'),
    ...(pending > 0 ? [['pending', pending] as AnswerRow] : []),
    ['unknown', unknown, reasonsNote(entries)],
  ]
}

function openingText([title = '', ...more]: string[], { runId, url }: Run, paint: Paint): string {
  const run = `run ${runId} · ${shownUrl(url)}`
  return [paint.bold(title), ...more, paint.dim(run), ''].join('\n')
}

type Report = {
  title: string
  storm: Pick<Storm<Entry<unknown>>, 'entries' | 'seconds' | 'latency'>
  /** After what the answers took. */
  more?: string
  rows: readonly AnswerRow[]
  /** What was measured of each, and why it says nothing. */
  measured: string
  warning?: string | undefined
  /** Before the promises. */
  sections?: readonly string[]
  verdicts: readonly Verdict[]
  /** What to do then. */
  next?: string
}

function reportText(report: Report, { cut, left }: Ended, paint: Paint): string {
  const { verdicts, next } = report
  const ended = cut === null ? null : `It ended before its end: ${printable(cut.message)}.`
  const sections = [
    ...(ended === null ? [] : [`${paint.bad(ended)}\nThis is what was told until then.`]),
    answersSection(report, paint),
    latencySection(report, paint),
    ...(report.sections ?? []),
    promisesSection(verdicts, paint),
    [
      verdictText(verdicts, { ended }, paint),
      ...leftLines(left),
      ...(next === undefined || cut !== null ? [] : [paint.dim(next)]),
    ].join('\n'),
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
function reasonsNote(entries: readonly Answered[]): string {
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

/** Whether who came first was placed first, as the node counts it; none where it does not. */
function arrivalSections(arrivals: Arrivals | null, paint: Paint): string[] {
  if (arrivals === null) return []
  const { pairs, inversions } = arrivals
  const share = `${(100 * rateOf(arrivals)).toFixed(3)} %`
  const of = paint.dim('of pairs of claims near each other in the log')
  const against = `${count(inversions)} of ${count(pairs)} (${share})`
  return [`${paint.bold('Arrival')}  ${of}\n  ${against} stand there against their arrival`]
}

function arrivalFigures(arrivals: Arrivals | null): object | null {
  return arrivals && { ...arrivals, rate: rateOf(arrivals) }
}

function rateOf({ pairs, inversions }: Arrivals): number {
  return pairs === 0 ? 0 : inversions / pairs
}

function promisesSection(verdicts: readonly Verdict[], paint: Paint): string {
  const width = Math.max(...verdicts.map(({ title }) => title.length))
  const lines = verdicts.flatMap(({ title, kept, detail, breaches }) => {
    const mark = kept === null ? paint.dim('–') : kept ? paint.good('✓') : paint.bad('✗')
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

function verdictText(
  verdicts: readonly Verdict[],
  { ended }: { ended: string | null },
  paint: Paint,
): string {
  const broken = verdicts.filter(({ kept }) => kept === false).length
  const open = verdicts.filter(({ kept }) => kept === null).length
  if (broken > 0) return paint.bad(`${counted(broken, 'promise')} broken.`)
  const unjudged = `${counted(open, 'promise')} could not be judged`
  if (ended !== null) return paint.bad(`Nothing that was told breaks a promise; ${unjudged}.`)
  if (open === 0) return paint.good('Every promise was kept.')
  return `${paint.good('No promise was broken')}; ${unjudged}.`
}

/** What stays at the service, for whoever comes after. */
export function leftLines(left: readonly string[]): string[] {
  return left.map((line) => `Left there: ${printable(line)}.`)
}

/** The report for scripts, with the figures between what was run and what became of it. */
function reportJson(
  { plan, verdicts, cut, left }: Ended & { plan: Run; verdicts: readonly Verdict[] },
  figures: object,
): object {
  const whole = cut === null ? 'kept' : 'unfinished'
  return {
    verdict: nothingBroken({ verdicts }) ? whole : 'broken',
    ...(cut === null ? {} : { endedEarly: cut.message }),
    run: plan.runId,
    url: shownUrl(plan.url),
    ...figures,
    left,
    promises: verdicts.map(({ breaches, ...verdict }) => ({
      ...verdict,
      breachCount: breaches.length,
      breaches: breaches.slice(0, breachesInJsonMax),
    })),
  }
}

type Answered = { answer: { kind: string } | Undecided }

/** Why attempts are unknown, most frequent first. */
function unknownReasons(entries: Iterable<Answered>): [reason: string, times: number][] {
  const counts = new Map<string, number>()
  for (const { answer } of entries) {
    if (answer.kind === 'unknown' && 'reason' in answer) addOne(counts, answer.reason)
  }
  return [...counts].sort((a, b) => b[1] - a[1])
}

function shownUrl(url: URL): string {
  return url.href.replace(/\/$/, '')
}
