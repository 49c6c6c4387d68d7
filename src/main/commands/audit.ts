// `firstcome audit`: replays the log, compares it with the rows and says whether every promise
// holds. Exit code 1 on any difference, and where the log or the rows cannot be understood.

import { systemClock } from '../../adapters/clock-system.ts'
import { type AuditProgress, type AuditReport, audit } from '../../audit/audit.ts'
import type { OrdersAudit } from '../../audit/orders/audit-orders.ts'
import { overdue } from '../../audit/orders/check-histories.ts'
import { startProgress, type Watched } from '../../client/progress.ts'
import { ServiceError } from '../../client/service-client.ts'
import { sleep } from '../../ports/clock.ts'
import { PortError } from '../../ports/port-error.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../context.ts'
import { auditedFile, sinceParts } from '../roles/snapshots/kept-audit.ts'
import { boundYoungSpace } from '../young-space.ts'
import { createCodeThreads } from './audit-codes.ts'
import { isDistributed, openAuditSource } from './audit-source.ts'
import { auditText } from './audit-text.ts'
import { type Audited, signsOfAnotherLog, whyNothing } from './audited.ts'

export type AuditOptions = {
  coupon?: string
  checkpoint?: string
  /** Where an earlier audit kept what this one goes on from; true: in the data directory. */
  sinceSnapshot?: string | true
  json?: boolean
  url?: string
  token?: string
}

export async function runAudit(
  options: AuditOptions,
  context: Context & Watched,
): Promise<ExitCode> {
  const { out, err } = context
  const json = options.json === true
  const { checkpoint } = options
  try {
    if (checkpoint !== undefined) {
      const { runCheckpointAudit } = await import('./audit-checkpoint.ts')
      return await runCheckpointAudit({ ...options, checkpoint }, context)
    }
    const audited = await auditNow(options, { ...context, err: json ? () => {} : err })
    const { report, strange, nothingCompared } = audited
    const signs = strange.length === 0 ? {} : { anotherLog: strange }
    const judged = nothingCompared === null ? {} : { fair: null, nothingCompared }
    const told = { ...report, ...signs, ...judged }
    out(json ? `${JSON.stringify(told)}\n` : auditText(audited))
    if (nothingCompared !== null) return exitCodes.wrongUsage
    return report.fair ? exitCodes.ok : exitCodes.failed
  } catch (error) {
    const exitCode = exitCodeOf(error)
    if (exitCode === null || !(error instanceof Error)) throw error
    if (!json) throw new CommandError(exitCode, error.message, { cause: error })
    out(`${JSON.stringify({ fair: null, stopped: error.message })}\n`)
    return exitCode
  }
}

async function auditNow(
  { coupon, sinceSnapshot, url, token }: AuditOptions,
  { settings, err, ...given }: Context & Watched,
): Promise<Audited> {
  boundYoungSpace()
  const clock = systemClock()
  const progress = given.progress ?? startProgress(clock, err)
  const opened = await openAuditSource({ settings, progress, url, token })
  const codes = createCodeThreads(opened.codeSecret)
  try {
    const { source, orders, openLog, where } = opened
    const onProgress = (it: AuditProgress) => progress.show(steps[it.phase], it.done / it.total)
    const keptIn = sinceSnapshot === undefined ? null : auditedFile(settings, sinceSnapshot)
    const since = keptIn === null ? undefined : sinceParts(keptIn, opened.codeSecret)
    const parts = { source, orders, openLog, clock, couponId: coupon, since, onProgress }
    const compare = () => audit({ ...parts, deriveCodes: codes.derive })
    let report = await compare()
    // Rows that have only just begun, are derived anew, or are of consumers that come back: whoever
    // writes them is given a moment.
    const deadline = clock.monotonic() + rowsWaitMsMax
    while (mayDiffer(report, opened.orders.now) && clock.monotonic() < deadline) {
      await sleep(clock, lookAgainMs)
      report = await compare()
    }
    if (coupon !== undefined && report.counts.coupons === 0 && report.differences === 0) {
      const log = isDistributed(settings) ? 'the log' : settings.dataDirectory
      throw new CommandError(exitCodes.wrongUsage, `there is no coupon ${coupon} in ${log}`)
    }
    const strange = await signsOfAnotherLog(opened, report)
    const nothingCompared = whyNothing(report, opened.rows)
    return { report, where, strange, nothingCompared, keptIn }
  } finally {
    progress.end()
    await codes.close()
    await opened.close()
  }
}

/** A running issuer writes its first rows within a moment; on a busy machine in some seconds. */
const rowsWaitMsMax = 15_000
const lookAgainMs = 250

/** Whether another look may well say something else. `now`: null where nobody writes rows. */
function mayDiffer(report: AuditReport, now: OrdersAudit['now']): boolean {
  const { counts, differences, rowsWentBack, promises, firstDifferences } = report
  if (rowsWentBack) return true
  // They had read something before.
  if (differences === 0 && (report.since?.from ?? null) !== null) return false
  // Consumers that were away end at once, when they are back, what is over.
  const isLate = firstDifferences.every(({ text }) => text.includes(overdue))
  const others = promises.some(({ id, differences: found }) => id !== 'I10' && found > 0)
  if (differences > 0 && isLate && !others) return now !== null
  const hasNothing = counts.comparedRecords === 0 && counts.rows === 0 && differences === 0
  return now !== null && hasNothing && counts.records > 0
}

const steps = {
  records: 'Replaying the log',
  rows: 'Comparing rows and events',
  orders: 'Replaying the orders',
} as const

/** What the exit code says of an audit that could not be made. */
function exitCodeOf(error: unknown): ExitCode | null {
  if (error instanceof CommandError) return error.exitCode
  if (error instanceof ServiceError) return exitCodes.unreachable
  if (!(error instanceof PortError)) return null
  const away = error.code === 'log_unavailable' || error.code === 'store_unavailable'
  return away ? exitCodes.unreachable : exitCodes.failed
}
