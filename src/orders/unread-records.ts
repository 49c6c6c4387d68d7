// Whether the rows lack a product or money, or its record is merely unread: an order and what it
// needs come in two topics, which are read apart. Before an order is refused for want of it, the
// rows must go as far as the other topic did when the order had been read. The log is asked beside
// the step, for all orders that wait together; where it does not answer they wait, and nothing else
// does.

import { partitionFor } from '../domain/partitioner.ts'
import type { Log } from '../ports/log.ts'
import type { ConsumerPosition } from '../ports/orders.ts'

export type UnreadRecordsParts = {
  /** Where what is missing may stand, by its key. */
  topic: string
  log: Pick<Log, 'partitionsOf' | 'partitionBounds'>
  store: { positions(): Promise<ConsumerPosition[]> }
  /** There may be an answer now. */
  onEnds(): void
}
/** By partition, where it ended after the order had been read; null: that is not known yet. */
type Ends = Map<number, number | null>

export class UnreadRecords {
  private readonly parts: UnreadRecordsParts
  /** By order, of the partitions of the keys that it waits for. */
  private readonly endsOf = new Map<string, Ends>()
  private readonly asking = new Set<number>()
  /** By partition, how far the rows go. */
  private read = new Map<number, number>()

  constructor(parts: UnreadRecordsParts) {
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

  /** Whether the order was waiting for a record of the topic at the last look. */
  isWaiting(orderId: string): boolean {
    return this.endsOf.has(orderId)
  }

  /** Where it is not known that there is none, the rows may not go far enough. */
  mayExist(orderId: string, key: string): boolean {
    const partition = this.partitionOf(key)
    const end = this.endsOf.get(orderId)?.get(partition) ?? Number.POSITIVE_INFINITY
    return (this.read.get(partition) ?? 0) < end
  }

  /** Of orders that wait: by order id, the keys of what each lacks, as of now. */
  async look(orders: Iterable<readonly [string, readonly string[]]>): Promise<void> {
    const unasked = new Map<number, Ends[]>()
    let isAnswered = false
    for (const [orderId, missing] of orders) {
      if (missing.length === 0) {
        this.forget(orderId)
        continue
      }
      const ends = this.endsOf.get(orderId) ?? new Map<number, null>()
      this.endsOf.set(orderId, ends)
      for (const partition of new Set(missing.map((key) => this.partitionOf(key)))) {
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
    const { topic, log, onEnds } = this.parts
    this.asking.add(partition)
    for (const ends of all) ends.set(partition, null)
    const bounds = await log.partitionBounds(topic, partition).catch(() => null)
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
    const own = all.filter(({ topic }) => topic === this.parts.topic)
    return new Map(own.map(({ partition, next }) => [partition, next]))
  }

  private partitionOf(key: string): number {
    return partitionFor(key, this.parts.log.partitionsOf(this.parts.topic))
  }
}
