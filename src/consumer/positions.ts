// Positions of a batch: what is checked before, where they move to, and what is counted.

import { nothingTaken, type PositionCheck, type PositionMove, type Taken } from '../ports/orders.ts'
import { type Entry, isRepeated, type Outcome } from './entries.ts'
import { type PartitionQueue, triesAfter, triesBefore } from './partition-queue.ts'

type OutcomeOf = (entry: Entry) => Outcome

export function checksOf(queues: readonly PartitionQueue[]): PositionCheck[] {
  return queues.map(({ topic, partition, next }) => ({ topic, partition, expected: next }))
}

/** As they are, but with other tries. */
export function standing(queue: PartitionQueue, tries: number): PositionMove {
  const { topic, partition, next } = queue
  const published = Math.min(queue.published, next)
  return { topic, partition, next, published, tries, taken: nothingTaken }
}

export function movesOf(entries: readonly Entry[], outcomeOf: OutcomeOf): PositionMove[] {
  const fresh = entries.filter((entry) => !isRepeated(entry))
  return [...Map.groupBy(fresh, ({ queue }) => queue)].map(([queue, own]) => {
    const next = (own.at(-1)?.record.offset ?? 0) + 1
    return { ...standing(queue, triesAfter(queue, next)), next, taken: countOf(own, outcomeOf) }
  })
}

export function countOf(entries: readonly Entry[], outcomeOf: OutcomeOf): Taken {
  const taken = { ...nothingTaken }
  for (const entry of entries) {
    const outcome = outcomeOf(entry)
    if (outcome !== null) taken[outcome] += 1
  }
  return taken
}

/** As they are, with the marks of those who are about to try; none where all are marked. */
export function triesMarks(entries: readonly Entry[]): PositionMove[] {
  const queues = new Set(entries.filter((entry) => !isRepeated(entry)).map(({ queue }) => queue))
  const unmarked = [...queues].filter((queue) => queue.tries !== triesBefore(queue))
  return unmarked.map((queue) => standing(queue, triesBefore(queue)))
}
