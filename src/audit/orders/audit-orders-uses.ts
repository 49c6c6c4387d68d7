// Which coupon is used by which order (I13): each use is that of the order's own row, and of an
// order that is confirmed, or still lives.

import { type ComparisonParts, ofOrder } from './compare-orders.ts'

export function compareUses({ rows, log, flight, findings }: ComparisonParts): void {
  for (const [orderId, { userId, couponId }] of rows.uses) {
    const broken = (text: string) => {
      const used = `coupon ${couponId} of ${userId} is used by order ${orderId}`
      findings.addOfOrder('I13', orderId, () => `${used}, ${text}`)
    }
    const book = log.books.get(orderId)
    if (book === undefined || book.lastOffsets.orders < 0) {
      broken('which is not in the log')
      continue
    }
    const settled = flight.waiting(ofOrder('coupon-step', book)) === null
    if (settled && book.end?.type === 'order.cancelled') broken('which was cancelled')
    if (settled && book.end?.type === 'order.confirmed' && book.end.couponId !== couponId) {
      broken(`which was confirmed with ${book.end.couponId ?? 'no coupon'}`)
    }
    if (!settled && !rows.oneMoment) continue
    const row = rows.couponRows.get(orderId)?.row
    const own = row?.status === 'used' && row.couponId === couponId && row.userId === userId
    if (!own) broken(`whose row is ${row?.status ?? 'missing'}`)
  }
  for (const [orderId, { row }] of rows.couponRows) {
    if (row.status !== 'used' || rows.uses.has(orderId)) continue
    const book = log.books.get(orderId)
    const settled = book !== undefined && flight.waiting(ofOrder('coupon-step', book)) === null
    if (!settled && !rows.oneMoment) continue
    findings.addOfOrder('I13', orderId, () => {
      return `order ${orderId}: its row has used coupon ${row.couponId}, but nobody uses it`
    })
  }
}
