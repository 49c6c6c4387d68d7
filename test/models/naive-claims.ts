// The rules of versions 1 and 2 written a second time, as naively as they can be said: no states,
// no events: every record is judged by reading the whole log before it. Tests compare the real fold
// with it. Slow (quadratic), and it shares nothing with the domain but the shape of messages.

import type {
  CouponClaimed,
  CouponCreated,
  CouponMessage,
} from '../../src/domain/coupons/messages.ts'

/** A message and its append time (ms UTC), which may go back. */
export type Entry = { message: CouponMessage; appendedAt: number }
type Judged = Entry & { outcome: string }

/** By record: the outcome's kind, for a winner followed by a space and the slot. */
export function modelOutcomes(entries: readonly Entry[]): string[] {
  const judged: Judged[] = []
  for (const entry of entries) {
    const { couponId } = entry.message
    const before = judged.filter(({ message }) => message.couponId === couponId)
    judged.push({ ...entry, outcome: judge(entry, before) })
  }
  return judged.map(({ outcome }) => outcome)
}

function judge({ message, appendedAt }: Entry, before: readonly Judged[]): string {
  const first = before.findIndex((it) => it.message.type === 'coupon.created')
  const creation = before[first]
  if (creation === undefined) {
    return message.type === 'coupon.created' ? 'created' : 'unknown_coupon'
  }
  const life = before.slice(first)
  const { terms } = creation.message as CouponCreated
  const everAt = (time: number) => [...life, { appendedAt }].some((it) => it.appendedAt >= time)
  const closed =
    everAt(terms.closesAt ?? Number.POSITIVE_INFINITY) ||
    life.some((it) => it.message.type === 'coupon.closed')

  switch (message.type) {
    case 'coupon.created':
      return JSON.stringify(message.terms) === JSON.stringify(terms) ? 'unchanged' : 'conflict'
    case 'coupon.closed':
      return 'done'
    case 'coupon.restocked':
      return judgeRestock(message, effective(life)) ?? (closed ? 'closed' : 'done')
    case 'coupon.paused':
    case 'coupon.resumed': {
      const repeated = effective(life).some((it) => it.message.commandId === message.commandId)
      return closed && !repeated ? 'closed' : 'done'
    }
    case 'coupon.revoked':
      return judgeRevoke(message, { life, terms, closed })
    case 'coupon.edited':
      throw new Error('this model knows no edits')
    case 'coupon.claimed': {
      const open = everAt(terms.opensAt ?? creation.appendedAt)
      return judgeClaim(message, { life, terms, open, closed })
    }
  }
}

type Life = {
  life: readonly Judged[]
  terms: CouponCreated['terms']
  open: boolean
  closed: boolean
}

function judgeClaim(
  { userId, audience }: CouponClaimed,
  { life, terms, open, closed }: Life,
): string {
  const wins = life.filter((it) => it.outcome.startsWith('issued '))
  const own = wins.find((it) => (it.message as CouponClaimed).userId === userId)
  if (own !== undefined) return `already_${own.outcome}`
  if (closed) return 'closed'
  if (!open) return 'not_open'
  const turns = effective(life).filter(({ message: { type } }) => {
    return type === 'coupon.paused' || type === 'coupon.resumed'
  })
  if (turns.at(-1)?.message.type === 'coupon.paused') return 'paused'
  const allowed = terms.audience?.values
  if (allowed !== undefined && !allowed.some((it) => it === audience)) return 'not_eligible'
  let quantity = terms.quantity
  for (const { message } of effective(life)) {
    if (message.type === 'coupon.restocked') quantity += message.add
  }
  return wins.length >= quantity ? 'sold_out' : `issued ${wins.length + 1}`
}

function judgeRevoke(
  { commandId, userId, reason }: Extract<CouponMessage, { type: 'coupon.revoked' }>,
  { life, terms, closed }: Omit<Life, 'open'>,
): string {
  for (const { message, outcome } of life) {
    if (message.type !== 'coupon.revoked' || message.commandId !== commandId) continue
    if (outcome !== 'done') continue
    return message.userId === userId && message.reason === reason ? 'done' : 'conflict'
  }
  if (terms.rehearsal && closed) return 'closed'
  const isHeld = life.some(({ message, outcome }) => {
    const isOwn = message.type === 'coupon.claimed' && message.userId === userId
    return isOwn && outcome.startsWith('issued ')
  })
  return userId === undefined || isHeld ? 'done' : 'not_issued'
}

function judgeRestock(
  { commandId, add }: Extract<CouponMessage, { type: 'coupon.restocked' }>,
  commands: readonly Commanded[],
): string | undefined {
  const repeated = commands.find(({ message }) => message.commandId === commandId)
  if (repeated === undefined) return undefined
  const { message } = repeated
  return message.type === 'coupon.restocked' && message.add === add ? 'done' : 'conflict'
}

type Command = Exclude<CouponMessage, CouponClaimed | CouponCreated>
type Commanded = { message: Command; outcome: string }

/** The commands but for closes that took effect: the first of each id, if done. */
function effective(life: readonly Judged[]): Commanded[] {
  const taken = new Map<string, Commanded>()
  for (const { message, outcome } of life) {
    if (message.type === 'coupon.claimed' || message.type === 'coupon.created') continue
    if (message.type === 'coupon.closed' || outcome !== 'done') continue
    if (!taken.has(message.commandId)) taken.set(message.commandId, { message, outcome })
  }
  return [...taken.values()]
}
