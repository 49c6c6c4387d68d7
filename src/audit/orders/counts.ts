// Whether every record that a consumer has taken is accounted for (I14): handled, forwarded to a
// retry topic where it is found, or a dead letter, as its counts say; and how far each is behind.

import { deadLettersTopic, type Origin, retryTopics } from '../../domain/orders/retries.ts'
import { topicsReadBy } from '../../ports/orders.ts'
import type { AuditedPosition } from '../../ports/orders-audit.ts'
import type { Sentence } from '../sentences.ts'
import { type ComparisonParts, type PartitionName, partitionName } from './in-flight.ts'

export function compareCounts(parts: ComparisonParts): void {
  const { rows, log, inFlight, findings } = parts
  for (const position of rows.positions) {
    const { consumer, topic, partition, next, taken } = position
    const what = `${partitionName(consumer, partition)} of ${topic}` as const
    const broken = (text: Sentence) => findings.add('I14', { what }, text)
    const sum = Object.values(taken).reduce((all, count) => all + count, 0)
    if (sum !== next) broken(`${next} records were taken, ${sum} accounted for`)
    const end = log.bounds.get(topic)?.[partition]?.end ?? 0
    if (next > end) broken(`${next} were taken, but the log ends at ${end}`)
    const { others, nobodys } = passedByOf(position, parts)
    const { passedBy } = taken
    if (passedBy >= others && passedBy <= others + nobodys) continue
    const isShared = (retryTopics as readonly string[]).includes(topic)
    if (isShared) broken(`${passedBy} passed by, but ${others} were meant for others`)
    else broken(`${passedBy} passed by, but all of them are its own`)
  }
  for (const [name, { postponed, buried, unpublished }] of inFlight.forwarded) {
    for (const [said, { counted, found }, where] of [
      ['postponed', postponed, 'the retry topics'],
      ['buried', buried, deadLettersTopic],
    ] as const) {
      if (counted <= found.length + unpublished) continue
      findings.add(
        'I14',
        { what: name },
        `${counted} were ${said}, ${found.length} are in ${where}`,
      )
    }
  }
  compareBuried(parts)
}

/** Dead letters whose record was surely taken, by consumer and partition, against their counts. */
function compareBuried({ log, inFlight, findings }: ComparisonParts): void {
  const again = new Set<string>()
  for (const { note, topic, partition, offset } of log.retried) {
    if (note === null || offset < inFlight.positionOf(note.consumer, topic, partition).next)
      continue
    again.add(originName(note.consumer, note.origin))
  }
  const buried = new Map<PartitionName, Set<string>>()
  for (const { consumer, origin, deadLetterId, redrives, redrivable } of log.deadLettered) {
    // What the provider left open is given up apart from the records, which were applied.
    if (consumer === 'payment-step' && redrivable) continue
    const { topic, partition, offset } = origin
    if (offset >= inFlight.positionOf(consumer, topic, partition).next) continue
    if (again.has(originName(consumer, origin))) continue
    const name = partitionName(consumer, partition)
    buried.set(name, (buried.get(name) ?? new Set()).add(`${deadLetterId} ${redrives}`))
  }
  for (const [name, { size }] of buried) {
    const counted = inFlight.forwarded.get(name)?.buried.counted ?? 0
    if (counted >= size) continue
    const letters = `${size} are in ${deadLettersTopic}` as const
    findings.add('I14', { what: name }, `${counted} were buried, ${letters}`)
  }
}

function originName(consumer: string, { topic, partition, offset }: Origin): string {
  return `${consumer} ${topic} ${partition} ${offset}`
}

/** Records that the consumers have still to take, of all of them together. */
export function lagOf({ log, inFlight }: Pick<ComparisonParts, 'log' | 'inFlight'>): number {
  let lag = 0
  for (const [consumer, topics] of Object.entries(topicsReadBy)) {
    for (const topic of topics) {
      for (const [partition, { end }] of (log.bounds.get(topic) ?? []).entries()) {
        lag += Math.max(0, end - inFlight.positionOf(consumer, topic, partition).next)
      }
    }
  }
  return lag
}

/** Records that the consumer has read and that were not meant for it, certainly or perhaps. */
function passedByOf(position: AuditedPosition, { log }: ComparisonParts) {
  const { consumer, topic, partition, next } = position
  const passed = { others: 0, nobodys: 0 }
  for (const { note, ...record } of log.retried) {
    if (record.topic !== topic || record.partition !== partition || record.offset >= next) continue
    if (note === null) passed.nobodys += 1
    else if (note.consumer !== consumer) passed.others += 1
  }
  return passed
}
