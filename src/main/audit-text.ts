// The report of an audit as people read it.

import { styleText } from 'node:util'
import type { AuditReport } from '../services/auditor.ts'
import { printable } from './command-context.ts'

/** `where`: which rows were compared. */
export function auditText(report: AuditReport, where: string): string {
  const { couponId, fair, promises, differences, firstDifferences } = report
  const what = couponId === null ? 'the log' : `${couponId} in the log`
  const lines = [
    `Compared ${what} with ${where}.`,
    countsText(report),
    '',
    ...promises.map((promise) => {
      const { id, text, differences: broken } = promise
      return broken === 0
        ? `  ${yes()} ${id}  ${text}`
        : `  ${no()} ${id}  ${text}: ${many(broken)}`
    }),
    '',
    ...firstDifferences.map(({ invariant, text }) => `  ${invariant}  ${printable(text)}`),
  ]
  const more = differences - firstDifferences.length
  if (more > 0) lines.push(`  and ${number(more)} more`)
  if (!fair) lines.push('')
  lines.push(fair ? 'Every promise holds.' : `Promises are broken: ${many(differences)}.`)
  return `${lines.join('\n')}\n`
}

function countsText({ counts, durationMs }: AuditReport): string {
  const { records, voidRecords, claims, coupons, winners, rows, lagRecords } = counts
  const log = [
    counted(records, 'record'),
    voidRecords === 0 ? '' : ` (${number(voidRecords)} void)`,
    `, ${counted(claims, 'claim')}, ${counted(coupons, 'coupon')}, ${counted(winners, 'winner')}`,
  ]
  const behind = lagRecords === 0 ? '' : `, ${counted(lagRecords, 'record')} behind the log`
  const seconds = (durationMs / 1000).toFixed(1)
  return `${log.join('')}; ${counted(rows, 'row')}${behind}; ${seconds} s`
}

function many(differences: number): string {
  return counted(differences, 'difference')
}

function counted(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? '' : 's'}`
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}

function yes(): string {
  return styleText('green', '✓', { stream: process.stdout })
}

function no(): string {
  return styleText('red', '✗', { stream: process.stdout })
}
