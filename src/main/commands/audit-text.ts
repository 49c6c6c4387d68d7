// The report of an audit as people read it.

import { styleText } from 'node:util'
import type { AuditReport } from '../../audit/audit.ts'
import type { OrdersCounts } from '../../audit/orders/audit-orders.ts'
import { printable } from '../context.ts'
import type { Audited } from './audited.ts'

const signsShownMax = 3

export function auditText(audited: Audited): string {
  const { report, where, strange, nothingCompared } = audited
  const { couponId, fair, promises, differences, firstDifferences, since } = report
  const what = couponId === null ? 'the log' : `${couponId} in the log`
  const lines = [
    `Compared ${what} with ${where}.`,
    ...sinceText(audited),
    countsText(report),
    ...eventsText(report.counts),
    ...(report.orders === null ? [] : ordersText(report.orders)),
    ...report.acceptedClocks.map(({ by, at, before }) => {
      return `Append times go back from ${before} to ${at}: accepted by ${printable(by)}`
    }),
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
  if (strange.length > 0) {
    lines.push('These rows were not made from this log as it is: are they those that were meant?')
    lines.push(...strange.slice(0, signsShownMax).map((sign) => `  ${printable(sign)}`))
  }
  if (nothingCompared !== null) lines.push(`Nothing was compared: ${nothingCompared}.`)
  else if (!fair) lines.push(`Promises are broken: ${many(differences)}.`)
  else lines.push(since?.from ? 'Every promise holds of what came since.' : 'Every promise holds.')
  lines.push(...keptText(audited))
  return `${lines.join('\n')}\n`
}

/** Where it began, and what was left out. */
function sinceText({ report: { since, counts } }: Audited): string[] {
  if (since === undefined) return []
  const { from, putAside } = since
  const fromStart = 'everything was looked at, from the start of the log'
  if (putAside !== null) {
    const notUsed = `What an earlier audit kept is not used: ${printable(putAside)}`
    return [notUsed, `  ${fromStart}`]
  }
  if (from === null) return [`No earlier audit had kept anything: ${fromStart}`]
  return [
    `Only what came since the audit of ${from.madeAt}:`,
    `  claims from offset ${listed(from.claims)}`,
    `  events from offset ${listed(from.events)}`,
    `  not looked at again: rows and events of ${counted(from.winners, 'winner')} of before`,
    ...(counts.records === 0 ? ['  No claim came since'] : []),
  ]
}

/** By partition. */
function listed(offsets: readonly number[]): string {
  return offsets.map(number).join(' ')
}

function keptText({ report: { since }, keptIn }: Audited): string[] {
  if (since === undefined || keptIn === null) return []
  if (since.notKept === null) return [`The next audit can go on from here: ${printable(keptIn)}`]
  return [`Nothing is kept for the next audit: ${printable(since.notKept)}`]
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

/** Nothing where nobody has ever won. */
function eventsText({ events }: AuditReport['counts']): string[] {
  return events === 0 ? [] : [`Events: ${number(events)} published`]
}

/** Nothing where nobody has ever ordered: most read this for their coupons alone. */
function ordersText(orders: OrdersCounts): string[] {
  const { records, voidRecords, confirmed, returned, cancelled, live, lagRecords } = orders
  if (records === 0) return []
  const voids = voidRecords === 0 ? '' : ` (${number(voidRecords)} void)`
  const log = `${counted(records, 'record')}${voids}, ${counted(orders.orders, 'order')}`
  const ends = [`${number(confirmed)} confirmed`, `${number(cancelled)} cancelled`]
  if (returned > 0) ends.push(`${number(returned)} returned`)
  if (live > 0) ends.push(`${number(live)} live`)
  const redeemed = orders.redemptions === 0 ? '' : `, ${counted(orders.redemptions, 'redemption')}`
  const supplies = `${counted(orders.products, 'product')}, ${counted(orders.topUps, 'top-up')}`
  const behind = lagRecords === 0 ? '' : `; ${counted(lagRecords, 'record')} still to be taken`
  const waiting = [
    [orders.inFlight, 'order', 'still on the way, compared in part'],
    [orders.waitingRetries, 'record', 'to be tried again'],
    [orders.waitingDeadLetters, 'dead letter', 'waiting for an operator'],
  ] as const
  return [
    `Orders: ${log} (${ends.join(', ')})${redeemed}; ${supplies}${behind}`,
    ...waiting.flatMap(([count, noun, what]) => {
      return count === 0 ? [] : [`  ${counted(count, noun)} ${what}`]
    }),
  ]
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
