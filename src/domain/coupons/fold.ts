// The fold over the claims log: every reader (API node, issuer, auditor) applies records with
// these functions and so finds the same winners.

import { partitionFor } from '../partitioner.ts'
import type { Decoded } from '../record.ts'
import {
  type ClaimCommand,
  type ClaimOutcome,
  type Command,
  type ControlCommand,
  type ControlOutcome,
  type Decision,
  decide,
  timeEvents,
} from './decide.ts'
import { decodeMessage } from './messages.ts'
import { type Coupon, type CouponEvent, type CouponState, evolve, initialState } from './state.ts'

/** `partitions` is how many the claims topic has; it may never change. */
export type Fold = { partitions: number; coupons: Map<string, Coupon> }

export type StoredRecord = { partition: number; offset: number; appendedAt: number; value: Buffer }

export function createFold(partitions: number): Fold {
  return { partitions, coupons: new Map() }
}

/** What the bytes ask for. A record that stands in another coupon's partition is void. */
export function readRecord(
  { coupons, partitions }: Fold,
  { value, partition, offset, appendedAt }: StoredRecord,
): Decoded<ClaimCommand | ControlCommand> {
  const decoded = decodeMessage(value)
  if (decoded.kind !== 'message') return decoded
  const { message } = decoded
  const { couponId } = message
  const own = coupons.get(couponId)?.partition ?? partitionFor(couponId, partitions)
  if (own !== partition) return { kind: 'void', reason: 'in the wrong partition' }
  // Both are alike, but for their types.
  const command =
    message.type === 'coupon.claimed'
      ? { message, partition, offset, appendedAt }
      : { message, partition, offset, appendedAt }
  return { kind: 'message', message: command }
}

export function applyCommand(fold: Fold, command: ClaimCommand): Decision<ClaimOutcome>
export function applyCommand(fold: Fold, command: ControlCommand): Decision<ControlOutcome>
export function applyCommand(fold: Fold, command: Command): Decision
export function applyCommand(fold: Fold, command: Command): Decision {
  const { couponId } = command.message
  let state: CouponState = fold.coupons.get(couponId) ?? initialState()
  const decision = decide(command, state)
  for (const event of decision.events) state = evolve(state, event)
  if (state.status !== 'absent' && decision.events[0]?.type === 'created') {
    fold.coupons.set(couponId, state)
  }
  return decision
}

/** A claim of a coupon that is closed by then, whoever has won it: what its time has done. */
export function applyTime(coupon: Coupon, { appendedAt }: ClaimCommand): readonly CouponEvent[] {
  const events = timeEvents(coupon, appendedAt)
  for (const event of events) evolve(coupon, event)
  return events
}
