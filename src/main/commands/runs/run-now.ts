// One run of the console: the command with the settings of its service, and its report as the
// console shows it, by the promises of the design.

import { systemClock } from '../../../adapters/clock-system.ts'
import type { AuditReport } from '../../../audit/audit.ts'
import type { Progress, Watched } from '../../../client/progress.ts'
import { every } from '../../../ports/clock.ts'
import {
  failedRun,
  type RunEnd,
  type RunProgress,
  type RunPromise,
  type RunResult,
} from '../../../ports/console-runs.ts'
import { messageOf } from '../../../ports/port-error.ts'
import type { SalePromise } from '../../../rehearsal/coupons/sale-promises.ts'
import { counted } from '../../../rehearsal/figures.ts'
import type { Context } from '../../context.ts'
import type { RunAsked } from '../../roles/runs/run-messages.ts'
import { connectable } from '../service-address.ts'

type TellProgress = (progress: RunProgress) => void

/** Never rejects. */
export async function runNow(asked: RunAsked, tell: TellProgress): Promise<RunResult> {
  const written: string[] = []
  const context: Context & Watched = {
    settings: asked.settings,
    out: (text) => void written.push(text),
    err: () => {},
    progress: progressOver(tell),
  }
  try {
    await (asked.kind === 'audit' ? audit(context) : rehearse(asked, context))
    const report = written.join('')
    return { end: asked.kind === 'audit' ? auditEnd(report) : rehearsalEnd(report), report }
  } catch (error) {
    return failedRun(messageOf(error))
  }
}

async function audit(context: Context & Watched): Promise<unknown> {
  const { runAudit } = await import('../audit.ts')
  return runAudit({ json: true }, context)
}

async function rehearse(
  { runId, sizes, url }: RunAsked,
  context: Context & Watched,
): Promise<unknown> {
  const { runRehearse, usersDefault, quantityDefault } = await import('../rehearse.ts')
  const { users = usersDefault, quantity = quantityDefault } = sizes
  const options = { json: true, mark: true, run: runId, url: connectable(url), users, quantity }
  return runRehearse(options, context)
}

const progressEveryMs = 250

function progressOver(tell: TellProgress): Progress {
  const clock = systemClock()
  let shownAt = Number.NEGATIVE_INFINITY
  return {
    during(line, work) {
      const show = () => tell(progressOf(line()))
      show()
      return work.finally(every(clock, progressEveryMs, show))
    },
    show(step, part) {
      if (clock.monotonic() - shownAt < progressEveryMs) return
      shownAt = clock.monotonic()
      tell({ step, part: Math.min(1, part) })
    },
    end() {},
  }
}

/** Of a line such as "Asking:   120 of 1,000  80 issued". */
function progressOf(line: string): RunProgress {
  const [step = ''] = line.split(':')
  const [, done, all] = /([\d,]+) of ([\d,]+)/.exec(line) ?? []
  const part = done === undefined ? null : figure(done) / Math.max(1, figure(all))
  return { step, part }
}

function figure(text = ''): number {
  return Number(text.replaceAll(',', ''))
}

const breachesMax = 20

type Rehearsed = {
  verdict: 'kept' | 'broken' | 'unfinished'
  endedEarly?: string
  promises: {
    promise: SalePromise
    title: string
    kept: boolean | null
    detail: string
    breaches: readonly string[]
  }[]
}

/** By the promise of the design that each check is for. */
const idOf: Readonly<Record<SalePromise, string>> = {
  exact: 'I1',
  counted: 'I1',
  kept: 'I2',
  stored: 'I2',
  seen: 'I2',
  one_each: 'I3',
  slots: 'I4',
  definite: 'I5',
  refused: 'I5',
  as_asked: 'I7',
  codes: 'I7',
  published: 'I7',
  in_order: 'I8',
  stays_open: 'I9',
}

export function rehearsalEnd(report: string): RunEnd {
  const { verdict, endedEarly: reason, promises } = JSON.parse(report) as Rehearsed
  const byId = Map.groupBy(promises, ({ promise }) => idOf[promise])
  const grouped = [...byId].map(
    ([id, checks]): RunPromise => ({
      id,
      kept: allKept(checks.map(({ kept }) => kept)),
      checks: checks.map(({ promise: name, kept, detail }) => ({ name, kept, detail })),
      breaches: checks.flatMap(({ breaches }) => breaches).slice(0, breachesMax),
    }),
  )
  grouped.sort((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)))
  const whole = allKept(grouped.map(({ kept }) => kept))
  if (verdict === 'unfinished') return { verdict: 'stopped', reason, promises: grouped }
  return { verdict: verdictOf(whole), promises: grouped }
}

type Audited = Pick<AuditReport, 'promises' | 'firstDifferences'> & {
  fair: boolean | null
  stopped?: string
  nothingCompared?: string
}

export function auditEnd(report: string): RunEnd {
  const { fair, stopped, nothingCompared, ...found } = JSON.parse(report) as Audited
  if (stopped !== undefined) return failedRun(stopped).end
  const promises = found.promises.map(({ id, differences }): RunPromise => {
    const own = found.firstDifferences.filter(({ invariant }) => invariant === id)
    const kept = differences > 0 ? false : fair === null ? null : true
    const detail = differences === 0 ? '' : counted(differences, 'difference')
    return {
      id,
      kept,
      checks: [{ name: id, kept, detail }],
      breaches: own.map(({ text }) => text),
    }
  })
  const reason = nothingCompared
  return { verdict: verdictOf(fair), ...(reason !== undefined && { reason }), promises }
}

function allKept(kept: readonly (boolean | null)[]): boolean | null {
  if (kept.includes(false)) return false
  return kept.includes(null) ? null : true
}

function verdictOf(kept: boolean | null): RunEnd['verdict'] {
  return kept === null ? 'unjudged' : kept ? 'kept' : 'broken'
}
