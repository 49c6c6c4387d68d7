// The rows of a step that are open: they wait for something, or what was decided about them apart
// from a record is perhaps not published. A session reads them when it begins, says again what may
// be unsaid, and decides over them in transactions of its own.

import { type Publish, publishing, type TaskParts } from '../consumer/consumer-work.ts'
import { ordersTopic, type StepMessage } from '../domain/orders/messages.ts'
import { isWaiting, type StepRows, type StepStore } from '../ports/orders.ts'

export type AnyRow = { status: string }
export type OfOrder<Row> = Row & { orderId: string }
export type OpenRowsParts<Row extends AnyRow, Wanted, Loaded, Changes extends StepRows<Row>> = {
  store: StepStore<Row, Wanted, Loaded, Changes>
  /** What a row has said. */
  repliesOf(row: Row): readonly StepMessage[]
}
export type DecidedRows<Changes> = { changes: Changes; publish: readonly Publish[] }

const rowsPerPageMax = 1_000

export class OpenRows<Row extends AnyRow, Wanted, Loaded, Changes extends StepRows<Row>> {
  private readonly parts: OpenRowsParts<Row, Wanted, Loaded, Changes>
  /** Orders of which what was unsaid is published, and that is not stored yet. */
  private said: string[] = []

  constructor(parts: OpenRowsParts<Row, Wanted, Loaded, Changes>) {
    this.parts = parts
  }

  hasSaid(): boolean {
    return this.said.length > 0
  }

  /** For any transaction of the step to store. */
  unstored(): readonly string[] {
    return this.said
  }

  /** To be called with every change, once it is committed. */
  stored({ said = [] }: Pick<StepRows<Row>, 'said'>): void {
    if (said.length > 0) this.said = this.said.filter((orderId) => !said.includes(orderId))
  }

  /** As a session begins: those that wait. */
  async read(task: TaskParts): Promise<OfOrder<Row>[]> {
    const { store, repliesOf } = this.parts
    const waiting: OfOrder<Row>[] = []
    const unsaid: OfOrder<Row>[] = []
    /** Who waits may have asked somebody to let go. */
    const asked: OfOrder<Row>[] = []
    for (let after = ''; ; ) {
      const page = (await store.openRows({ after, limit: rowsPerPageMax })).filter(hasOrder)
      for (const row of page) {
        if (!task.partitions.includes(task.partitionOf(row.orderId))) continue
        if (!isWaiting(row)) unsaid.push(row)
        else {
          waiting.push(row)
          if (row.status === 'waiting') asked.push(row)
        }
      }
      if (page.length < rowsPerPageMax) break
      after = page.at(-1)?.orderId ?? ''
    }
    await task.publish(publishing([...unsaid, ...asked].flatMap((row) => repliesOf(row))))
    this.said = unsaid.map(({ orderId }) => orderId)
    return waiting
  }

  /** One transaction, and then what follows from it. */
  async decide(
    task: TaskParts,
    wanted: Wanted,
    decide: (loaded: Loaded) => DecidedRows<Changes>,
  ): Promise<Changes> {
    const { said } = this
    const batch = { checks: task.checks(ordersTopic), wanted }
    const done = await this.parts.store.transact(batch, (loaded) => {
      const decided = decide(loaded)
      const noted = { ...decided.changes, unsaid: true, said }
      return { changes: noted, moves: [], result: decided }
    })
    if (done === 'fenced') return task.fenced()
    await task.publish(done.publish)
    this.said = done.changes.rows.filter(hasOrder).map(({ orderId }) => orderId)
    return done.changes
  }
}

export function hasOrder<Row extends AnyRow>(row: Row): row is OfOrder<Row> {
  return 'orderId' in row
}
