// Whether one more order is taken, by how long it would take now (docs/decisions/0038): who cannot
// be served in the time of an answer is told so at the door, before anything is written, and the
// others are served as if there were no more.

import type { Unavailable } from '../claims/claim-answers.ts'
import type { OrderLimits } from './order-limits.ts'
import type { OrderPace } from './order-pace.ts'

export type AdmissionState = { expectedMs: number; turnedAway: number }
export type AdmissionParts = {
  pace: Pick<OrderPace, 'expectedMs'>
  /** An order that has not ended by then is cancelled. */
  timeLimitMs: number
  limits: Pick<OrderLimits, 'expectedMsMax' | 'retryAfterMsMax'>
}

export class OrderAdmission {
  private readonly parts: AdmissionParts
  private turnedAway = 0

  constructor(parts: AdmissionParts) {
    this.parts = parts
  }

  /** null: it is taken. */
  refusal(): Unavailable | null {
    const { pace, limits, timeLimitMs } = this.parts
    const tooLateMs = pace.expectedMs() - Math.min(limits.expectedMsMax, timeLimitMs)
    if (tooLateMs <= 0) return null
    this.turnedAway += 1
    const retryAfterSeconds = Math.ceil(Math.min(tooLateMs, limits.retryAfterMsMax) / 1000)
    return { kind: 'unavailable', reason: 'orders_slow', retryAfterSeconds }
  }

  state(): AdmissionState {
    return { expectedMs: this.parts.pace.expectedMs(), turnedAway: this.turnedAway }
  }
}
