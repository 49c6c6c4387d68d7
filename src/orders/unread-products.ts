// Whether a product that the rows do not have is unknown, or its record is merely unread: an order
// and the product that it names come in two topics, which are read apart. Before an order is told
// that there is no such product, the rows must go as far as the products topic did when the order
// had been read. The log is asked beside the step, for all orders that wait together; where it does
// not answer they wait, and nothing else does.

import { type AnyPlaced, type Line, productsTopic } from '../domain/orders/messages.ts'
import type { Product } from '../domain/orders/state.ts'
import { partitionFor } from '../domain/partitioner.ts'
import type { Log } from '../ports/log.ts'
import type { StockStepStore } from '../ports/orders.ts'

export type UnreadProductsParts = {
  log: Pick<Log, 'partitionsOf' | 'partitionBounds'>
  store: Pick<StockStepStore, 'positions'>
  /** There may be an answer now. */
  onEnds(): void
}
type Ordered = { orderId: string; placed: AnyPlaced }
/** By partition, where it ended after the order had been read; null: that is not known yet. */
type Ends = Map<number, number | null>

export class UnreadProducts {
  private readonly parts: UnreadProductsParts
  /** By order, of the partitions of the products that it waits for. */
  private readonly endsOf = new Map<string, Ends>()
  private readonly asking = new Set<number>()
  /** By partition, how far the rows go. */
  private read = new Map<number, number>()

  constructor(parts: UnreadProductsParts) {
    this.parts = parts
  }

  /** Another session has begun. */
  clear(): void {
    this.endsOf.clear()
    this.read.clear()
  }

  forget(orderId: string): void {
    this.endsOf.delete(orderId)
  }

  /** Whether the order was waiting for a record of the products topic at the last look. */
  isWaiting(orderId: string): boolean {
    return this.endsOf.has(orderId)
  }

  /** Where it is not known to be none, the rows may not go far enough. */
  mayExist(orderId: string, productId: string): boolean {
    const partition = this.partitionOf(productId)
    const end = this.endsOf.get(orderId)?.get(partition) ?? Number.POSITIVE_INFINITY
    return (this.read.get(partition) ?? 0) < end
  }

  /** Of orders that wait: `products` are those that there are, as of now. */
  async look(orders: Iterable<Ordered>, products: ReadonlyMap<string, Product>): Promise<void> {
    const unasked = new Map<number, Ends[]>()
    let isAnswered = false
    for (const { orderId, placed } of orders) {
      const missing = missingOf(placed, products)
      if (missing.length === 0) {
        this.forget(orderId)
        continue
      }
      const ends = this.endsOf.get(orderId) ?? new Map<number, null>()
      this.endsOf.set(orderId, ends)
      for (const partition of new Set(
        missing.map(({ productId }) => this.partitionOf(productId)),
      )) {
        const end = ends.get(partition)
        if (typeof end === 'number') isAnswered = true
        else if (end === undefined && !this.asking.has(partition)) {
          unasked.set(partition, [...(unasked.get(partition) ?? []), ends])
        }
      }
    }
    for (const [partition, all] of unasked) void this.ask(partition, all)
    if (isAnswered) this.read = await this.positions()
  }

  /** Those that come while it is asked are asked for after it. */
  private async ask(partition: number, all: readonly Ends[]): Promise<void> {
    const { log, onEnds } = this.parts
    this.asking.add(partition)
    for (const ends of all) ends.set(partition, null)
    const bounds = await log.partitionBounds(productsTopic, partition).catch(() => null)
    this.asking.delete(partition)
    for (const ends of all) {
      if (bounds === null) ends.delete(partition)
      else ends.set(partition, bounds.end)
    }
    // Where the log is away the next look asks again, in its own time.
    if (bounds !== null) onEnds()
  }

  private async positions(): Promise<Map<number, number>> {
    const all = await this.parts.store.positions()
    const own = all.filter(({ topic }) => topic === productsTopic)
    return new Map(own.map(({ partition, next }) => [partition, next]))
  }

  private partitionOf(productId: string): number {
    return partitionFor(productId, this.parts.log.partitionsOf(productsTopic))
  }
}

function missingOf(placed: AnyPlaced, products: ReadonlyMap<string, Product>): readonly Line[] {
  if (placed.type !== 'order.placed') return []
  return placed.lines.filter(({ productId }) => !products.has(productId))
}
