// Orders that a step can answer neither with yes nor with no for now. They stand in its own rows,
// and in memory as long as it owns their partitions; their record is decided again when there may
// be an answer. That costs no attempt, and ends with the order: its cancellation is a record like
// any other. A reply that was stored and perhaps not published is said again by the next start.

import {
  type ConsumerWork,
  type Item,
  publishing,
  type TaskParts,
} from '../consumer/consumer-work.ts'
import { type OrderPlaced, ordersTopic, type StepMessage } from '../domain/orders/messages.ts'
import type { WaitingRow } from '../domain/orders/state.ts'
import { isWaiting, type StepRows, type StepStore } from '../ports/orders.ts'

type AnyRow = { status: string }
export type WaitingParts<Row extends AnyRow, Wanted, Loaded, Changes extends StepRows<Row>> = {
  store: StepStore<Row, Wanted, Loaded, Changes>
  wantedBy(items: readonly Item<OrderPlaced>[]): Wanted
  decide: ConsumerWork<OrderPlaced, Wanted, Loaded, Changes>['decide']
  /** Of those that wait, the oldest first: for which there may be an answer by now. */
  ready(waiting: readonly WaitingRow[]): Promise<readonly WaitingRow[]>
  /** What a row has said. */
  repliesOf(row: Row): readonly StepMessage[]
  /** How soon it is noticed what others did, who have partitions of their own. */
  lookEveryMs: number
}
/** Of one transaction; what is left is decided by the next. */
const ordersPerLookMax = 1_000
const rowsPerPageMax = 1_000
/** Looking through many costs some milliseconds: not after every batch. */
const manyOrders = 1_000
const lookAtManyAfterMs = 50

export class WaitingOrders<Row extends AnyRow, Wanted, Loaded, Changes extends StepRows<Row>> {
  private readonly parts: WaitingParts<Row, Wanted, Loaded, Changes>
  /** In the order of their coming. */
  private readonly waiting = new Map<string, WaitingRow>()
  private task: TaskParts | null = null
  /** Orders of which what was unsaid is published. */
  private said: string[] = []

  constructor(parts: WaitingParts<Row, Wanted, Loaded, Changes>) {
    this.parts = parts
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

  /** What the rows say as a session begins. */
  private async read(task: TaskParts): Promise<void> {
    const { store, repliesOf } = this.parts
    const found: WaitingRow[] = []
    const unsaid: (Row & { orderId: string })[] = []
    for (let after = ''; ; ) {
      const page = (await store.openRows({ after, limit: rowsPerPageMax })).filter(hasOrder)
      for (const row of page) {
        if (!task.partitions.includes(task.partitionOf(row.orderId))) continue
        if (isWaitingRow(row)) found.push(row)
        else if (!isWaiting(row)) unsaid.push(row)
      }
      if (page.length < rowsPerPageMax) break
      after = page.at(-1)?.orderId ?? ''
    }
    for (const row of found.sort((a, b) => a.since - b.since)) this.waiting.set(row.orderId, row)
    await task.publish(publishing(unsaid.flatMap((row) => repliesOf(row))))
    this.said = unsaid.map(({ orderId }) => orderId)
  }

  /** False where nothing could be decided. */
  private async look(task: TaskParts): Promise<boolean> {
    const { store, ready, wantedBy, decide } = this.parts
    const chosen = this.waiting.size === 0 ? [] : await ready([...this.waiting.values()])
    const { said } = this
    if (chosen.length === 0 && said.length === 0) return false
    const items = chosen.slice(0, ordersPerLookMax).map(itemOf)
    const batch = { checks: task.checks(ordersTopic), wanted: wantedBy(items) }
    const done = await store.transact(batch, (loaded) => {
      const { changes, results } = decide(items, loaded)
      const noted = { ...changes, unsaid: true, said }
      return { changes: noted, moves: [], result: { changes, results } }
    })
    if (done === 'fenced') return task.fenced()
    const { changes, results } = done
    this.stored(changes)
    await task.publish(results.flatMap((one) => ('publish' in one ? one.publish : [])))
    this.said = changes.rows.filter(hasOrder).map(({ orderId }) => orderId)
    return this.said.length > 0
  }
}

function itemOf({ placed, since }: WaitingRow): Item<OrderPlaced> {
  return { message: placed, topic: ordersTopic, partition: 0, at: since }
}

function isWaitingRow(row: AnyRow): row is WaitingRow {
  return row.status === 'waiting'
}

function hasOrder<Row extends AnyRow>(row: Row): row is Row & { orderId: string } {
  return 'orderId' in row
}
