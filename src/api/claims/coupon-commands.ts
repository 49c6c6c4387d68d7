// Operators' commands on coupons: appends the record, and answers with what the log decided once
// this node's fold has met it.

import { type ControlMessage, claimsTopic, encodeMessage } from '../../domain/coupons/messages.ts'
import type { Clock } from '../../ports/clock.ts'
import { type Log, PortError } from '../../ports/coupons.ts'
import { type CommandAnswer, refusedBy } from './claim-answers.ts'
import type { CouponFold, FoldListener } from './coupon-fold.ts'
import { createWaiters } from './waiters.ts'

export type CouponCommandsParts = {
  log: Log
  clock: Clock
  fold: CouponFold
  answerWaitMsMax: number
  /** The log's adapter has a bug. */
  onError(error: unknown): void
}
export type CouponCommands = {
  run(message: ControlMessage): Promise<CommandAnswer>
  controlDecided: FoldListener['controlDecided']
  /** Resolves once nobody waits. */
  drained(): Promise<void>
}

export function createCouponCommands(parts: CouponCommandsParts): CouponCommands {
  const { log, clock, fold, answerWaitMsMax: waitMs } = parts
  const late = { kind: 'pending' } as const
  const waiters = createWaiters<CommandAnswer>({ clock, waitMs, late })
  return {
    async run(message) {
      const id = idOf(message)
      // The same command may be waiting already: both get the first one's answer.
      const answer = waiters.wait(id)
      const entry = { key: message.couponId, value: encodeMessage(message) }
      log.append(claimsTopic, [entry]).catch((error: unknown) => {
        if (!(error instanceof PortError)) parts.onError(error)
        else if (error.appended === 'no') waiters.answer(id, refusedBy(error))
      })
      return answer
    },
    controlDecided({ message }, { outcome }) {
      const id = idOf(message)
      if (!waiters.isWaiting(id)) return
      const coupon = fold.coupons.get(message.couponId)
      const decided = { kind: 'decided', outcome } as const
      waiters.answer(id, coupon ? { ...decided, coupon } : decided)
    },
    drained: waiters.empty,
  }
}

/** A coupon id has no space, so no two commands share one. */
function idOf({ couponId, commandId }: ControlMessage): string {
  return `${couponId} ${commandId}`
}
