// What a rehearsal of orders shows in the end: to people as aligned lines, to scripts as one JSON
// object. Pure.

import { count, counted, duration } from '../phrases.ts'
import {
  latencyLine,
  type Paint,
  printable,
  verdictLines,
  verdictsJson,
  verdictText,
} from '../report-text.ts'
import { countAnswers, type OrderCounts, type OrderEntry } from './order-ledger.ts'
import type { OrdersPlan, OrdersRehearsal } from './shopping.ts'

export function ordersKept({ verdicts }: OrdersRehearsal): boolean {
  return verdicts.every(({ kept }) => kept)
}

export function ordersOpeningText(plan: OrdersPlan, paint: Paint): string {
  const { users, quantity, products, stock, withoutMoney, runId, url } = plan
  const title = `${counted(users, 'user')} storm a fresh coupon of ${count(quantity)}, then order`
  const goods = `${counted(products, 'product')}, ${counted(stock, 'piece')} of the scarce one`
  const money = `${counted(withoutMoney, 'user')} without money`
  const run = `run ${runId} · ${url.href.replace(/\/$/, '')}`
  return `${paint.bold(title)}\n${goods}, ${money}\n${paint.dim(run)}\n`
}

export function ordersReportText(rehearsal: OrdersRehearsal, paint: Paint): string {
  const { orders, verdicts } = rehearsal
  const from = paint.dim('of each order, from its first request to its end')
  const parts = [
    answersText(rehearsal, paint),
    `${paint.bold('Latency')}  ${from}\n  ${latencyLine(orders.latency, paint)}`,
    [paint.bold('Promises'), ...verdictLines(verdicts, paint)].join('\n'),
    `${verdictText(verdicts, paint)}\n${paint.dim(nextStep)}`,
  ]
  return `\n${parts.join('\n\n')}\n`
}

const nextStep = 'Next, let the service prove it from its log: npx firstcome audit'

export function ordersReportJson(rehearsal: OrdersRehearsal): object {
  const { plan, sale, orders, verdicts, settledAfterMs } = rehearsal
  const { entries, seconds, latency } = orders
  const { confirmed, cancelled, refused, pending, unknown } = countAnswers(entries)
  const { users, quantity, products, stock, withoutMoney, concurrency } = plan
  return {
    verdict: ordersKept(rehearsal) ? 'kept' : 'broken',
    run: plan.runId,
    url: plan.url.href.replace(/\/$/, ''),
    coupon: sale.after,
    users,
    quantity,
    products,
    stock,
    withoutMoney,
    concurrency,
    orders: entries.length,
    confirmed,
    cancelled: Object.fromEntries(cancelled),
    refused: Object.fromEntries(refused),
    pending,
    unknown,
    unknownReasons: Object.fromEntries(reasonsOf(entries)),
    retries: sumOf(entries, 'retries'),
    polls: sumOf(entries, 'polls'),
    seconds,
    ordersPerSecond: seconds > 0 ? entries.length / seconds : null,
    latencyMs: latency,
    settledAfterMs,
    promises: verdictsJson(verdicts),
  }
}

function answersText(rehearsal: OrdersRehearsal, paint: Paint): string {
  const { entries, seconds } = rehearsal.orders
  const perSecond = seconds > 0 ? `, ${count(Math.round(entries.length / seconds))} a second` : ''
  const retries = sumOf(entries, 'retries')
  const again = retries > 0 ? `, ${counted(retries, 'retry').replace('retrys', 'retries')}` : ''
  const settledAfter = duration(rehearsal.settledAfterMs)
  const settled = ordersKept(rehearsal) ? `, ${settledAfter} until all of it added up` : ''
  const took = `${counted(entries.length, 'answer')} in ${duration(seconds * 1000)}`
  const pace = paint.dim(`${took}${perSecond}${again}${settled}`)
  const rows = rowsOf(countAnswers(entries))
  const width = Math.max(...rows.map(([name]) => name.length))
  const digits = count(entries.length).length
  const reasons = reasonsOf(entries).map(([reason, times]) => `${count(times)} ${reason}`)
  const lines = rows.map(([name, figure]) => {
    const why = name === 'unknown' && figure > 0 ? `  (${reasons.slice(0, 3).join(', ')})` : ''
    const text = `  ${name.padEnd(width)}  ${count(figure).padStart(digits)}`
    return `${text}${paint.dim(printable(why))}`
  })
  return [`${paint.bold('Orders')}  ${pace}`, ...lines].join('\n')
}

function rowsOf(counts: OrderCounts): [name: string, figure: number][] {
  const sorted = (of: ReadonlyMap<string, number>) => [...of].sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    ['confirmed', counts.confirmed],
    ...sorted(counts.cancelled).map(([reason, figure]): [string, number] => {
      return [`cancelled, ${printable(reason).replaceAll('_', ' ')}`, figure]
    }),
    ...sorted(counts.refused).map(([problem, figure]): [string, number] => {
      return [`refused, ${printable(problem).replaceAll('-', ' ')}`, figure]
    }),
    ...(counts.pending > 0 ? [['pending', counts.pending] as [string, number]] : []),
    ['unknown', counts.unknown],
  ]
}

/** Why orders are unknown, most frequent first. */
function reasonsOf(entries: readonly OrderEntry[]): [reason: string, count: number][] {
  const counts = new Map<string, number>()
  for (const { answer } of entries) {
    if (answer.kind === 'unknown') counts.set(answer.reason, (counts.get(answer.reason) ?? 0) + 1)
  }
  return [...counts].sort((a, b) => b[1] - a[1])
}

function sumOf(entries: readonly OrderEntry[], figure: 'retries' | 'polls'): number {
  return entries.reduce((sum, entry) => sum + entry[figure], 0)
}
