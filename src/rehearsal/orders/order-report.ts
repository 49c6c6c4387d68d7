// What a rehearsal of orders shows in the end: to people as aligned lines, to scripts as one JSON
// object. Pure.

import { allKept } from '../promises.ts'
import {
  type AnswerRow,
  count,
  counted,
  duration,
  openingText,
  type Paint,
  printable,
  reasonsNote,
  reportJson,
  reportText,
  sumOf,
  unknownReasons,
} from '../report.ts'
import { countAnswers, type OrderEntry } from './order-evidence.ts'
import type { OrdersPlan, OrdersRehearsal } from './shopping.ts'

export function ordersOpening(plan: OrdersPlan, paint: Paint): string {
  const { users, quantity, products, stock, withoutMoney } = plan
  const title = `${counted(users, 'user')} storm a fresh coupon of ${count(quantity)}, then order`
  const goods = `${counted(products, 'product')}, ${counted(stock, 'piece')} of the scarce one`
  const money = `${counted(withoutMoney, 'user')} without money`
  return openingText([title, `${goods}, ${money}`], plan, paint)
}

export function ordersReportText(rehearsal: OrdersRehearsal, paint: Paint): string {
  const { orders, verdicts, settledAfterMs } = rehearsal
  const report = {
    title: 'Orders',
    storm: orders,
    more: allKept(rehearsal) ? `, ${duration(settledAfterMs)} until all of it added up` : '',
    rows: answerRows(orders.entries),
    measured: 'of each order, from its first request to its end',
    verdicts,
    next: 'Next, let the service prove it from its log: npx firstcome audit',
  }
  return reportText(report, paint)
}

export function ordersReportJson(rehearsal: OrdersRehearsal): object {
  const { plan, sale, orders, settledAfterMs } = rehearsal
  const { entries, seconds, latency } = orders
  const { confirmed, cancelled, refused, pending, unknown } = countAnswers(entries)
  const { users, quantity, products, stock, withoutMoney, concurrency } = plan
  return reportJson(rehearsal, {
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
    unknownReasons: Object.fromEntries(unknownReasons(entries)),
    retries: sumOf(entries, 'retries'),
    polls: sumOf(entries, 'polls'),
    seconds,
    ordersPerSecond: seconds > 0 ? entries.length / seconds : null,
    latencyMs: latency,
    settledAfterMs,
  })
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
