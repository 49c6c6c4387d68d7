// Places an order: asks SQL whether it is there already, appends one record, and waits for the
// record that ends it. Before the append a failure is a "no, ask again"; after it none is: the
// order may be there, so the answer is 'pending'.

import { sameContent } from '../../domain/orders/content.ts'
import type { OrderPlaced, WonCoupon } from '../../domain/orders/messages.ts'
import { entryOf } from '../../domain/orders/records.ts'
import type { Order } from '../../domain/orders/state.ts'
import { type Clock, sleep } from '../../ports/clock.ts'
import type { Log, LogEntry } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import type { AppendBatcher } from '../batcher.ts'
import {
  busy,
  type ClaimService,
  logUnavailable,
  type Unavailable,
  wonCouponOf,
} from '../claims/claim-answers.ts'
import type { ToldRedemptions } from '../redemptions/told-redemptions.ts'
import type { OrderAdmission } from './order-admission.ts'
import { type AskedOrder, type EndedOrder, idOfKey, type PlaceAnswer } from './order-answers.ts'
import type { OrderLimits } from './order-limits.ts'
import type { OrderReads } from './order-reads.ts'
import { createOrdersBatcher } from './orders-batcher.ts'
import type { EndListener, OrdersWatch } from './orders-watch.ts'

export type OrderPlacingParts = {
  log: Log
  clock: Clock
  reads: OrderReads
  watch: Pick<OrdersWatch, 'live' | 'knows' | 'listen'>
  /** Ends that are stored, as a rule before their records can be read. */
  told: Pick<ToldRedemptions, 'once'>
  claims: Pick<ClaimService, 'mine' | 'coupon'>
  /** Whether one more can be taken now. */
  admission: Pick<OrderAdmission, 'refusal'>
  timeLimitMs: number
  limits: OrderLimits
  onTransientError(error: unknown): void
  onError(error: unknown): void
}
type Waiting = {
  orderId: string
  until: number
  listener: EndListener
  stored: { end: EndedOrder | null; close(): void }
  refused?: Promise<Unavailable>
}

export class OrderPlacing {
  private readonly parts: OrderPlacingParts
  private readonly batcher: AppendBatcher<LogEntry>
  private readonly underWay = new Map<string, { asked: AskedOrder; answer: Promise<PlaceAnswer> }>()
  private readonly refusals = new Map<string, (refusal: Unavailable) => void>()

  constructor(parts: OrderPlacingParts) {
    this.parts = parts
    const everyMsMin = parts.limits.placeEveryMsMin
    this.batcher = createOrdersBatcher({ ...parts, everyMsMin }, ({ key: orderId }, refusal) => {
      this.refusals.get(orderId)?.(refusal)
    })
  }

  /** One at a time for each order: the second of two at once gets the answer of the first. */
  async place(asked: AskedOrder): Promise<PlaceAnswer> {
    const orderId = idOfKey(asked.userId, asked.key)
    const before = this.underWay.get(orderId)
    if (before !== undefined) {
      if (!sameContent(asked, before.asked)) return { kind: 'key_reused' }
      const answer = await before.answer
      return answer.kind === 'ended' ? { ...answer, first: false } : answer
    }
    // At the door, since a look at SQL costs as much as the refusal is to save.
    const refusal = this.parts.watch.knows(orderId) ? null : this.parts.admission.refusal()
    if (refusal !== null) return refusal
    const answer = this.placeOne(orderId, asked)
    this.underWay.set(orderId, { asked, answer })
    return answer.finally(() => this.underWay.delete(orderId))
  }

  /** As far as SQL has it, or else this node has seen it placed. */
  async find(orderId: string): Promise<Order | null> {
    const { reads, watch } = this.parts
    // Looked at first: it may end and be forgotten while SQL is asked.
    const live = watch.live(orderId)
    return (await reads.read(orderId)) ?? live ?? watch.live(orderId) ?? null
  }

  drained(): Promise<void> {
    return this.batcher.drained()
  }

  private async placeOne(orderId: string, asked: AskedOrder): Promise<PlaceAnswer> {
    const { clock, limits, watch } = this.parts
    const until = clock.monotonic() + limits.answerWaitMsMax
    // Before anything else, so that no end is missed.
    const listener = watch.listen(orderId)
    const stored = this.storedEnd(orderId)
    try {
      const known = await this.find(orderId)
      if (known !== null) {
        if (!isSame(asked, known)) return { kind: 'key_reused' }
        const end = isEnded(known) ? known : await this.endOf({ orderId, until, listener, stored })
        return answerOf({ orderId, asked, first: false }, end)
      }
      const coupon = await this.wonCoupon(asked)
      if (coupon !== null && 'kind' in coupon) return coupon
      const { promise: refused, resolve: refuse } = Promise.withResolvers<Unavailable>()
      this.refusals.set(orderId, refuse)
      const entry = entryOf(this.recordOf(orderId, asked, coupon))
      if (!this.batcher.add(entry)) return busy
      const end = await this.endOf({ orderId, until, listener, stored, refused })
      return answerOf({ orderId, asked, first: true }, end)
    } finally {
      this.refusals.delete(orderId)
      listener.close()
      stored.close()
    }
  }

  /** Where the caller won the coupon, as this node's fold of the claims log has it. */
  private async wonCoupon({
    userId,
    couponId,
  }: AskedOrder): Promise<WonCoupon | null | Unavailable | { kind: 'coupon_not_held' }> {
    if (couponId === undefined) return null
    const { claims } = this.parts
    // Its rows go: nothing may be bought with it.
    if (claims.coupon(couponId)?.terms.rehearsal) return { kind: 'coupon_not_held' }
    const answer = await claims.mine(couponId, userId)
    if (answer?.kind === 'issued') {
      return wonCouponOf(answer, claims.coupon(couponId))
    }
    if (answer?.kind === 'unavailable') return answer
    return answer?.kind === 'pending' ? logUnavailable : { kind: 'coupon_not_held' }
  }

  private recordOf(orderId: string, asked: AskedOrder, coupon: WonCoupon | null): OrderPlaced {
    const { userId, lines } = asked
    const { timeLimitMs } = this.parts
    const record: OrderPlaced = { type: 'order.placed', orderId, userId, lines, timeLimitMs }
    return coupon === null ? record : { ...record, coupon }
  }

  /** null: not in time. */
  private async endOf(waiting: Waiting): Promise<EndedOrder | Unavailable | null> {
    const { clock, limits } = this.parts
    const { orderId, until, listener, stored, refused } = waiting
    const news = new AbortController()
    const told: { refusal: Unavailable | null; hasEnded: boolean } = {
      refusal: null,
      hasEnded: false,
    }
    void refused?.then((refusal) => {
      told.refusal = refusal
      news.abort()
    })
    void listener.ended.then(() => {
      told.hasEnded = true
      news.abort()
    })
    for (;;) {
      const leftMs = until - clock.monotonic()
      if (leftMs <= 0) return null
      if (told.hasEnded) await sleep(clock, Math.min(leftMs, limits.lookForStoredEndMs))
      else await sleep(clock, Math.min(leftMs, limits.lookForEndEveryMs), news.signal)
      if (told.refusal !== null) return told.refusal
      // Both: the log has it for good, and the rows have it for whoever asks next.
      if (told.hasEnded && stored.end !== null) return stored.end
      const order = await this.readOrNothing(orderId)
      if (order !== null && isEnded(order)) return order
    }
  }

  /** Null until it is told, which it need not be. */
  private storedEnd(orderId: string): Waiting['stored'] {
    const told = this.parts.told.once(orderId, isEnded)
    const stored: Waiting['stored'] = { end: null, close: told.close }
    void told.told.then((order) => {
      if (isEnded(order)) stored.end = order
    })
    return stored
  }

  /** Once an order may be placed, SQL that is away is no reason to say that it is not. */
  private async readOrNothing(orderId: string): Promise<Order | null> {
    try {
      return await this.parts.reads.read(orderId)
    } catch (error) {
      if (!(error instanceof PortError)) throw error
      this.parts.onTransientError(error)
      return null
    }
  }
}

type Answered = { orderId: string; asked: AskedOrder; first: boolean }

/** Through another node the key may have been used for something else at the same time. */
function answerOf(
  { orderId, asked, first }: Answered,
  end: EndedOrder | Unavailable | null,
): PlaceAnswer {
  if (end === null) return { kind: 'pending', orderId }
  if ('kind' in end) return end
  return isSame(asked, end) ? { kind: 'ended', first, order: end } : { kind: 'key_reused' }
}

function isSame(asked: AskedOrder, { userId, lines, coupon }: Order): boolean {
  return sameContent(asked, { userId, lines, couponId: coupon?.couponId })
}

function isEnded(order: Order): order is EndedOrder {
  return order.status !== 'placed' && order.status !== 'due'
}
