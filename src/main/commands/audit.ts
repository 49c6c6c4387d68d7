// `firstcome audit`: replays the log, compares it with the rows and says whether every promise
// holds. Exit code 1 on any difference, and where the log or the rows cannot be understood.

import { existsSync } from 'node:fs'
import { systemClock } from '../../adapters/clock-system.ts'
import { topicPath } from '../../adapters/log-file/log-file.ts'
import { openLogFileReader } from '../../adapters/log-file/reader.ts'
import { type AuditProgress, type AuditReport, audit } from '../../audit/audit.ts'
import { type LogReader, withoutTopics } from '../../audit/read-topic.ts'
import { type Progress, startProgress } from '../../client/progress.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import { orderTopics } from '../../domain/orders/topics.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../context.ts'
import { embeddedTopics } from '../roles/topics.ts'
import { createCodeChecker } from './audit-codes.ts'
import { isDistributed, openDistributedAudit } from './audit-distributed.ts'
import {
  type AuditSource,
  exitCodeOf,
  openAuditSource,
  type SourceOptions,
} from './audit-source.ts'
import { auditText } from './audit-text.ts'

export type AuditOptions = { coupon?: string; json?: boolean; url?: string; token?: string }

export async function runAudit(options: AuditOptions, context: Context): Promise<ExitCode> {
  const { out, err } = context
  const json = options.json === true
  try {
    const { report, where } = await auditNow(options, { ...context, err: json ? () => {} : err })
    out(json ? `${JSON.stringify(report)}\n` : auditText(report, where))
    return report.fair ? exitCodes.ok : exitCodes.failed
  } catch (error) {
    const exitCode = exitCodeOf(error)
    if (exitCode === null || !(error instanceof Error)) throw error
    if (!json) throw new CommandError(exitCode, error.message, { cause: error })
    out(`${JSON.stringify({ fair: null, stopped: error.message })}\n`)
    return exitCode
  }
}

type Audited = { report: AuditReport; where: string }

async function auditNow(
  { coupon, url, token }: AuditOptions,
  { settings, err }: Context,
): Promise<Audited> {
  const clock = systemClock()
  const progress = startProgress(clock, err)
  const distributed = isDistributed(settings)
  const options = { settings, url, token }
  const { opened, openLog } = distributed
    ? openDistributedAudit(options)
    : await openEmbeddedAudit(options, progress)
  const codes = createCodeChecker(opened.codeSecret)
  try {
    const { source, orders, where } = opened
    const onProgress = (it: AuditProgress) => progress.show(steps[it.phase], it.done / it.total)
    const parts = { source, orders, openLog, clock, couponId: coupon, onProgress }
    const report = await audit({ ...parts, wrongCodes: codes.check })
    if (coupon !== undefined && report.counts.coupons === 0 && report.differences === 0) {
      const log = distributed ? 'the log' : settings.dataDirectory
      throw new CommandError(exitCodes.wrongUsage, `there is no coupon ${coupon} in ${log}`)
    }
    return { report, where }
  } finally {
    progress.end()
    await codes.close()
    await opened.close()
  }
}

type EmbeddedAudit = { opened: AuditSource; openLog: () => Promise<LogReader> }

async function openEmbeddedAudit(
  options: SourceOptions,
  progress: Progress,
): Promise<EmbeddedAudit> {
  const { dataDirectory: directory } = options.settings
  checkLogIsThere(directory)
  return {
    opened: await openAuditSource(options),
    async openLog() {
      const topics = topicsIn(directory)
      const clock = systemClock()
      const onProgress = (done: number, total: number) => {
        progress.show('Checking the stored log', done / total)
      }
      const log = await openLogFileReader({ directory, topics, clock, onProgress })
      return withoutTopics(log, Object.keys(topics))
    },
  }
}

/** Those that are there, in the order in which the audit needs their ends. */
function topicsIn(directory: string): Record<string, number> {
  const partitions: Readonly<Record<string, number>> = embeddedTopics
  const names = [claimsTopic, ...orderTopics].filter((topic) => {
    return partitions[topic] !== undefined && existsSync(topicPath(directory, topic))
  })
  return Object.fromEntries(names.map((topic) => [topic, partitions[topic] ?? 0]))
}

/** Before anything is locked or made there. */
function checkLogIsThere(directory: string): void {
  if (existsSync(topicPath(directory, claimsTopic))) return
  const message = `there is no log in ${directory}: name the service's directory with --data`
  throw new CommandError(exitCodes.wrongUsage, message)
}

const steps = {
  records: 'Replaying the log',
  rows: 'Comparing the rows',
  orders: 'Replaying the orders',
} as const
