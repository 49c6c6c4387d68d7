// Whether what the topics say of a redemption fits together: it ends by the word that came first in
// the log, or by its time, or for a reason that the coupon step gave; and what is taken off is what
// the coupon gives on that subtotal. All by sums and a reading of its own.

import type {
  OrderHistory,
  RedemptionHistory,
  RedemptionSaid,
} from '../../domain/orders/history.ts'
import type { OrderMessage, RedemptionPlaced } from '../../domain/orders/messages.ts'
import { type Broken, brokenOrder } from '../findings.ts'
import { exactDiscount, type HistoryParts, overdue, overdueGraceMs } from './check-histories.ts'

type Checked = Pick<OrderHistory, 'answers'> & {
  broken: Broken
  placed: RedemptionPlaced
  said: RedemptionHistory['said']
  /** Ms UTC. */
  deadline: number
}

export function checkRedemptions(parts: Pick<HistoryParts, 'orders' | 'findings' | 'now'>): void {
  for (const { orderId, answers, redemption } of parts.orders.values()) {
    if (redemption === null) continue
    const { placed, said, used, released } = redemption
    const placedAt = placed.origin.appendedAt
    const broken = brokenOrder(parts.findings, orderId)
    const deadline = placedAt + placed.message.timeLimitMs
    const checked: Checked = { placed: placed.message, answers, broken, said, deadline }
    if (used !== null) checkUsed(checked, used.message)
    if (released !== null) checkReleased(checked, released.message.reason)
    if (used === null && released === null) checkAge(checked, parts.now)
  }
}

/** What the log says first: `over` where the time was over and nothing had been said. */
function wordsOf({ placed, said, deadline }: Checked): {
  first: string | null
  all: ReadonlySet<string>
} {
  let first: string | null = placed.use === true ? 'use' : null
  const all = new Set<string>(first === null ? [] : [first])
  for (const { message, origin } of said) {
    const word = wordOf(message)
    const isInTime = origin.appendedAt < deadline
    if (word === 'use' ? !isInTime : word === 'over' && isInTime) continue
    first ??= word
    all.add(word)
  }
  return { first, all }
}

function wordOf({ type }: RedemptionSaid): string {
  return type === 'redemption.expired' ? 'over' : type.slice('redemption.'.length)
}

function checkUsed(checked: Checked, used: OrderMessage<'redemption.used'>): void {
  const { answers, broken, placed } = checked
  if (wordsOf(checked).first !== 'use') broken('I10', 'it was used without the word of the shop')
  const by = answers['coupon.used']
  const { couponId } = placed.coupon
  if (by?.couponId !== used.couponId || couponId !== used.couponId) {
    const named = `${used.couponId}, of ${couponId}` as const
    broken('I13', `it has used coupon ${named}, but the step ${by?.couponId ?? 'none'}`)
  }
  const subtotal = BigInt(placed.subtotal)
  const { minimum = 0 } = by ?? {}
  if (subtotal < BigInt(minimum)) {
    broken('I15', `its coupon was spent on ${subtotal}, below its minimum of ${minimum}`)
  }
  const exact = exactDiscount(by?.discount, subtotal)
  const off = exact > subtotal ? subtotal : exact
  if (BigInt(used.discount) !== off || BigInt(used.subtotal) !== subtotal) {
    broken('I15', `${used.discount} was taken off ${used.subtotal}, but its coupon gives ${off}`)
  }
  if (BigInt(used.total) === subtotal - off) return
  broken('I15', `${used.total} of ${subtotal} was left, but its coupon gives ${off}`)
}

function checkReleased(checked: Checked, reason: OrderMessage<'redemption.released'>['reason']) {
  const { answers, broken, placed } = checked
  const { first, all } = wordsOf(checked)
  const unsaid = () => broken('I10', `it was released as ${reason}, which nobody has said`)
  switch (reason) {
    case 'released':
      return all.has('release') ? undefined : unsaid()
    case 'timed_out':
      return first === 'over' ? undefined : unsaid()
    case 'replaced':
      return answers['coupon.wanted'] === undefined ? unsaid() : undefined
    case 'mixed_up':
      return
    case 'minimum_not_met': {
      const { minimum = 0 } = answers['coupon.used'] ?? {}
      return placed.subtotal < minimum ? undefined : unsaid()
    }
    default:
      return answers['coupon.refused']?.reason === reason ? undefined : unsaid()
  }
}

/** Once its time is over it waits for the coupon step alone. */
function checkAge({ deadline, answers, broken, said }: Checked, now: number): void {
  const late = now - deadline
  const isAnswered = answers['coupon.used'] ?? answers['coupon.refused']
  const isOver = said.some(({ message }) => wordOf(message) === 'over')
  if (late <= overdueGraceMs || (isOver && isAnswered === undefined)) return
  broken('I10', `${overdue}, ${Math.round(late / 1000)} s after its time was over`)
}
