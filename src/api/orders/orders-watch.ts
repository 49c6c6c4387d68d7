// Follows the orders topic from where the order process has applied it: which orders are live, and
// when one ends. So a node knows of an order before SQL does, and whoever waits for an end is woken
// by its record. If it cannot follow, it starts anew; claims never depend on it.

import { noAnswers } from '../../domain/orders/heard.ts'
import {
  isOfRedemption,
  type OrderMessage,
  type OrderPlaced,
  ordersTopic,
} from '../../domain/orders/messages.ts'
import { ordersInput } from '../../domain/orders/records.ts'
import type { PlacedOrder } from '../../domain/orders/state.ts'
import { type Clock, sleep, within } from '../../ports/clock.ts'
import type { Log, LogRecord } from '../../ports/log.ts'
import type { OrdersReader } from '../../ports/orders-reader.ts'
import { followPartitions, NewerRecord, writtenByNewer } from '../../ports/partition-reader.ts'
import { Latest } from '../latest.ts'
import { OrderPace } from './order-pace.ts'
import { storeDeadline } from './order-reads.ts'

export type OrdersWatchParts = {
  log: Log
  clock: Clock
  /** null while SQL is not up. */
  reader: () => Pick<OrdersReader, 'ordersApplied'> | null
  /** Remembered at once; beyond it those that SQL has are forgotten, then the oldest. */
  liveOrdersMax: number
  /** Called after every batch. */
  onAdvanced(): void
  /** It cannot follow now, and tries again. */
  onTransientError(error: unknown): void
}
/** `ended` resolves once a record says that the order has ended. */
export type EndListener = { ended: Promise<void>; close(): void }

/** How soon SQL is asked for again while it is not up. */
const startEveryMs = 50
/** From one failure to the next attempt. */
const startAgainMs = 1_000
/** Looking up what SQL has by now is one query. */
const forgetEveryMs = 1_000

/** As long as a stop may have to wait for it. */
const readWaitMsMax = 2_000

/** Nobody notices these beside the steps of an order; fetching every append by itself costs. */
const lingerMs = 5
/** Nobody asks when it has last read: what is new is given at once. */
const restMsMax = 2_000

type Live = { order: PlacedOrder; partition: number; offset: number }
type AppliedReader = Pick<OrdersReader, 'ordersApplied'>

export class OrdersWatch {
  readonly pace: OrderPace
  private readonly parts: OrdersWatchParts
  private readonly stop = new AbortController()
  private readonly known: Latest<string, Live>
  /** The latest that have ended. */
  private readonly ended: Latest<string, true>
  private readonly listeners = new Map<string, Set<() => void>>()
  private readonly running: Promise<void>
  private next: readonly number[] = []
  private following = false
  private halted: string | null = null
  private stopFollowing = () => {}
  private forgotAt = Number.NEGATIVE_INFINITY

  constructor(parts: OrdersWatchParts) {
    this.parts = parts
    const { clock, liveOrdersMax } = parts
    this.pace = new OrderPace(clock, liveOrdersMax)
    this.known = new Latest(liveOrdersMax)
    this.ended = new Latest(liveOrdersMax)
    this.running = this.run()
  }

  /** False while it does not follow the topic: nothing should be placed. */
  follows(): boolean {
    return this.following
  }

  /** Why it cannot follow, for as long as this version runs. */
  haltedBy(): string | null {
    return this.halted
  }

  /** Placed and not ended, as far as it has read. */
  live(orderId: string): PlacedOrder | undefined {
    return this.known.get(orderId)?.order
  }

  /** It was placed; how it goes on is for SQL to say. */
  knows(orderId: string): boolean {
    return this.known.has(orderId) || this.ended.has(orderId)
  }

  /** Half of what it may remember: the order process is far behind. */
  isCrowded(): boolean {
    if (this.known.size <= this.parts.liveOrdersMax / 2) return false
    void this.forgetStored()
    return true
  }

  listen(orderId: string): EndListener {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { listeners } = this
    const others = listeners.get(orderId) ?? new Set()
    listeners.set(orderId, others.add(resolve))
    return {
      ended: promise,
      close() {
        others.delete(resolve)
        if (others.size === 0 && listeners.get(orderId) === others) listeners.delete(orderId)
      },
    }
  }

  /** By partition, the next offset to read. */
  positions(): readonly number[] {
    return this.next
  }

  async close(): Promise<void> {
    this.stop.abort()
    this.stopFollowing()
    await this.running
  }

  private async run(): Promise<void> {
    const { signal } = this.stop
    const { clock } = this.parts
    while (!signal.aborted) {
      const reader = this.parts.reader()
      try {
        if (reader !== null) await this.follow(reader)
      } catch (error) {
        this.halted = error instanceof NewerRecord ? error.message : null
        this.parts.onTransientError(error)
      }
      await sleep(clock, reader === null ? startEveryMs : startAgainMs, signal)
    }
  }

  /** Resolves when a stop is requested. */
  private async follow(rows: AppliedReader): Promise<void> {
    const { log } = this.parts
    const applied = await this.appliedBy(rows)
    const bounds = await log.bounds(ordersTopic)
    if (this.stop.signal.aborted) return
    this.known.clear()
    this.pace.clear()
    const from = bounds.map(({ start, end }, partition) => {
      return [partition, Math.min(Math.max(applied.get(partition) ?? 0, start), end)] as const
    })
    const over = Promise.withResolvers<void>()
    this.stopFollowing = over.resolve
    const reader = followPartitions({
      log,
      topic: ordersTopic,
      from: new Map(from),
      lingerMs,
      restMsMax,
      // What cannot be read is the order process's business.
      decode: ({ value, partition }) => {
        return ordersInput.decode(value, { partition, partitions: bounds.length })
      },
      onMessage: (message, record) => this.take(message, record),
      onUnknown: (reason, { partition: at, offset }) => {
        const where = `the record at offset ${offset} of partition ${at} of ${ordersTopic}`
        throw writtenByNewer(`cannot read ${where}: ${reason}`, 'start that version here too')
      },
      onBatch: () => this.onBatch(),
      onError: over.reject,
    })
    this.next = reader.next
    this.following = true
    try {
      await over.promise
    } finally {
      this.following = false
      await reader.close()
    }
  }

  private appliedBy(reader: AppliedReader): Promise<Map<number, number>> {
    return within(storeDeadline(this.parts.clock, readWaitMsMax), reader.ordersApplied())
  }

  private onBatch(): void {
    this.parts.onAdvanced()
    if (this.known.size > this.parts.liveOrdersMax / 2) void this.forgetStored()
  }

  private take(message: OrderMessage, { partition, offset, appendedAt }: LogRecord): void {
    const { orderId } = message
    const { known, pace } = this
    // A reservation has no record of its own, and is not kept here; an end wakes who waits for it.
    if (isOfRedemption(message)) {
      const isEnd = message.type === 'redemption.used' || message.type === 'redemption.released'
      if (isEnd) this.wake(orderId)
      return
    }
    switch (message.type) {
      case 'order.placed':
        // Of several contents under one id the first counts.
        if (known.has(orderId)) return
        pace.placed(orderId)
        known.set(orderId, { order: placedOrder(message, appendedAt), partition, offset })
        return
      case 'order.payment_due':
      case 'order.return_asked':
      case 'order.return_due':
        return
      case 'order.confirmed':
        pace.confirmed(orderId)
        return this.end(orderId)
      case 'order.cancelled':
        pace.cancelled(orderId)
        return this.end(orderId)
      case 'order.returned':
        return this.end(orderId)
    }
  }

  private end(orderId: string): void {
    this.known.delete(orderId)
    this.ended.set(orderId, true)
    this.wake(orderId)
  }

  private wake(orderId: string): void {
    for (const wake of this.listeners.get(orderId) ?? []) wake()
  }

  private async forgetStored(): Promise<void> {
    const reader = this.parts.reader()
    const now = this.parts.clock.monotonic()
    if (reader === null || now < this.forgotAt + forgetEveryMs) return
    this.forgotAt = now
    try {
      const applied = await this.appliedBy(reader)
      for (const [orderId, { partition, offset }] of this.known) {
        if (offset < (applied.get(partition) ?? 0)) this.known.delete(orderId)
      }
    } catch (error) {
      this.parts.onTransientError(error)
    }
  }
}

/** As the order process has it before any step has answered. */
function placedOrder(placed: OrderPlaced, at: number): PlacedOrder {
  const { orderId, userId, lines, coupon = null, timeLimitMs } = placed
  const times = { placedAt: at, deadline: at + timeLimitMs }
  return { status: 'placed', orderId, userId, lines, coupon, ...times, heard: noAnswers }
}
