// The fold over the claims log: every reader (API node, issuer, auditor) applies records with
// these functions and so finds the same winners.

import { partitionFor } from '../partitioner.ts'
import type { Decoded } from '../wire.ts'
import { type Command, type Decision, decide } from './decide.ts'
import { decodeMessage } from './messages.ts'
import { type Coupon, type CouponState, evolve, initialState } from './state.ts'

/** `partitions` is how many the claims topic has; it may never change. */
export type Fold = { partitions: number; coupons: Map<string, Coupon> }

export type StoredRecord = { partition: number; offset: number; appendedAt: number; value: Buffer }

export function createFold(partitions: number): Fold {
  return { partitions, coupons: new Map() }
}

/** What the bytes ask for. A record that stands in another coupon's partition is void. */
export function readRecord(fold: Fold, record: StoredRecord): Decoded<Command> {
  const decoded = decodeMessage(record.value)
  if (decoded.kind !== 'message') return decoded
  const { message } = decoded
  const { partition, offset, appendedAt } = record
  const coupon = fold.coupons.get(message.couponId)
  if (coupon === undefined && partitionFor(message.couponId, fold.partitions) !== partition) {
    return { kind: 'void', reason: 'in the wrong partition' }
  }
  if (coupon !== undefined && coupon.partition !== partition) {
    return { kind: 'void', reason: 'in the wrong partition' }
  }
  return { kind: 'message', message: { message, partition, offset, appendedAt } }
}

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
