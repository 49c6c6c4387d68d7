// How requests append to the orders topic: many at once, within the limits of orders.

import { ordersTopic } from '../../domain/orders/messages.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log, LogEntry } from '../../ports/log.ts'
import { type AppendBatcher, createAppendBatcher } from '../batcher.ts'
import { refusedBy, type Unavailable } from '../claims/claim-answers.ts'
import type { OrderLimits } from './order-limits.ts'

type OrdersBatcherParts = {
  log: Log
  clock: Clock
  limits: OrderLimits
  everyMsMin: number
  onError(error: unknown): void
}

/** `onRefused`: of an entry that certainly was not stored. */
export function createOrdersBatcher(
  { log, clock, limits, everyMsMin, onError }: OrdersBatcherParts,
  onRefused: (entry: LogEntry, refusal: Unavailable) => void,
): AppendBatcher<LogEntry> {
  return createAppendBatcher({
    log,
    topic: ordersTopic,
    clock,
    perBatchMax: limits.ordersPerBatchMax,
    waitingMax: limits.ordersWaitingMax,
    everyMsMin,
    onRefused: (entry, error) => onRefused(entry, refusedBy(error)),
    onError,
  })
}
