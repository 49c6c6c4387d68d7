// What a rehearsal shows in the end: to people as aligned lines, to scripts as one JSON object.
// Pure. What the service said is shown only where it is a figure or was checked.

import { countOutcomes, type OutcomeKind, outcomeKinds, unknownReasons } from '../ledger.ts'
import { count, counted, duration } from '../phrases.ts'
import { latencyLine, type Paint, verdictLines, verdictsJson, verdictText } from '../report-text.ts'
import type { Rehearsal, RehearsalPlan } from './sale.ts'
import { behindMsMaxAllowed } from './storm.ts'

export function allKept({ verdicts }: Rehearsal): boolean {
  return verdicts.every(({ kept }) => kept)
}

export function openingText(plan: RehearsalPlan, paint: Paint): string {
  const { users, asksPerUser, load, coupon, runId, url } = plan
  const goal =
    'quantity' in coupon ? `a fresh coupon of ${count(coupon.quantity)}` : coupon.couponId
  const times = asksPerUser === 1 ? '' : `, ${count(asksPerUser)} times each`
  const pace =
    load.kind === 'open'
      ? `${load.ratePerSecond.toLocaleString('en-US')} asks a second`
      : `${count(Math.min(load.concurrency, users * asksPerUser))} at once`
  const title = paint.bold(`${counted(users, 'user')} storm ${goal}${times}, ${pace}`)
  return `${title}\n${paint.dim(`run ${runId} · ${url.href.replace(/\/$/, '')}`)}\n`
}

export function reportText(rehearsal: Rehearsal, paint: Paint): string {
  const parts = [
    answersText(rehearsal, paint),
    latencyText(rehearsal, paint),
    promisesText(rehearsal, paint),
    verdictText(rehearsal.verdicts, paint),
  ]
  return `\n${parts.join('\n\n')}\n`
}

export function reportJson(rehearsal: Rehearsal): object {
  const { plan, storm, after, verdicts, rowsAfterMs } = rehearsal
  const { entries, seconds, behindMsMax, latency } = storm
  return {
    verdict: allKept(rehearsal) ? 'kept' : 'broken',
    run: plan.runId,
    url: plan.url.href.replace(/\/$/, ''),
    coupon: after,
    fresh: 'quantity' in plan.coupon,
    users: plan.users,
    asksPerUser: plan.asksPerUser,
    load: plan.load,
    outcomes: countOutcomes(entries.map(({ answer }) => answer)),
    unknownReasons: Object.fromEntries(unknownReasons(entries)),
    retries: retriesOf(rehearsal),
    seconds,
    answersPerSecond: seconds > 0 ? entries.length / seconds : null,
    latencyMs: { ...latency, void: isVoid(rehearsal), behindMsMax },
    rowsAfterMs,
    promises: verdictsJson(verdicts),
  }
}

const outcomeNames: Record<OutcomeKind, string> = {
  issued: 'issued',
  sold_out: 'sold out',
  not_open: 'not open',
  paused: 'paused',
  closed: 'closed',
  pending: 'pending',
  unknown: 'unknown',
}

function answersText(rehearsal: Rehearsal, paint: Paint): string {
  const { entries, seconds } = rehearsal.storm
  const outcomes = countOutcomes(entries.map(({ answer }) => answer))
  const always: OutcomeKind[] = ['issued', 'sold_out', 'unknown']
  const width = count(entries.length).length
  const lines = outcomeKinds
    .filter((kind) => outcomes[kind] > 0 || always.includes(kind))
    .map((kind) => {
      const figure = count(outcomes[kind]).padStart(width)
      const note = kind === 'unknown' || kind === 'pending' ? settledNote(rehearsal, kind) : ''
      return `  ${outcomeNames[kind].padEnd(10)}${figure}${note === '' ? '' : paint.dim(note)}`
    })
  const perSecond = seconds > 0 ? `, ${count(Math.round(entries.length / seconds))} a second` : ''
  const retries = retriesOf(rehearsal)
  const again = retries > 0 ? `, ${counted(retries, 'retry').replace('retrys', 'retries')}` : ''
  const pace = paint.dim(
    `${counted(entries.length, 'answer')} in ${duration(seconds * 1000)}${perSecond}${again}`,
  )
  return [`${paint.bold('Answers')}  ${pace}`, ...lines].join('\n')
}

/** Why nobody could say, and what asking again came to. */
function settledNote({ storm }: Rehearsal, kind: OutcomeKind): string {
  const undecided = storm.entries.filter(({ answer }) => answer.kind === kind)
  if (undecided.length === 0) return ''
  const reasons = unknownReasons(undecided).map(([reason, times]) => `${count(times)} ${reason}`)
  const settled = undecided.flatMap((entry) => (entry.settled ? [entry.settled] : []))
  const counts = countOutcomes(settled)
  const ends = outcomeKinds
    .filter((end) => counts[end] > 0)
    .map((end) => `${count(counts[end])} ${outcomeNames[end]}`)
  const why = reasons.length === 0 ? '' : `  (${reasons.slice(0, 3).join(', ')})`
  return `${why}  asked again: ${ends.join(', ')}`
}

function latencyText(rehearsal: Rehearsal, paint: Paint): string {
  const { plan, storm } = rehearsal
  const from = plan.load.kind === 'open' ? 'from the time it was due' : 'from its start'
  const title = `${paint.bold('Latency')}  ${paint.dim(`of each ask, ${from} to its end`)}`
  const line = latencyLine(storm.latency, paint)
  if (!isVoid(rehearsal)) return `${title}\n  ${line}`
  const late = duration(storm.behindMsMax)
  const void_ = `void: asks started up to ${late} late (${behindMsMaxAllowed} ms allowed)`
  return `${title}\n  ${paint.bad(void_)}\n  ${line}`
}

/** With how much later SQL showed every row. */
function promisesText({ verdicts, rowsAfterMs }: Rehearsal, paint: Paint): string {
  const lines = verdictLines(
    verdicts.map((verdict) => {
      const { promise, kept, detail } = verdict
      if (promise !== 'stored' || !kept) return verdict
      return { ...verdict, detail: `${detail}, ${duration(rowsAfterMs)} later` }
    }),
    paint,
  )
  return [paint.bold('Promises'), ...lines].join('\n')
}

function retriesOf({ storm }: Rehearsal): number {
  return storm.entries.reduce((sum, { retries }) => sum + retries, 0)
}

function isVoid({ storm }: Rehearsal): boolean {
  return storm.behindMsMax > behindMsMaxAllowed
}
