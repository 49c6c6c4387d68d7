// Orders that a step can answer neither with yes nor with no for now. They stand in its own rows,
// and in memory as long as it owns their partitions; their record is decided again when there may
// be an answer. That costs no attempt, and ends with the order: its cancellation is a record like
// any other. A reply that was stored and perhaps not published is said again by the next start.

import type { ConsumerWork, Item, TaskParts } from '../consumer/consumer-work.ts'
import { type AnyPlaced, ordersTopic } from '../domain/orders/messages.ts'
import type { WaitingForCoupon as WaitingRow } from '../domain/orders/state.ts'
import type { StepRows } from '../ports/orders.ts'
import { type AnyRow, hasOrder, OpenRows, type OpenRowsParts } from './open-rows.ts'

export type WaitingParts<
  Row extends AnyRow,
  Wanted,
  Loaded,
  Changes extends StepRows<Row>,
> = OpenRowsParts<Row, Wanted, Loaded, Changes> & {
  wantedBy(items: readonly Item<AnyPlaced>[]): Wanted
  decide: ConsumerWork<AnyPlaced, Wanted, Loaded, Changes>['decide']
  /** Of those that wait, the oldest first: for which there may be an answer by now. */
  ready(waiting: readonly WaitingRow[]): Promise<readonly WaitingRow[]>
  /** How soon it is noticed what others did, who have partitions of their own. */
  lookEveryMs: number
}

/** Of one transaction; what is left is decided by the next. */
const ordersPerLookMax = 1_000
/** Looking through many costs some milliseconds: not after every batch. */
const manyOrders = 1_000
const lookAtManyAfterMs = 50

export class WaitingOrders<Row extends AnyRow, Wanted, Loaded, Changes extends StepRows<Row>> {
  private readonly parts: WaitingParts<Row, Wanted, Loaded, Changes>
  /** In the order of their coming. */
  private readonly waiting = new Map<string, WaitingRow>()
  private readonly open: OpenRows<Row, Wanted, Loaded, Changes>
  private task: TaskParts | null = null

  constructor(parts: WaitingParts<Row, Wanted, Loaded, Changes>) {
    this.parts = parts
    this.open = new OpenRows(parts)
  }

  all(): Iterable<WaitingRow> {
    return this.waiting.values()
  }

  /** To be called with every change, once it is committed. */
  stored({ rows }: StepRows<Row>): void {
    const before = this.waiting.size
    for (const row of rows) {
      if (isWaitingRow(row)) this.waiting.set(row.orderId, row)
      else if (hasOrder(row)) this.waiting.delete(row.orderId)
    }
    if (this.waiting.size > before) this.changed()
  }

  /** Something that orders wait for has changed. */
  changed(): void {
    const { size } = this.waiting
    if (size > 0) this.task?.wake(size < manyOrders ? 0 : lookAtManyAfterMs)
  }

  /** The task of a session: see ConsumerWork. */
  start(task: TaskParts): () => Promise<number> {
    this.task = task
    this.waiting.clear()
    let hasRead = false
    return async () => {
      if (!hasRead) await this.read(task)
      hasRead = true
      if (await this.look(task)) return 0
      if (this.waiting.size === 0) return Number.POSITIVE_INFINITY
      return this.parts.lookEveryMs * (this.waiting.size < manyOrders ? 1 : 10)
    }
  }

  private async read(task: TaskParts): Promise<void> {
    const open: readonly AnyRow[] = await this.open.read(task)
    const found = open.filter(isWaitingRow)
    for (const row of found.sort((a, b) => a.since - b.since)) this.waiting.set(row.orderId, row)
  }

  /** False where nothing could be decided. */
  private async look(task: TaskParts): Promise<boolean> {
    const { ready, wantedBy, decide } = this.parts
    const chosen = this.waiting.size === 0 ? [] : await ready([...this.waiting.values()])
    if (chosen.length === 0 && !this.open.hasSaid()) return false
    const items = chosen.slice(0, ordersPerLookMax).map(itemOf)
    const changes = await this.open.decide(task, wantedBy(items), (loaded) => {
      const { changes: decided, results } = decide(items, loaded)
      const publish = results.flatMap((one) => one.publish)
      return { changes: decided, publish }
    })
    this.stored(changes)
    return this.open.hasSaid()
  }
}

function itemOf({ placed, since }: WaitingRow): Item<AnyPlaced> {
  return { message: placed, topic: ordersTopic, partition: 0, at: since }
}

function isWaitingRow(row: AnyRow): row is WaitingRow {
  return row.status === 'waiting'
}
