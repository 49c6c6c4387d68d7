// What a rehearsal of a sale shows in the end: to people as aligned lines, to scripts as one JSON
// object. Pure.

import {
  type AnswerRow,
  count,
  counted,
  duration,
  openingText,
  type Paint,
  reasonsNote,
  reportJson,
  reportText,
  sumOf,
  unknownReasons,
} from '../report.ts'
import type { SalePlan, SaleRehearsal } from './sale.ts'
import { countOutcomes, type OutcomeKind } from './sale-evidence.ts'

/** Above it the latencies measure the generator: they are marked void. */
const behindMsMaxAllowed = 100

export function saleOpening(plan: SalePlan, paint: Paint): string {
  const { users, asksPerUser, load, coupon } = plan
  const goal =
    'quantity' in coupon ? `a fresh coupon of ${count(coupon.quantity)}` : coupon.couponId
  const times = asksPerUser === 1 ? '' : `, ${count(asksPerUser)} times each`
  const pace =
    load.kind === 'open'
      ? `${count(load.ratePerSecond)} asks a second`
      : `${count(Math.min(load.concurrency, users * asksPerUser))} at once`
  const title = `${counted(users, 'user')} storm ${goal}${times}, ${pace}`
  return openingText([title], plan, paint)
}

export function saleReportText(rehearsal: SaleRehearsal, paint: Paint): string {
  const { plan, storm, verdicts, rowsAfterMs } = rehearsal
  const from = plan.load.kind === 'open' ? 'from the time it was due' : 'from its start'
  const late = `asks started up to ${duration(storm.behindMsMax)} late`
  const promises = verdicts.map((verdict) => {
    const { promise, kept, detail } = verdict
    if (promise !== 'stored' || !kept) return verdict
    return { ...verdict, detail: `${detail}, ${duration(rowsAfterMs)} later` }
  })
  const report = {
    title: 'Answers',
    storm,
    rows: outcomeRows(storm),
    measured: `of each ask, ${from} to its end`,
    warning: isVoid(storm) ? `void: ${late} (${behindMsMaxAllowed} ms allowed)` : undefined,
    verdicts: promises,
  }
  return reportText(report, paint)
}

export function saleReportJson(rehearsal: SaleRehearsal): object {
  const { plan, storm, after, rowsAfterMs } = rehearsal
  const { entries, seconds, behindMsMax, latency } = storm
  return reportJson(rehearsal, {
    coupon: after,
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
    rowsAfterMs,
  })
}

type Storm = SaleRehearsal['storm']

const outcomeKinds = Object.keys(countOutcomes([])) as OutcomeKind[]
const alwaysShown: readonly OutcomeKind[] = ['issued', 'sold_out', 'unknown']

function outcomeRows(storm: Storm): AnswerRow[] {
  const outcomes = countOutcomes(storm.entries.map(({ answer }) => answer))
  return outcomeKinds
    .filter((kind) => outcomes[kind] > 0 || alwaysShown.includes(kind))
    .map((kind) => [kind.replace('_', ' '), outcomes[kind], settledNote(storm, kind)])
}

/** Why nobody could say, and what asking again came to. */
function settledNote({ entries }: Storm, kind: OutcomeKind): string {
  const undecided = entries.filter(({ answer }) => answer.kind === kind)
  const counts = countOutcomes(undecided.flatMap(({ settled }) => settled ?? []))
  const ends = outcomeKinds.flatMap((end) => {
    return counts[end] > 0 ? [`${count(counts[end])} ${end.replace('_', ' ')}`] : []
  })
  const again = ends.length === 0 ? '' : `  asked again: ${ends.join(', ')}`
  return `${reasonsNote(undecided)}${again}`
}

function isVoid({ behindMsMax }: Storm): boolean {
  return behindMsMax > behindMsMaxAllowed
}
