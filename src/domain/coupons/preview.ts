// What a command would do to a coupon, by the fold's own rules, with nothing done.

import { type ControlOutcome, decide } from './decide.ts'
import type { ControlMessage } from './messages.ts'
import { copyOf } from './revocations.ts'
import { type Coupon, type CouponState, evolve } from './state.ts'

/** `after`: as the coupon would be; it shares its winners with the one that is. */
export type CommandPreview = { outcome: ControlOutcome['kind']; after: Coupon }

/** `at`: by the log's clock, ms UTC. */
export function previewOf(message: ControlMessage, coupon: Coupon, at: number): CommandPreview {
  const { partition } = coupon
  const { outcome, events } = decide({ message, partition, offset: 0, appendedAt: at }, coupon)
  const commands = new Map(coupon.commands)
  const revocations = copyOf(coupon.revocations)
  const copy: CouponState = { ...coupon, commands, revocations }
  // Of commands there is none that changes winners.
  const after = events.reduce(evolve, copy as CouponState)
  return { outcome: outcome.kind, after: after.status === 'absent' ? coupon : after }
}
