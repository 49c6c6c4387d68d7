// Redemptions without HTTP: each call appends one record, and is told what the log made of it, or
// looks in SQL, in one query for all who wait. Once a record may be stored the answer is never
// "no": it is what became of it, or that nobody knows yet.

import { createHash } from 'node:crypto'
import {
  isOfRedemption,
  type OrderMessage,
  orderIdPattern,
  type WonCoupon,
} from '../../domain/orders/messages.ts'
import { entryOf } from '../../domain/orders/records.ts'
import { sameRedemption } from '../../domain/orders/redemption.ts'
import { isLetGo, placedStanding } from '../../domain/orders/redemption-view.ts'
import type { Order } from '../../domain/orders/state.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log, LogEntry } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import type { AppendBatcher } from '../batcher.ts'
import { busy, type Unavailable } from '../claims/claim-answers.ts'
import type { OrderLimits } from '../orders/order-limits.ts'
import type { OrderReads } from '../orders/order-reads.ts'
import { createOrdersBatcher } from '../orders/orders-batcher.ts'
import type { OrdersWatch } from '../orders/orders-watch.ts'
import { lookOften } from './growing-looks.ts'
import type { ToldRedemptions } from './told-redemptions.ts'

export type AskedRedemption = {
  by: string
  key: string
  userId: string
  coupon: WonCoupon
  reference: string
  subtotal: number
  use?: boolean | undefined
}
/** `reason`: of a release. */
export type Word = { redemptionId: string; by: string; commandId: string; reason?: string }
export type RedemptionAnswer =
  /** `first`: this very request has placed it. */
  | { kind: 'answered'; first: boolean; order: Order }
  | { kind: 'pending'; redemptionId: string }
  | { kind: 'key_reused' }
  | { kind: 'unknown_redemption' }
  | Unavailable
export type RedemptionsParts = {
  log: Log
  clock: Clock
  reads: OrderReads
  watch: Pick<OrdersWatch, 'listen'>
  told: ToldRedemptions
  /** How long a coupon is reserved. */
  reservationMs: number
  limits: OrderLimits
  onTransientError(error: unknown): void
  onError(error: unknown): void
}
export type RedemptionService = Pick<Redemptions, 'place' | 'say' | 'find' | 'told'>
const canBeId = new RegExp(orderIdPattern)
type Waiting = { orderId: string; isDone(order: Order): boolean; refused?: Promise<Unavailable> }

export class Redemptions {
  readonly told: ToldRedemptions
  private readonly parts: RedemptionsParts
  private readonly batcher: AppendBatcher<LogEntry>
  private readonly refusals = new WeakMap<LogEntry, (refusal: Unavailable) => void>()
  private readonly underWay = new Map<string, Promise<RedemptionAnswer>>()

  constructor(parts: RedemptionsParts) {
    this.parts = parts
    this.told = parts.told
    const everyMsMin = parts.limits.appendEveryMsMin
    this.batcher = createOrdersBatcher({ ...parts, everyMsMin }, (entry, refusal) => {
      this.refusals.get(entry)?.(refusal)
    })
  }

  /** Null: there is none. SQL is asked for what can be an id alone: it takes no NUL. */
  async find(redemptionId: string): Promise<Order | null> {
    if (!canBeId.test(redemptionId)) return null
    const order = await this.parts.reads.read(redemptionId)
    return order?.redemption === undefined ? null : order
  }

  /** One after the other for each key: the second of two at once finds what the first placed. */
  async place(asked: AskedRedemption): Promise<RedemptionAnswer> {
    const orderId = redemptionIdOf(asked)
    const before = this.underWay.get(orderId)
    const answer = (before ?? Promise.resolve()).then(() => this.placeOne(orderId, asked))
    this.underWay.set(orderId, answer)
    return answer.finally(() => {
      if (this.underWay.get(orderId) === answer) this.underWay.delete(orderId)
    })
  }

  /** `used` or released once it is so; else as it ended. */
  async say(type: 'use' | 'release', { redemptionId, ...word }: Word): Promise<RedemptionAnswer> {
    const known = await this.find(redemptionId)
    if (known === null) return { kind: 'unknown_redemption' } as const
    const isDone = (order: Order) => {
      return type === 'use' ? order.status !== 'placed' : isLetGo(order)
    }
    const answered = (order: Order) => ({ kind: 'answered', first: false, order }) as const
    if (isDone(known)) return answered(known)
    const isOver = known.status === 'cancelled'
    const said = { type: `redemption.${type}`, orderId: redemptionId, ...word } as const
    const found = await (isOver
      ? this.until({ orderId: redemptionId, isDone })
      : this.append(said as OrderMessage, isDone))
    if (found === null) return { kind: 'pending', redemptionId } as const
    return 'kind' in found ? found : answered(found)
  }

  drained(): Promise<void> {
    return this.batcher.drained()
  }

  private async placeOne(orderId: string, asked: AskedRedemption): Promise<RedemptionAnswer> {
    const isDone = (order: Order) => placedStanding(order).kind !== 'pending'
    const known = await this.parts.reads.read(orderId)
    const first = known === null
    const { by, key: _, ...content } = asked
    const { use, ...rest } = content
    const placed = { ...rest, ...(use === true ? { use } : {}) }
    const found = first
      ? await this.append(
          {
            type: 'redemption.placed',
            orderId,
            by,
            timeLimitMs: this.parts.reservationMs,
            ...placed,
          },
          isDone,
        )
      : isDone(known)
        ? known
        : await this.until({ orderId, isDone })
    if (found === null) return { kind: 'pending', redemptionId: orderId }
    if ('kind' in found) return found
    const { userId, reference, subtotal, coupon } = asked
    const same = { userId, reference, subtotal, couponId: coupon.couponId, use: use === true }
    if (!sameRedemption(same, found)) return { kind: 'key_reused' }
    return { kind: 'answered', first, order: found }
  }

  private async append(
    message: OrderMessage,
    isDone: Waiting['isDone'],
  ): Promise<Order | Unavailable | null> {
    if (!isOfRedemption(message)) throw new Error(`${message.type} is no redemption's`)
    const entry: LogEntry = entryOf(message)
    const { promise: refused, resolve } = Promise.withResolvers<Unavailable>()
    this.refusals.set(entry, resolve)
    if (!this.batcher.add(entry)) return busy
    return this.until({ orderId: message.orderId, isDone, refused })
  }

  /** Null: not in time. */
  private async until({ orderId, isDone, refused }: Waiting): Promise<Order | Unavailable | null> {
    const { clock, limits, told, watch } = this.parts
    let refusal: Unavailable | null = null
    const isRefused = refused?.then((one) => {
      refusal = one
    })
    const telling = told.once(orderId, isDone)
    // That it has ended stands in the log, once it is stored.
    const ending = watch.listen(orderId)
    try {
      return await lookOften<Order | Unavailable>({
        clock,
        msMax: limits.answerWaitMsMax,
        isTold: told.isTold,
        told: telling.told,
        hint: Promise.race([ending.ended, ...(isRefused ? [isRefused] : [])]),
        look: async () => {
          const order = await this.readOrNothing(orderId)
          return order !== null && isDone(order) ? order : refusal
        },
      })
    } finally {
      telling.close()
      ending.close()
    }
  }

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

/** As `idOfKey`, but no order's: a key belongs to its caller and its path. */
function redemptionIdOf({ by, key }: AskedRedemption): string {
  const name = JSON.stringify([by, 'POST /redemptions', key])
  return createHash('sha256').update(name).digest('base64url')
}
