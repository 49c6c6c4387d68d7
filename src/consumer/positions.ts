// Positions of a batch: what is checked before, where they move to, and what is counted.

import type { PositionCheck, PositionMove, Taken } from '../ports/orders.ts'
import { type Entry, isRepeated } from './entries.ts'
import { type Lane, triesAfter, triesBefore } from './partition-queue.ts'

type FateOf<Message> = (entry: Entry<Message>) => keyof Taken | null

const nothingTaken: Taken = { applied: 0, dropped: 0, postponed: 0, buried: 0, passedBy: 0 }

export function checksOf(lanes: readonly Lane[]): PositionCheck[] {
  return lanes.map(({ topic, partition, next }) => ({ topic, partition, expected: next }))
}

/** As they are, but with other tries. */
export function standing(lane: Lane, tries: number): PositionMove {
  const { topic, partition, next } = lane
  const published = Math.min(lane.published, next)
  return { topic, partition, next, published, tries, taken: nothingTaken }
}

export function movesOf<Message>(
  entries: readonly Entry<Message>[],
  fateOfEntry: FateOf<Message>,
): PositionMove[] {
  const byLane = Map.groupBy(entries, ({ lane }) => lane)
  return [...byLane].flatMap(([lane, own]) => {
    const fresh = own.filter((entry) => !isRepeated(entry))
    const last = fresh.at(-1)
    if (last === undefined) return []
    const next = last.record.offset + 1
    const published = Math.min(lane.published, lane.next)
    const { topic, partition } = lane
    const taken = countOf(fresh, fateOfEntry)
    return [{ topic, partition, next, published, tries: triesAfter(lane, next), taken }]
  })
}

export function countOf<Message>(
  entries: readonly Entry<Message>[],
  fateOfEntry: FateOf<Message>,
): Taken {
  const taken = { ...nothingTaken }
  for (const entry of entries) {
    const fate = fateOfEntry(entry)
    if (fate !== null) taken[fate] += 1
  }
  return taken
}

/** As they are, with the marks of those who are about to try; none where all are marked. */
export function triesMarks<Message>(entries: readonly Entry<Message>[]): PositionMove[] {
  const lanes = new Set(entries.filter((entry) => !isRepeated(entry)).map(({ lane }) => lane))
  const unmarked = [...lanes].filter((lane) => lane.tries !== triesBefore(lane))
  return unmarked.map((lane) => standing(lane, triesBefore(lane)))
}
