// The calls about orders, products and wallets without HTTP: what an API node needs for them,
// started together. Nothing here can make claims unavailable.

import { ordersTopic } from '../../domain/orders/messages.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { OrdersReader } from '../../ports/orders-reader.ts'
import {
  busy,
  type ClaimService,
  databaseStarting,
  logUnavailable,
  starting,
  stopping,
  type Unavailable,
} from '../claims/claim-answers.ts'
import { createFoldFreshness } from '../claims/fold-freshness.ts'
import {
  type RedemptionAnswer,
  type RedemptionService,
  Redemptions,
} from '../redemptions/redemptions.ts'
import { ToldRedemptions } from '../redemptions/told-redemptions.ts'
import { OperatorCommands } from './operator-commands.ts'
import { type AdmissionState, OrderAdmission } from './order-admission.ts'
import type { FoundOrder, OrderService } from './order-answers.ts'
import { type OrderLimits, orderLimits } from './order-limits.ts'
import { OrderPlacing } from './order-placing.ts'
import { createOrderReads } from './order-reads.ts'
import { OrderReturning } from './order-returning.ts'
import { OrdersWatch } from './orders-watch.ts'

export type OrderServiceParts = {
  log: Log
  clock: Clock
  /** null while SQL is not up. */
  reader: () => OrdersReader | null
  claims: Pick<ClaimService, 'mine' | 'coupon'>
  /** An order that has not ended so long after its record is cancelled. */
  timeLimitMs: number
  /** How long after its confirmation its user can return an order; 0: operators alone. */
  returnWithinMs: number
  /** How long a coupon is reserved by a redemption. */
  reservationMs: number
  /** What the consumers in this process have stored; absent: they are elsewhere. */
  told?: ToldRedemptions | undefined
  limits?: Partial<OrderLimits> | undefined
  /** Something could not be asked or followed now, and is tried again. At most once a second. */
  onTransientError(error: unknown): void
  /** The log cannot be written any more; the process should end. */
  onError(error: unknown): void
}
export type RunningOrderService = OrderService & {
  admission(): AdmissionState
  /** Refuses what comes from now on; resolves when all that was accepted has its answer. */
  close(): Promise<void>
}

type AskedFor = Parameters<OrderService['order']>[0]

export function startOrderService(given: OrderServiceParts): RunningOrderService {
  const parts = { ...given, onTransientError: throttled(given) }
  const { log, clock, reader, onTransientError, told = new ToldRedemptions(false) } = parts
  const limits = { ...orderLimits, ...parts.limits }
  const freshness = createFoldFreshness({
    clock,
    partitions: log.partitionsOf(ordersTopic),
    bounds: (partition) => log.partitionBounds(ordersTopic, partition),
    positions: () => watch.positions(),
    waitMsMax: limits.watchWaitMsMax,
  })
  const { liveOrdersMax } = limits
  const watch = new OrdersWatch({ ...parts, liveOrdersMax, onAdvanced: freshness.advanced })
  const admission = new OrderAdmission({ pace: watch.pace, limits, timeLimitMs: parts.timeLimitMs })
  const reads = createOrderReads({ clock, reader, limits })
  const commands = new OperatorCommands({ log, clock, reader, limits, onTransientError })
  const placing = new OrderPlacing({ ...parts, reads, watch, told, admission, limits })
  const returning = new OrderReturning({ ...parts, reads, watch, limits })
  const redeeming = new Redemptions({ ...parts, reads, watch, told, limits })
  const atWork = new Set<Promise<unknown>>()
  let isStopping = false

  function whyNot(): Unavailable | null {
    if (isStopping) return stopping
    if (reader() === null) return databaseStarting
    if (!watch.follows()) return starting
    return atWork.size >= limits.atWorkMax || watch.isCrowded() ? busy : null
  }

  async function orderOf({ orderId, userId }: AskedFor): Promise<FoundOrder> {
    if (reader() === null) return databaseStarting
    let found = await placing.find(orderId)
    if (found === null) {
      if (!(await freshness.reached(orderId))) return logUnavailable
      found = await placing.find(orderId)
    }
    const isAnothers = userId !== null && found?.userId !== userId
    if (found === null || found.redemption || isAnothers) return { kind: 'unknown_order' }
    return { kind: 'found', order: found }
  }

  function counted<Answer>(work: Promise<Answer>): Promise<Answer> {
    atWork.add(work)
    return work.finally(() => atWork.delete(work))
  }

  return {
    async place(asked) {
      return whyNot() ?? counted(placing.place(asked))
    },
    async return(asked) {
      return whyNot() ?? counted(returning.return(asked, orderOf))
    },
    order: orderOf,
    redemptions: behind(redeeming, async (work) => whyNot() ?? counted(work())),
    async command(command) {
      return isStopping ? stopping : counted(commands.run(command))
    },
    reader,
    admission: () => admission.state(),
    degraded: () => [watch.haltedBy() ?? []].flat(),
    async close() {
      isStopping = true
      await Promise.allSettled(atWork)
      await Promise.all([placing.drained(), redeeming.drained()])
      commands.close()
      await watch.close()
    },
  }
}

type Guard = (work: () => Promise<RedemptionAnswer>) => Promise<RedemptionAnswer>

/** What changes something is refused while the service stops, and waited for. */
function behind(redeeming: Redemptions, guarded: Guard): RedemptionService {
  return {
    place: (asked) => guarded(() => redeeming.place(asked)),
    say: (type, word) => guarded(() => redeeming.say(type, word)),
    find: (redemptionId) => redeeming.find(redemptionId),
    told: redeeming.told,
  }
}

/** While SQL is away everybody who waits meets it, again and again. */
const reportEveryMs = 1_000

function throttled({ clock, onTransientError }: OrderServiceParts): (error: unknown) => void {
  let reportedAt = Number.NEGATIVE_INFINITY
  return (error) => {
    if (clock.monotonic() < reportedAt + reportEveryMs) return
    reportedAt = clock.monotonic()
    onTransientError(error)
  }
}
