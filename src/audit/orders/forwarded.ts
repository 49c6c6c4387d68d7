// What the consumers have counted as postponed or dead-lettered, by consumer and partition, and
// what of it is in the log. A record keeps its key, and so its partition, wherever it goes.

import type { OrdersLog } from './read-log.ts'
import type { OrdersRows } from './read-rows.ts'

type Kind = {
  counted: number
  found: number
  /** A record that was stored twice is found twice. */
  distinct: Set<string>
}
export type Forwarded = {
  postponed: Kind
  buried: Kind
  /** Records below `next` of which it is not known that all was published. */
  unpublished: number
}
/** By `partitionName`. */
export type AllForwarded = ReadonlyMap<string, Forwarded>

export function partitionName(consumer: string, partition: number): string {
  return `${consumer}, partition ${partition}`
}

export function forwardedOf({ positions }: OrdersRows, log: OrdersLog): AllForwarded {
  const all = new Map<string, Forwarded>()
  for (const { consumer, partition, next, published, taken } of positions) {
    const name = partitionName(consumer, partition)
    const forwarded = all.get(name) ?? { postponed: none(), buried: none(), unpublished: 0 }
    forwarded.postponed.counted += taken.postponed
    forwarded.buried.counted += taken.buried
    forwarded.unpublished += next - published
    all.set(name, forwarded)
  }
  for (const { note } of log.retried) {
    // One that an operator has re-driven was not postponed.
    if (note === null || note.attempts === 0) continue
    const { consumer, origin, attempts, redrives } = note
    const kind = all.get(partitionName(consumer, origin.partition))?.postponed
    find(kind, `${originKey(consumer, origin)} ${attempts} ${redrives}`)
  }
  for (const { consumer, origin, deadLetterId, redrives } of log.deadLettered) {
    const kind = all.get(partitionName(consumer, origin.partition))?.buried
    find(kind, `${deadLetterId} ${redrives}`)
  }
  return all
}

function none(): Kind {
  return { counted: 0, found: 0, distinct: new Set() }
}

function find(kind: Kind | undefined, name: string): void {
  if (kind === undefined) return
  kind.found += 1
  kind.distinct.add(name)
}

type OriginPlace = { topic: string; partition: number; offset: number }

export function originKey(consumer: string, { topic, partition, offset }: OriginPlace): string {
  return `${consumer} ${topic} ${partition} ${offset}`
}
