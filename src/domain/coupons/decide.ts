// Who wins: the whole policy. `decide` says what one record of the log means for one coupon, and
// nothing else decides anything. Pure: the only clock is the record's own append time.

import { isEligible } from './audience.ts'
import {
  type ControlMessage,
  type CouponClaimed,
  type CouponCreated,
  type CouponMessage,
  type CouponRevoked,
  sameTerms,
} from './messages.ts'
import { quantityMax } from './quantity.ts'
import { type Revocation, takenBy } from './revocations.ts'
import {
  type ActEvent,
  type Coupon,
  type CouponEvent,
  type CouponState,
  type Issued,
  newCoupon,
} from './state.ts'

/** Where a record stands in the log, and when it was appended (ms UTC). */
export type Place = { partition: number; offset: number; appendedAt: number }
/** A record of the log, read. */
export type Command<Message = CouponMessage> = Place & { message: Message }
export type ClaimCommand = Command<CouponClaimed>
export type ControlCommand = Command<ControlMessage>
export type Refusal =
  | 'unknown_coupon'
  | 'closed'
  | 'not_open'
  | 'paused'
  | 'not_eligible'
  | 'sold_out'
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
    | 'too_late' // refused: it has opened, or would have closed
    | 'not_issued' // refused: the user to revoke it of does not have it
    | 'changed' // refused: another act was done since the state that it expects
}
export type Decision<Outcome = ClaimOutcome | ControlOutcome> = {
  outcome: Outcome
  events: readonly CouponEvent[]
}

export function isClaim(command: ClaimCommand | ControlCommand): command is ClaimCommand {
  return command.message.type === 'coupon.claimed'
}

export function decide(command: ClaimCommand, state: CouponState): Decision<ClaimOutcome>
export function decide(command: ControlCommand, state: CouponState): Decision<ControlOutcome>
export function decide(command: Command, state: CouponState): Decision
export function decide(command: Command, state: CouponState): Decision {
  const { message } = command
  return message.type === 'coupon.claimed'
    ? decideClaim(message, command, state)
    : decideControl(message, command, state)
}

/** The outcome of a claim, in this order of precedence: the first that applies. */
function decideClaim(
  { userId, claimId, audience }: CouponClaimed,
  { offset, appendedAt }: Place,
  state: CouponState,
): Decision<ClaimOutcome> {
  if (state.status === 'absent') return { outcome: refusals.unknown_coupon, events: nothing }
  const passed = timeEvents(state, appendedAt)
  const status = statusAt(state, appendedAt)
  const winner = state.winners.get(userId)

  if (winner !== undefined) {
    return { outcome: { kind: 'already_issued', issued: winner }, events: passed }
  }
  if (status === 'closed') return { outcome: refusals.closed, events: passed }
  if (status === 'scheduled') return { outcome: refusals.not_open, events: passed }
  if (state.paused) return { outcome: refusals.paused, events: passed }
  if (!isEligible(state.terms, audience)) return { outcome: refusals.not_eligible, events: passed }
  if (state.winners.size >= state.quantity) return { outcome: refusals.sold_out, events: passed }

  const issued: Issued = { slot: state.winners.size + 1, claimId, offset, appendedAt }
  const event: CouponEvent = { type: 'issued', userId, issued }
  return {
    outcome: { kind: 'issued', issued },
    events: passed.length > 0 ? [...passed, event] : [event],
  }
}

/**
 * What the log has already settled for this user, without a record of its own; null where only
 * the log can say. `nowMax` is a time (ms UTC) that the log's clock cannot have passed by now.
 */
export function settled(
  coupon: Coupon,
  { userId, audience }: Pick<CouponClaimed, 'userId' | 'audience'>,
  nowMax: () => number,
): ClaimOutcome | null {
  const winner = coupon.winners.get(userId)
  if (winner !== undefined) return { kind: 'already_issued', issued: winner }
  if (coupon.status === 'closed') return refusals.closed
  if (coupon.status === 'scheduled') return nowMax() < coupon.opensAt ? refusals.not_open : null
  if (coupon.paused) return refusals.paused
  if (!isEligible(coupon.terms, audience)) return refusals.not_eligible
  return coupon.winners.size >= coupon.quantity ? refusals.sold_out : null
}

/** Both latch: once open, or closed, no later append time can undo it. */
export function statusAt(coupon: Coupon, at: number): Coupon['status'] {
  if (coupon.status === 'closed' || at >= coupon.closesAt) return 'closed'
  return coupon.status === 'open' || at >= coupon.opensAt ? 'open' : 'scheduled'
}

/** What time alone does to it. */
export function timeEvents(coupon: Coupon, at: number): readonly CouponEvent[] {
  const status = statusAt(coupon, at)
  if (status === coupon.status) return nothing
  return status === 'open' ? opened : closed
}

function decideControl(
  message: ControlMessage,
  { partition, offset, appendedAt }: Place,
  state: CouponState,
): Decision<ControlOutcome> {
  if (state.status !== 'absent') {
    const passed = timeEvents(state, appendedAt)
    const seen = { status: statusAt(state, appendedAt), offset, appendedAt }
    const { outcome, event } = decideKnown(message, state, seen)
    return { outcome, events: event === null ? passed : [...passed, { ...event, offset }] }
  }
  if (message.type !== 'coupon.created') {
    return { outcome: { kind: 'unknown_coupon' }, events: nothing }
  }
  const { couponId, rules, terms } = message
  const at = appendedAt
  const created = { type: 'created', couponId, partition, rules, terms, at, offset } as const
  const passed = timeEvents(newCoupon(created), appendedAt)
  return { outcome: { kind: 'created' }, events: [created, ...passed] }
}

type Seen = { status: Coupon['status']; offset: number; appendedAt: number }
type Controlled = { outcome: ControlOutcome; event: ActEvent | null }

function decideKnown(message: ControlMessage, coupon: Coupon, seen: Seen): Controlled {
  if (message.type === 'coupon.created') {
    return noEvent(sameTerms(message.terms, coupon.terms) ? 'unchanged' : 'conflict')
  }
  const { commandId, expected } = message
  // As ever, a close is done whatever its command id has been given for.
  if (message.type === 'coupon.closed' && expected === undefined) return closeOnce(seen, {})
  const content = message.type === 'coupon.revoked' ? null : contentOf(message)
  const before = coupon.commands.get(commandId)
  if (before !== undefined) return before === content ? done(null) : noEvent('conflict')
  if (message.type === 'coupon.revoked') return decideRevoked(message, coupon, seen)
  if (coupon.revocations.commands.has(commandId)) return noEvent('conflict')
  if (hasChanged(coupon, expected)) return noEvent('changed')
  if (message.type === 'coupon.closed') return closeOnce(seen, { commandId })
  const { status, appendedAt } = seen
  if (status === 'closed') return noEvent('closed')
  switch (message.type) {
    case 'coupon.paused':
      return done({ type: 'paused', commandId })
    case 'coupon.resumed':
      return done({ type: 'resumed', commandId })
    case 'coupon.restocked': {
      const { add } = message
      if (coupon.quantity + add > quantityMax) return noEvent('quantity_limit')
      return done({ type: 'restocked', commandId, add })
    }
    case 'coupon.edited': {
      const { name, opensAt, closesAt } = message
      if (opensAt !== undefined && status !== 'scheduled') return noEvent('too_late')
      const times = { opensAt: opensAt ?? coupon.opensAt, closesAt: closesAt ?? coupon.closesAt }
      if (times.closesAt <= Math.max(times.opensAt, appendedAt)) return noEvent('too_late')
      const edit = name === undefined ? times : { ...times, name }
      return done({ type: 'edited', commandId, content: String(content), edit })
    }
  }
}

function closeOnce({ status }: Seen, command: { commandId?: string }): Controlled {
  return done(status === 'closed' ? null : { type: 'closed', ...command })
}

/** Whether another act was done since the one that is expected to be the last. */
function hasChanged({ couponId, lastAct }: Coupon, expected: number | undefined): boolean {
  if (expected === undefined) return false
  if (lastAct === null) throw new Error(`the last act on ${couponId} was not looked up`)
  return lastAct !== expected
}

/** Also once it is closed, as what was issued can be spent: but for that of a rehearsal. */
function decideRevoked(
  message: CouponRevoked,
  coupon: Coupon,
  { status, offset, appendedAt }: Seen,
): Controlled {
  const { revocations, winners } = coupon
  const { commandId, by, reason } = message
  const userId = message.userId ?? null
  const before = revocations.commands.get(commandId)
  if (before !== undefined) {
    const isSame = before.userId === userId && before.reason === reason
    return isSame ? done(null) : noEvent('conflict')
  }
  if (hasChanged(coupon, message.expected)) return noEvent('changed')
  // Its rows are gone by then: nothing may change it any more.
  if (coupon.terms.rehearsal && status === 'closed') return noEvent('closed')
  const slot = userId === null ? null : winners.get(userId)?.slot
  if (slot === undefined) return noEvent('not_issued')
  const taken = takenBy(revocations, { slot, winners: winners.size })
  const revocation: Revocation = { commandId, by, reason, userId, offset, appendedAt, taken }
  return done({ type: 'revoked', revocation })
}

/** What tells one command from another of the same id. */
function contentOf(message: Exclude<ControlMessage, CouponCreated | CouponRevoked>) {
  if (message.type === 'coupon.restocked') return message.add
  if (message.type !== 'coupon.edited') return 0
  const { name, opensAt, closesAt } = message
  return JSON.stringify({ name, opensAt, closesAt })
}

function done(event: ActEvent | null): Controlled {
  return { outcome: { kind: 'done' }, event }
}

function noEvent(kind: ControlOutcome['kind']): Controlled {
  return { outcome: { kind }, event: null }
}

const nothing: readonly CouponEvent[] = []
const opened: readonly CouponEvent[] = [{ type: 'opened' }]
const closed: readonly CouponEvent[] = [{ type: 'closed' }]
const refusals = {
  unknown_coupon: { kind: 'unknown_coupon' },
  closed: { kind: 'closed' },
  not_open: { kind: 'not_open' },
  paused: { kind: 'paused' },
  not_eligible: { kind: 'not_eligible' },
  sold_out: { kind: 'sold_out' },
} as const
