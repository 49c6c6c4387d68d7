// What may still be on its way: a difference between log and rows is none where the consumer has
// not come to the record yet, or the record waits in a retry topic or as a dead letter. A row may
// also be ahead of the positions, because they were read first.

import { deadLettersTopic } from '../../domain/orders/retries.ts'
import type { AuditedPosition, ConsumerName } from '../../ports/orders.ts'
import type { OrdersLog, Retried } from './read-log.ts'
import type { OrdersRows } from './read-rows.ts'

/** behind: not read yet. retry, letter: given up for now; `letter` waits for an operator. */
export type Waiting = 'behind' | 'retry' | 'letter'
export type Question = {
  consumer: ConsumerName
  topic: string
  partition: number
  key: string
  /** The last record of the topic that is about the key; -1: there is none. */
  lastOffset: number
}
export type Flight = {
  /** Why the consumer's rows need not show what the topic says of the key; null: they must. */
  waiting(question: Question): Waiting | null
  /** Whether what the consumer published about the key must be in the log by now. */
  isAnswered(question: Question): boolean
  /** The records of retry topics that are still to be handled. */
  waitingRetries: Retried[]
  waitingLetters: number
}

export function createFlight(rows: OrdersRows, log: OrdersLog): Flight {
  const known = { rows, log, positions: positionsOf(rows.positions), kept: keptBack(rows, log) }
  const { positions, kept } = known
  const retries = retriesOf(known)
  const pending = new Map<string, Waiting>([...retries.pending, ...lettersOf(known)])
  return {
    waiting(question) {
      const { consumer, topic, partition, key, lastOffset } = question
      const position = positions.get(placeKey(consumer, topic, partition))
      const isKept = kept.has(`${consumer} ${partition}`)
      if (lastOffset >= boundaryOf(position, isKept)) return 'behind'
      return pending.get(pendingKey(consumer, topic, key)) ?? null
    },
    isAnswered(question) {
      const { consumer, topic, partition, key, lastOffset } = question
      const position = positions.get(placeKey(consumer, topic, partition))
      if (lastOffset >= (position?.published ?? 0)) return false
      const name = pendingKey(consumer, topic, key)
      return !pending.has(name) && !retries.unpublished.has(name)
    },
    waitingRetries: retries.waiting,
    waitingLetters: [...rows.letters.values()].filter(({ status }) => status === 'waiting').length,
  }
}

type Known = {
  rows: OrdersRows
  log: OrdersLog
  positions: ReadonlyMap<string, AuditedPosition>
  kept: ReadonlySet<string>
}

function boundaryOf(position: AuditedPosition | undefined, isKept: boolean): number {
  return (isKept ? position?.published : position?.next) ?? 0
}

type Retries = {
  waiting: Retried[]
  pending: Map<string, Waiting>
  /** What was published about them may be missing in the log. */
  unpublished: Set<string>
}

function retriesOf({ log, positions, kept }: Known): Retries {
  const retries: Retries = { waiting: [], pending: new Map(), unpublished: new Set() }
  for (const record of log.retried) {
    if (record.note === null) continue
    const { topic, partition, offset, key } = record
    const { consumer, origin } = record.note
    const position = positions.get(placeKey(consumer, topic, partition))
    const name = pendingKey(consumer, origin.topic, key)
    if (offset >= (position?.published ?? 0)) retries.unpublished.add(name)
    if (offset >= (position?.next ?? 0)) retries.waiting.push(record)
    const boundary = boundaryOf(position, kept.has(`${consumer} ${partition}`))
    if (offset >= boundary) retries.pending.set(name, 'retry')
  }
  return retries
}

function lettersOf({ rows, log, positions }: Known): Map<string, Waiting> {
  const pending = new Map<string, Waiting>()
  const redriven = new Map<string, number>()
  for (const { note } of log.retried) {
    if (note === null) continue
    const name = originKey(note.consumer, note.origin)
    redriven.set(name, Math.max(redriven.get(name) ?? 0, note.redrives))
  }
  for (const { consumer, status, origin, key, redrivable, acts } of rows.letters.values()) {
    // Nobody will ever understand it; so nothing is waiting for it.
    if (!redrivable) continue
    const redrives = acts.filter(({ act }) => act === 'redriven').length
    const found = redriven.get(originKey(consumer, origin)) ?? 0
    const underWay = status === 'redriven' && found < redrives
    // What the process did not hear of an ended order is nobody's stock or money.
    const setAside = status === 'discarded' && consumer === 'order-process'
    if (status !== 'waiting' && !underWay && !setAside) continue
    pending.set(pendingKey(consumer, origin.topic, key), underWay ? 'retry' : 'letter')
  }
  for (const { consumer, origin, key, partition, offset } of log.burials) {
    const position = positions.get(placeKey('dead-letters', deadLettersTopic, partition))
    if (offset < (position?.next ?? 0)) continue
    pending.set(pendingKey(consumer, origin.topic, key), 'letter')
  }
  return pending
}

/**
 * Consumers, by partition, that have counted more records as postponed or buried than there are:
 * they had not published all of them yet, so what they were is only known from `published` on.
 */
function keptBack(rows: OrdersRows, log: OrdersLog): Set<string> {
  const owed = new Map<string, { postponed: number; buried: number }>()
  for (const { consumer, partition, taken } of rows.positions) {
    const name = `${consumer} ${partition}`
    const sum = owed.get(name) ?? { postponed: 0, buried: 0 }
    sum.postponed += taken.postponed
    sum.buried += taken.buried
    owed.set(name, sum)
  }
  const postponed = new Map<string, Set<string>>()
  for (const { note } of log.retried) {
    if (note === null || note.attempts === 0) continue
    const { consumer, origin, attempts, redrives } = note
    const name = `${consumer} ${origin.partition}`
    addInto(postponed, name, `${originKey(consumer, origin)} ${attempts} ${redrives}`)
  }
  const buried = new Map<string, Set<string>>()
  // The dead letters' own partition follows from their ids.
  for (const { consumer, origin, deadLetterId, redrives } of log.burials) {
    addInto(buried, `${consumer} ${origin.partition}`, `${deadLetterId} ${redrives}`)
  }
  const kept = new Set<string>()
  for (const [name, sum] of owed) {
    const missing =
      sum.postponed > (postponed.get(name)?.size ?? 0) || sum.buried > (buried.get(name)?.size ?? 0)
    if (missing) kept.add(name)
  }
  return kept
}

export function placeKey(consumer: string, topic: string, partition: number): string {
  return `${consumer} ${topic} ${partition}`
}

export function positionsOf(positions: readonly AuditedPosition[]): Map<string, AuditedPosition> {
  return new Map(
    positions.map((position) => {
      const { consumer, topic, partition } = position
      return [placeKey(consumer, topic, partition), position]
    }),
  )
}

function pendingKey(consumer: string, topic: string, key: string): string {
  return `${consumer} ${topic} ${key}`
}

type OriginPlace = { topic: string; partition: number; offset: number }

function originKey(consumer: string, { topic, partition, offset }: OriginPlace): string {
  return `${consumer} ${topic} ${partition} ${offset}`
}

function addInto(sets: Map<string, Set<string>>, name: string, value: string): void {
  const set = sets.get(name)
  if (set === undefined) sets.set(name, new Set([value]))
  else set.add(value)
}
