// Whether every record that a consumer has taken is accounted for (I14): handled, forwarded to a
// retry topic where it is found, or a dead letter, as its counts say; and how far each is behind.

import {
  orderStepsTopic,
  ordersTopic,
  productsTopic,
  walletsTopic,
} from '../../domain/orders/messages.ts'
import { deadLettersTopic, retryTopics } from '../../domain/orders/retries.ts'
import type { AuditedPosition, ConsumerName } from '../../ports/orders.ts'
import type { ComparisonParts } from './compare-orders.ts'
import { placeKey, positionsOf } from './in-flight.ts'

/** What each consumer reads, beside the retry topics. */
const inputs: Readonly<Record<ConsumerName, readonly string[]>> = {
  'order-process': [ordersTopic, orderStepsTopic],
  'coupon-step': [ordersTopic],
  'stock-step': [ordersTopic, productsTopic],
  'payment-step': [ordersTopic, walletsTopic],
  'dead-letters': [deadLettersTopic],
}

export function compareCounts(parts: ComparisonParts): void {
  const { rows, findings } = parts
  for (const position of rows.positions) {
    const { consumer, topic, partition, next, taken } = position
    const { applied, dropped, postponed, buried, passedBy } = taken
    const where = `${consumer}, partition ${partition} of ${topic}`
    const sum = applied + dropped + postponed + buried + passedBy
    if (sum !== next) {
      findings.add('I14', null, () => `${where}: ${next} records were taken, ${sum} accounted for`)
    }
    const end = parts.log.bounds.get(topic)?.[partition]?.end ?? 0
    if (next > end) {
      findings.add('I14', null, () => `${where}: ${next} were taken, but the log ends at ${end}`)
    }
    comparePassedBy(position, parts)
  }
  compareForwarded(parts)
  compareLetters(parts)
}

/** Records that the consumers have still to take, of all of them together. */
export function lagOf({ rows, log }: Pick<ComparisonParts, 'rows' | 'log'>): number {
  const positions = positionsOf(rows.positions)
  let lag = 0
  for (const [consumer, topics] of Object.entries(inputs)) {
    for (const topic of topics) {
      for (const [partition, { end }] of (log.bounds.get(topic) ?? []).entries()) {
        const next = positions.get(placeKey(consumer, topic, partition))?.next ?? 0
        lag += Math.max(0, end - next)
      }
    }
  }
  return lag
}

function comparePassedBy(position: AuditedPosition, { log, findings }: ComparisonParts): void {
  const { consumer, topic, partition, next, taken } = position
  if (!(retryTopics as readonly string[]).includes(topic)) {
    if (taken.passedBy === 0) return
    const passed = `${consumer}, partition ${partition} of ${topic}: ${taken.passedBy} passed by`
    findings.add('I14', null, () => `${passed}, but all of them are its own`)
    return
  }
  let others = 0
  let nobodys = 0
  for (const record of log.retried) {
    if (record.topic !== topic || record.partition !== partition || record.offset >= next) continue
    if (record.note === null) nobodys += 1
    else if (record.note.consumer !== consumer) others += 1
  }
  const { passedBy } = taken
  if (passedBy >= others && passedBy <= others + nobodys) return
  findings.add('I14', null, () => {
    const where = `${consumer}, partition ${partition} of ${topic}`
    return `${where}: ${passedBy} passed by, but ${others} were meant for others`
  })
}

type Owed = { postponed: number; buried: number; unpublished: number }

/** By consumer and partition; a record keeps its key, and so its partition, wherever it goes. */
function compareForwarded({ rows, log, findings }: ComparisonParts): void {
  const owed = new Map<string, Owed>()
  for (const { consumer, partition, next, published, taken } of rows.positions) {
    const name = `${consumer}, partition ${partition}`
    const sum = owed.get(name) ?? { postponed: 0, buried: 0, unpublished: 0 }
    sum.postponed += taken.postponed
    sum.buried += taken.buried
    sum.unpublished += next - published
    owed.set(name, sum)
  }
  const retried = new Map<string, number>()
  const buried = new Map<string, number>()
  for (const { note } of log.retried) {
    // One that an operator has re-driven was not postponed.
    if (note !== null && note.attempts > 0) count(retried, note)
  }
  for (const burial of log.burials) count(buried, burial)
  for (const [name, { unpublished, ...sum }] of owed) {
    const kinds = [
      ['postponed', sum.postponed, retried.get(name) ?? 0, 'the retry topics'],
      ['buried', sum.buried, buried.get(name) ?? 0, deadLettersTopic],
    ] as const
    for (const [kind, said, found, where] of kinds) {
      if (said <= found + unpublished) continue
      findings.add('I14', null, () => `${name}: ${said} were ${kind}, ${found} are in ${where}`)
    }
  }
}

function compareLetters({ rows, log, findings }: ComparisonParts): void {
  const positions = positionsOf(rows.positions)
  const buried = new Set<string>()
  for (const { deadLetterId: id, partition, offset } of log.burials) {
    const next = positions.get(placeKey('dead-letters', deadLettersTopic, partition))?.next ?? 0
    const isNew = !buried.has(id)
    buried.add(id)
    if (!isNew || offset >= next || rows.letters.has(id)) continue
    findings.add('I14', null, () => `dead letter ${id}: it was buried, but its row is missing`)
  }
  for (const id of rows.letters.keys()) {
    if (buried.has(id)) continue
    findings.add('I14', null, () => `dead letter ${id}: a row, but ${deadLettersTopic} has none`)
  }
}

type Named = { consumer: string; origin: { partition: number } }

function count(counts: Map<string, number>, { consumer, origin }: Named): void {
  const name = `${consumer}, partition ${origin.partition}`
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
