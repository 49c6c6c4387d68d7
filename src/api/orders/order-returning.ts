// Returns a confirmed order: appends the wish, and waits for what the log makes of it. Whether it
// was in time is decided by append times alone, so every node, and whoever asks again, is told the
// same. Before the append a failure is a "no, ask again"; after it the answer is 'pending'.

import { type OrderMessage, ordersTopic } from '../../domain/orders/messages.ts'
import { entryOf } from '../../domain/orders/records.ts'
import { confirmedAt, isReturning } from '../../domain/orders/returning.ts'
import type { Order, ReturningOrder } from '../../domain/orders/state.ts'
import { type Clock, sleep, within } from '../../ports/clock.ts'
import type { Log, LogPlace } from '../../ports/log.ts'
import type { OrdersReader } from '../../ports/orders-reader.ts'
import { PortError } from '../../ports/port-error.ts'
import { logUnavailable, refusedBy, type Unavailable } from '../claims/claim-answers.ts'
import { type AskedReturn, idOfKey, type OrderService, type ReturnAnswer } from './order-answers.ts'
import type { OrderLimits } from './order-limits.ts'
import { type OrderReads, storeDeadline } from './order-reads.ts'
import type { EndListener, OrdersWatch } from './orders-watch.ts'

export type OrderReturningParts = {
  log: Log
  clock: Clock
  reader: () => Pick<OrdersReader, 'ordersApplied'> | null
  reads: OrderReads
  watch: Pick<OrdersWatch, 'listen'>
  /** By its user, from its confirmation on; 0: operators alone. */
  returnWithinMs: number
  limits: OrderLimits
  onTransientError(error: unknown): void
}
type Wish = OrderMessage<'order.return_asked'>
type Asking = { wish: Wish; until: number; listener: EndListener }

/** So that it comes after the confirmation by the log's clock, which counts milliseconds. */
const afterConfirmationMs = 2

export class OrderReturning {
  private readonly parts: OrderReturningParts

  constructor(parts: OrderReturningParts) {
    this.parts = parts
  }

  /** `find`: of that user; null: of anybody. */
  async return(asked: AskedReturn, find: OrderService['order']): Promise<ReturnAnswer> {
    const { clock, limits, watch } = this.parts
    const { orderId, by, isOperator } = asked
    const until = clock.monotonic() + limits.answerWaitMsMax
    // Before anything else, so that no end is missed.
    const listener = watch.listen(orderId)
    try {
      const found = await find({ orderId, userId: isOperator ? null : by })
      if (found.kind !== 'found') return found
      return await this.ask({ wish: this.wishOf(asked), until, listener }, found.order)
    } finally {
      listener.close()
    }
  }

  private wishOf({ orderId, by, isOperator, key, reason }: AskedReturn): Wish {
    const { returnWithinMs: withinMs } = this.parts
    const wish: Wish = { type: 'order.return_asked', orderId, by, commandId: idOfKey(by, key) }
    if (reason !== undefined) wish.reason = reason
    return isOperator ? wish : { ...wish, withinMs }
  }

  private async ask(asking: Asking, found: Order): Promise<ReturnAnswer> {
    const { clock } = this.parts
    const { wish, until } = asking
    let order: Order | null = found
    while (order?.status === 'confirmed' && confirmedAt(order) === null) {
      if (clock.monotonic() >= until) return logUnavailable
      order = await this.readSoon(wish.orderId)
    }
    if (order === null) return logUnavailable
    if (isReturning(order)) return this.ended(asking, order)
    if (order.status !== 'confirmed') return { kind: 'order_not_confirmed' }
    if (wish.withinMs === 0) return { kind: 'return_too_late' }
    await sleep(clock, afterConfirmationMs)
    const appended = await this.append(wish)
    if (appended !== null && 'kind' in appended) return appended
    return this.decided(asking, appended)
  }

  /** What the order process makes of it. `at`: null where the append may have stored it, or not. */
  private async decided(asking: Asking, at: LogPlace | null): Promise<ReturnAnswer> {
    const { clock } = this.parts
    const { wish, until } = asking
    const pending = { kind: 'pending', orderId: wish.orderId } as const
    while (clock.monotonic() < until) {
      // Before the row: if it was past the record then, the row says what became of it.
      const isPast = await this.isPast(at)
      const order = await this.readOrNothing(wish.orderId)
      if (order !== null && isReturning(order)) return this.ended(asking, order)
      if (isPast && order !== null) {
        return wish.withinMs === undefined ? pending : { kind: 'return_too_late' }
      }
      await sleep(clock, this.parts.limits.lookEveryMs)
    }
    return pending
  }

  /** The same wish gets the same answer, as soon as all is given back; an order has but one. */
  private async ended(asking: Asking, order: ReturningOrder): Promise<ReturnAnswer> {
    const { clock, limits } = this.parts
    const { wish, until, listener } = asking
    const { commandId, by, reason } = order.asked
    if (commandId !== wish.commandId || by !== wish.by) return { kind: 'order_already_returned' }
    if (reason !== wish.reason) return { kind: 'key_reused' }
    const news = new AbortController()
    void listener.ended.then(() => news.abort())
    let now: Order | null = order
    while (now?.status !== 'returned') {
      const leftMs = until - clock.monotonic()
      if (leftMs <= 0) return { kind: 'pending', orderId: wish.orderId }
      await sleep(clock, Math.min(leftMs, limits.lookForEndEveryMs), news.signal)
      // Where an earlier end has woken it, it must not ask without a pause.
      now = await this.readSoon(wish.orderId)
    }
    return { kind: 'returned', order: now }
  }

  private async append(wish: Wish): Promise<LogPlace | Unavailable | null> {
    try {
      const [at = null] = await this.parts.log.append(ordersTopic, [entryOf(wish)])
      return at
    } catch (error) {
      if (!(error instanceof PortError)) throw error
      if (error.appended === 'no') return refusedBy(error)
      this.parts.onTransientError(error)
      return null
    }
  }

  /** Whether the order process has taken that record. */
  private async isPast(at: LogPlace | null): Promise<boolean> {
    const { clock, limits } = this.parts
    const reader = this.parts.reader()
    if (reader === null || at === null) return false
    try {
      const deadline = storeDeadline(clock, limits.readWaitMsMax)
      const applied = await within(deadline, reader.ordersApplied())
      return (applied.get(at.partition) ?? 0) > at.offset
    } catch (error) {
      return this.passing(error, false)
    }
  }

  private async readSoon(orderId: string): Promise<Order | null> {
    await sleep(this.parts.clock, this.parts.limits.lookEveryMs)
    return this.readOrNothing(orderId)
  }

  private async readOrNothing(orderId: string): Promise<Order | null> {
    try {
      return await this.parts.reads.read(orderId)
    } catch (error) {
      return this.passing(error, null)
    }
  }

  /** SQL that is away for a moment says nothing about the order. */
  private passing<Instead>(error: unknown, instead: Instead): Instead {
    if (!(error instanceof PortError)) throw error
    this.parts.onTransientError(error)
    return instead
  }
}
