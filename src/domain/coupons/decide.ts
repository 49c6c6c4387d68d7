// Who wins: the whole policy. `decide` says what one record of the log means for one coupon, and
// nothing else decides anything. Pure: the only clock is the record's own append time.

import { type ControlMessage, type CouponClaimed, quantityMax, sameTerms } from './messages.ts'
import { type Coupon, type CouponEvent, type CouponState, type Issued, newCoupon } from './state.ts'

/** A record of the log, read: what was asked, where it stands and when it was appended (ms UTC). */
export type Command<Message = CouponClaimed | ControlMessage> = {
  message: Message
  partition: number
  offset: number
  appendedAt: number
}
export type Refusal = 'unknown_coupon' | 'closed' | 'not_open' | 'paused' | 'sold_out'
export type ClaimOutcome = { kind: 'issued' | 'already_issued'; issued: Issued } | { kind: Refusal }
export type ControlOutcome = {
  kind:
    | 'created'
    | 'unchanged' // created again with the same terms
    | 'conflict' // the id, or the command id, is taken by other content
    | 'done'
    | 'closed' // refused: closed for good
    | 'unknown_coupon'
    | 'quantity_limit' // refused: restocked beyond quantityMax
}
export type Decision<Outcome = ClaimOutcome | ControlOutcome> = {
  outcome: Outcome
  events: readonly CouponEvent[]
}

export function decide(command: Command, state: CouponState): Decision {
  const { message, appendedAt } = command
  if (message.type === 'coupon.claimed') {
    return decideClaim({ ...command, message }, state)
  }
  if (state.status === 'absent') return decideAbsent({ ...command, message })
  const passed = timeEvents(state, appendedAt)
  const { outcome, event } = decideControl(message, state, statusAt(state, appendedAt))
  return { outcome, events: event === null ? passed : [...passed, event] }
}

/** The outcome of a claim, in this order of precedence: the first that applies. */
export function decideClaim(
  command: Command<CouponClaimed>,
  state: CouponState,
): Decision<ClaimOutcome> {
  if (state.status === 'absent') return { outcome: refusals.unknown_coupon, events: nothing }
  const passed = timeEvents(state, command.appendedAt)
  const status = statusAt(state, command.appendedAt)
  const winner = state.winners.get(command.message.userId)

  if (winner !== undefined) {
    return { outcome: { kind: 'already_issued', issued: winner }, events: passed }
  }
  if (status === 'closed') return { outcome: refusals.closed, events: passed }
  if (status === 'scheduled') return { outcome: refusals.not_open, events: passed }
  if (state.paused) return { outcome: refusals.paused, events: passed }
  if (state.winners.size >= state.quantity) return { outcome: refusals.sold_out, events: passed }

  const { message, offset, appendedAt } = command
  const slot = state.winners.size + 1
  const issued: Issued = { slot, claimId: message.claimId, offset, appendedAt }
  const event: CouponEvent = { type: 'issued', userId: message.userId, issued }
  return {
    outcome: { kind: 'issued', issued },
    events: passed.length > 0 ? [...passed, event] : [event],
  }
}

/**
 * What the log has already settled for this user, without a record of its own; null where only
 * the log can say. `surely` is a time (ms UTC) that the log's clock cannot have passed by now.
 */
export function settled(coupon: Coupon, userId: string, surely: number): ClaimOutcome | null {
  const winner = coupon.winners.get(userId)
  if (winner !== undefined) return { kind: 'already_issued', issued: winner }
  if (coupon.status === 'closed') return refusals.closed
  if (coupon.status === 'scheduled') return surely < coupon.opensAt ? refusals.not_open : null
  if (coupon.paused) return refusals.paused
  return coupon.winners.size >= coupon.quantity ? refusals.sold_out : null
}

/** Both latch: once open, or closed, no later append time can undo it. */
export function statusAt(coupon: Coupon, at: number): Coupon['status'] {
  if (coupon.status === 'closed' || at >= coupon.closesAt) return 'closed'
  return coupon.status === 'open' || at >= coupon.opensAt ? 'open' : 'scheduled'
}

function timeEvents(coupon: Coupon, at: number): readonly CouponEvent[] {
  const status = statusAt(coupon, at)
  if (status === coupon.status) return nothing
  return status === 'open' ? opened : closed
}

function decideAbsent(command: Command<ControlMessage>): Decision<ControlOutcome> {
  const { message, partition, appendedAt } = command
  if (message.type !== 'coupon.created') {
    return { outcome: { kind: 'unknown_coupon' }, events: nothing }
  }
  const { couponId, rules, terms } = message
  const created = {
    type: 'created' as const,
    couponId,
    partition,
    rules,
    terms,
    at: appendedAt,
  }
  const passed = timeEvents(newCoupon(created), appendedAt)
  return { outcome: { kind: 'created' }, events: [created, ...passed] }
}

type Controlled = { outcome: ControlOutcome; event: CouponEvent | null }

function decideControl(
  message: ControlMessage,
  coupon: Coupon,
  status: Coupon['status'],
): Controlled {
  if (message.type === 'coupon.created') {
    const same = sameTerms(message.terms, coupon.terms)
    return { outcome: { kind: same ? 'unchanged' : 'conflict' }, event: null }
  }
  if (message.type === 'coupon.closed') return done(status === 'closed' ? null : { type: 'closed' })
  const before = coupon.commands.get(message.commandId)
  if (before !== undefined) {
    const add = message.type === 'coupon.restocked' ? message.add : 0
    return { outcome: { kind: before === add ? 'done' : 'conflict' }, event: null }
  }
  if (status === 'closed') return { outcome: { kind: 'closed' }, event: null }
  switch (message.type) {
    case 'coupon.paused':
      return done({ type: 'paused', commandId: message.commandId })
    case 'coupon.resumed':
      return done({ type: 'resumed', commandId: message.commandId })
    case 'coupon.restocked': {
      const { commandId, add } = message
      if (coupon.quantity + add > quantityMax) {
        return { outcome: { kind: 'quantity_limit' }, event: null }
      }
      return done({ type: 'restocked', commandId, add })
    }
  }
}

function done(event: CouponEvent | null): Controlled {
  return { outcome: { kind: 'done' }, event }
}

const nothing: readonly CouponEvent[] = []
const opened: readonly CouponEvent[] = [{ type: 'opened' }]
const closed: readonly CouponEvent[] = [{ type: 'closed' }]
const refusals = {
  unknown_coupon: { kind: 'unknown_coupon' },
  closed: { kind: 'closed' },
  not_open: { kind: 'not_open' },
  paused: { kind: 'paused' },
  sold_out: { kind: 'sold_out' },
} as const
