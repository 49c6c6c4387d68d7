// The order process: moves every order on by what its steps answered, publishes what it decided,
// and cancels what has run out of time. It takes the orders topic in strict order: of two orders
// placed under one id the first is the order.

import {
  type ConsumerWork,
  type Item,
  type ItemResult,
  patienceMsMax,
  publishing,
  type TaskParts,
} from '../consumer/consumer-work.ts'
import { type OrderMessage, ordersTopic, type StepMessage } from '../domain/orders/messages.ts'
import { decide, decisionsOf, evolve, initialState, isLive } from '../domain/orders/process.ts'
import { ordersInput, stepsInput } from '../domain/orders/records.ts'
import type { AwaitedOrder, Order, OrderState } from '../domain/orders/state.ts'
import type { Clock } from '../ports/clock.ts'
import type { OrderChange, OrderStore, OrderWanted } from '../ports/orders.ts'

type ProcessMessage = OrderMessage | StepMessage
type States = Map<string, OrderState>
export type OrderProcess = ConsumerWork<ProcessMessage, OrderWanted, States, OrderChange[]>

/** What it has said itself, an order of which no step has said anything yet, and a mere note. */
const notUrgent: readonly string[] = [
  'order.placed',
  'order.payment_due',
  'order.confirmed',
  'order.cancelled',
  'order.return_due',
  'order.returned',
  'redemption.used',
  'redemption.released',
  'stock.sold',
] satisfies ProcessMessage['type'][]

/** The answer of the coupon step is on its way, and a till waits for both. */
const reservationPatienceMs = 50

function patienceMs(type: string): number {
  if (type === 'redemption.placed') return reservationPatienceMs
  return notUrgent.includes(type) ? patienceMsMax : 0
}

export type OrderProcessParts = { store: OrderStore; clock: Clock }

/** How late a time-out can be, while any order lives. */
const sweepEveryMs = 250
/** Of one transaction; what is left is taken by the next. */
const overduePerSweepMax = 500

export function createOrderProcess(parts: OrderProcessParts): OrderProcess {
  const time = new LogTime(parts.clock)
  const deadline = new NextDeadline()
  return {
    name: 'order-process',
    store: parts.store,
    inputs: [
      { ...ordersInput, strict: true, patienceMs },
      { ...stepsInput, patienceMs },
    ],
    wantedBy: (items) => ({ orderIds: [...new Set(items.map((item) => item.message.orderId))] }),
    decide(items, states) {
      for (const { at, isRepeated, source } of items) {
        if (isRepeated !== true && (source?.attempts ?? 0) === 0) time.saw(at)
      }
      return decideBatch(items, states)
    },
    stored: (changes) => deadline.saw(changes),
    task: {
      start(task) {
        time.begin()
        deadline.begin(task)
        return createSweep({ store: parts.store, time, deadline }, task)
      },
    },
  }
}

function decideBatch(items: readonly Item<ProcessMessage>[], states: States) {
  const changed = new Map<string, OrderChange>()
  const results = items.map(({ message, partition, at }): ItemResult => {
    const { orderId } = message
    const state = states.get(orderId) ?? initialState()
    const { outcome, events, publish } = decide({ kind: 'record', message, at }, state)
    if (outcome === 'contradiction') throw new Error(`${message.type} contradicts what was said`)
    if (events.length > 0) {
      const next = events.reduce(evolve, state)
      states.set(orderId, next)
      changed.set(orderId, { state: known(next), partition })
    }
    return { kind: outcome === 'applied' ? 'applied' : 'dropped', publish: publishing(publish) }
  })
  return { changes: [...changed.values()], results }
}

/**
 * The log's time, so that no step of a wall clock ends an order early or late: from records as they
 * come, and on by the monotonic clock; before the first, from the wall clock as the session began.
 */
export class LogTime {
  private readonly clock: Clock
  private known: { at: number; when: number; isOfRecord: boolean }

  constructor(clock: Clock) {
    this.clock = clock
    this.known = this.begun()
  }

  /** Whole milliseconds, as rows and records have them; the monotonic clock has parts of one. */
  now(): number {
    return this.known.at + Math.floor(this.clock.monotonic() - this.known.when)
  }

  begin(): void {
    if (!this.known.isOfRecord) this.known = this.begun()
  }

  /** A record that was just read was appended at or before this moment. */
  saw(at: number): void {
    if (this.known.isOfRecord && at <= this.now()) return
    this.known = { at, when: this.clock.monotonic(), isOfRecord: true }
  }

  private begun() {
    return { at: this.clock.now(), when: this.clock.monotonic(), isOfRecord: false }
  }
}

/** At or before the first deadline of a living order, so that SQL is asked then, and not before. */
class NextDeadline {
  at = Number.NEGATIVE_INFINITY
  private task: Pick<TaskParts, 'wake'> = { wake() {} }

  /** Nothing is known of the rows. */
  begin(task: TaskParts): void {
    this.task = task
    this.at = Number.NEGATIVE_INFINITY
  }

  saw(changes: readonly OrderChange[]): void {
    const before = this.at
    for (const { state } of changes) {
      const isOver = 'redemption' in state && state.redemption?.isOver === true
      if (isLive(state) && !isOver) this.at = Math.min(this.at, state.deadline)
    }
    if (before === Number.POSITIVE_INFINITY && this.at < before) this.task.wake(sweepEveryMs)
  }
}

/** From saying that the time of a redemption is over to saying it again, if the log did not. */
const sayAgainMs = 1_000

type SweepParts = { store: OrderStore; time: LogTime; deadline: NextDeadline }

/** Cancels what is overdue, and publishes the ends that a crash left unpublished. */
function createSweep({ store, time, deadline }: SweepParts, task: TaskParts) {
  const { partitions } = task
  const limit = overduePerSweepMax
  /** When it was said of each redemption that its time is over. */
  const said = new Map<string, number>()
  let mayBeUnannounced = true

  /** What comes of it the log decides, and the process once it reads it there. */
  async function sayOver(over: readonly OrderMessage[]): Promise<void> {
    const now = time.now()
    for (const [orderId, at] of said) if (at + sayAgainMs <= now) said.delete(orderId)
    const unsaid = over.filter(({ orderId }) => !said.has(orderId))
    for (const { orderId } of unsaid) said.set(orderId, now)
    if (unsaid.length > 0) await task.publish(publishing(unsaid))
  }

  async function endOverdue(): Promise<void> {
    if (time.now() < deadline.at) return
    const next = await store.nextDeadlines({ partitions, limit })
    const now = time.now()
    const orderIds = next.filter((one) => one.deadline <= now).map(({ orderId }) => orderId)
    const later = next[orderIds.length]?.deadline ?? Number.POSITIVE_INFINITY
    // Who is ended now is asked for once more: the log may not say it yet.
    deadline.at = orderIds.length === 0 ? later : now
    if (orderIds.length === 0) return
    mayBeUnannounced = true
    const checks = task.checks(ordersTopic)
    const done = await store.transact({ checks, wanted: { orderIds } }, (states) => {
      const { changes, over } = timedOut(states, { now: time.now(), task })
      return { changes, moves: [], result: over }
    })
    if (done === 'fenced') return task.fenced()
    await sayOver(done)
  }

  function nextMs(): number {
    const isIdle = deadline.at === Number.POSITIVE_INFINITY && !mayBeUnannounced
    return isIdle ? Number.POSITIVE_INFINITY : sweepEveryMs
  }

  return async (): Promise<number> => {
    await endOverdue()
    if (!mayBeUnannounced) return nextMs()
    const ended = await store.unannounced({ partitions, limit })
    await task.publish(publishing(ended.flatMap(decisionsOf)))
    if (ended.length > 0) await store.markAnnounced(ended.map(({ orderId }) => orderId))
    mayBeUnannounced = ended.length === limit
    return nextMs()
  }
}

type TimedOut = { changes: OrderChange[]; over: OrderMessage[] }

function timedOut(states: States, { now, task }: { now: number; task: TaskParts }): TimedOut {
  const found: TimedOut = { changes: [], over: [] }
  for (const state of states.values()) {
    const { events, publish } = decide({ kind: 'time', now }, state)
    if (events.length === 0) {
      found.over.push(...publish)
      continue
    }
    const next = known(events.reduce(evolve, state))
    const partition = task.partitionOf(next.orderId)
    found.changes.push({ state: next, partition, unannounced: true })
  }
  return found
}

function known(state: OrderState): AwaitedOrder | Order {
  if (state.status === 'absent') throw new Error('an event left an order unknown')
  return state
}
