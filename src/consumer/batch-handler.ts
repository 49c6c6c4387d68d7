// One batch of records: effects and positions in one transaction, then what follows is published;
// that it was is stored with the positions of the next batch. A record that cannot be handled is
// tried alone, forwarded to the retry topics, and dead-lettered in the end; that is appended before
// its position moves. Nothing is skipped, and everything is counted.

import type { Log } from '../ports/log.ts'
import type { Decided, PositionMove, Taken } from '../ports/orders.ts'
import { messageOf, PortError } from '../ports/port-error.ts'
import { type Retry, retrying } from '../ports/retry.ts'
import type { Slots } from '../ports/slots.ts'
import type { AnyWork, Item, ItemResult, Publish } from './consumer-work.ts'
import {
  checksOf,
  countOf,
  deadLettered,
  type Entry,
  fail,
  forwarded,
  giveUp,
  isRepeated,
  movesOf,
  type Outcome,
  readEntry,
  standing,
} from './entries.ts'
import type { TakenRecord } from './message-loop.ts'
import {
  isPoison,
  isSound,
  isUnmarked,
  isUnsettled,
  type PartitionQueue,
  passed,
  triesBefore,
} from './partition-queue.ts'
import { Fenced } from './shared-partitions.ts'

export type BatchHandlerParts = {
  work: AnyWork
  log: Log
  retry: Retry
  partitions: number
  /** One at a time: what is committed later is also noted later. */
  turns: Slots
  observe?: ConsumerObserver | undefined
}
export type ConsumerObserver = {
  /** One committed batch. */
  taken(taken: Taken): void
  /** Waiting for the database or the log; called for every attempt that failed. */
  waiting(error: PortError): void
}

/** What one transaction is about. */
type Batch = {
  queues: readonly PartitionQueue[]
  entries: readonly Entry[]
  isPatient?: boolean
}

export class BatchHandler {
  private readonly parts: BatchHandlerParts
  /** Records that were blamed since one was handled. */
  private blamed = 0

  constructor(parts: BatchHandlerParts) {
    this.parts = parts
  }

  /** `queues`: all of the loop that takes these. */
  async handle(
    records: readonly TakenRecord[],
    queues: readonly PartitionQueue[] = [],
  ): Promise<void> {
    const { work, partitions, observe } = this.parts
    const entries = records.map((taken) => readEntry(work, taken, partitions))
    const fresh = entries.filter((entry) => !isRepeated(entry))
    for (const entry of fresh) if (isPoison(entry.queue)) giveUp(entry)
    await this.mark(queuesOf(fresh), queues)
    try {
      await this.finish(entries)
      this.blamed = 0
    } catch (error) {
      if (!isAboutRecords(error)) throw error
      if (isOfTable(error)) throw this.brokenTable(error)
      if (records.length > 1) {
        for (const taken of records) await this.handle([taken], queues)
        return
      }
      await this.blame(entries, error)
      await this.finish(entries)
    }
    observe?.taken(countOf(entries, ({ outcome }) => outcome))
    for (const { queue, record } of entries) {
      queue.published = Math.max(queue.published, record.offset + 1)
    }
    for (const { queue } of fresh) passed(queue)
  }

  async publish(records: readonly Publish[]): Promise<void> {
    const { log, retry } = this.parts
    for (const [topic, ofTopic] of Map.groupBy(records, (record) => record.topic)) {
      const entries = ofTopic.map(({ entry }) => entry)
      await retrying(retry, () => log.append(topic, entries))
    }
  }

  /** Stores that all was published. */
  async settle(queues: readonly PartitionQueue[]): Promise<void> {
    const { work, retry, turns } = this.parts
    const used = queues.filter(isUnsettled)
    if (used.length === 0) return
    await turns.run(async () => {
      const moves = used.map((queue) => standing(queue, queue.tries))
      if (!(await retrying(retry, () => work.store.settle(moves)))) throw new Fenced()
      for (const [n, queue] of used.entries()) {
        queue.storedPublished = moves[n]?.published ?? queue.storedPublished
      }
    })
  }

  /** And that nothing is being tried: it is the end of the session. */
  async end(queues: readonly PartitionQueue[]): Promise<void> {
    const used = queues.filter((queue) => {
      return isUnsettled(queue) || (isSound(queue) && queue.tries > 0)
    })
    const moves = used.map((queue) => standing(queue, 0))
    await this.move(used, moves)
  }

  /** The first one marks all whose last session has ended well: once, not for each of them. */
  private async mark(
    tried: readonly PartitionQueue[],
    queues: readonly PartitionQueue[],
  ): Promise<void> {
    const unmarked = tried.filter(isUnmarked)
    if (unmarked.length === 0) return
    const beside = queues.filter((queue) => isSound(queue) && !tried.includes(queue))
    const marked = [...unmarked, ...beside.filter(isUnmarked)]
    const moves = marked.map((queue) => standing(queue, triesBefore(queue)))
    await this.move(marked, moves)
  }

  private async finish(entries: readonly Entry[]): Promise<void> {
    await this.send(entries)
    const results = await this.decide(entries)
    await this.publish(results.flatMap(({ publish }) => publish))
  }

  /** Before a position moves: a crash in between forwards again, and the repetition is harmless. */
  private async send(entries: readonly Entry[]): Promise<void> {
    const { work } = this.parts
    const fresh = entries.filter((entry) => !isRepeated(entry))
    const postponed = fresh.filter(({ outcome }) => outcome === 'postponed')
    const dead = fresh.filter(({ outcome }) => outcome === 'buried')
    await this.publish(postponed.map((entry) => forwarded(work.name, entry)))
    await this.publish(dead.map((entry) => deadLettered(work.name, entry)))
  }

  /** One transaction: what the entries mean that are not through yet, and the positions. */
  private async decide(entries: readonly Entry[]): Promise<readonly ItemResult[]> {
    const { work } = this.parts
    const open = entries.filter(isOpen)
    const isPatient = entries.every((entry) => entry.isPatient)
    const items = open.map((entry) => ({ ...entry.item, isRepeated: isRepeated(entry) }))
    const batch = { queues: queuesOf(entries), entries: open, isPatient }
    const { results, outcomes } = await this.transact(batch, (loaded) => {
      const decided = work.decide(items, loaded)
      const after = new Map<Entry, Outcome>(
        open.map((entry, n) => [entry, outcomeOf(decided.results[n])]),
      )
      const saying = open.filter((_, n) => (decided.results[n]?.publish.length ?? 0) > 0)
      const outcome = (entry: Entry) => after.get(entry) ?? entry.outcome
      const moves = movesOf(entries, { outcomeOf: outcome, saying: new Set(saying) })
      const result = { results: decided.results, outcomes: after, moves }
      return { changes: decided.changes, moves, result }
    })
    for (const [entry, outcome] of outcomes) entry.outcome = outcome
    return results
  }

  /** Only where the database takes other things: it may be the database that is not as it must. */
  private async blame(entries: readonly Entry[], error: unknown): Promise<void> {
    const queues = queuesOf(entries)
    const moves = queues.map((queue) => standing(queue, queue.tries))
    await this.move(queues, moves)
    // In the retry topics are only those that have failed before.
    if (entries.some(({ note }) => note === null)) this.blamed += 1
    if (this.blamed > blamedInARowMax) throw this.brokenTable(error)
    const reason = messageOf(error)
    for (const entry of entries) fail(entry, reason)
  }

  private brokenTable(error: unknown): PortError {
    const what = `the database takes nothing of what ${this.parts.work.name} does`
    const wayOut = 'No record is put aside for that: mend it, and start again where it stopped'
    const text = `${what}: ${messageOf(error)}. ${wayOut}`
    return new PortError('store_broken', text, { isOfTable: true })
  }

  /** Positions alone. */
  private async move(
    queues: readonly PartitionQueue[],
    moves: readonly PositionMove[],
  ): Promise<void> {
    if (moves.length === 0) return
    await this.transact({ queues, entries: [] }, (loaded) => {
      return { changes: this.parts.work.decide([], loaded).changes, moves, result: { moves } }
    })
  }

  private async transact<Result extends { moves: readonly PositionMove[] }>(
    { queues, entries, isPatient = false }: Batch,
    decide: (loaded: unknown) => Decided<unknown, Result>,
  ): Promise<Result> {
    const { work, retry, turns } = this.parts
    const items = entries.flatMap(({ item }) => item ?? [])
    const batch = { checks: checksOf(queues), wanted: work.wantedBy(items), isPatient }
    const result = await turns.run(async () => {
      let changes: unknown
      const done = await retrying(retry, () => {
        return work.store.transact(batch, (loaded) => {
          const decided = decide(loaded)
          changes = decided.changes
          return decided
        })
      })
      if (done === 'fenced') throw new Fenced()
      work.stored?.(changes)
      return done
    })
    for (const { topic, partition, next, tries, published } of result.moves) {
      const queue = queues.find((one) => one.topic === topic && one.partition === partition)
      if (queue !== undefined) Object.assign(queue, { next, tries, storedPublished: published })
    }
    return result
  }
}

/** One record may be what no table takes, and some may; so many, one behind the other, are not. */
const blamedInARowMax = 20

type OpenEntry = Entry & { item: Item<unknown> }
function isOpen(entry: Entry): entry is OpenEntry {
  return entry.outcome === null && entry.item !== null
}

function queuesOf(entries: readonly Entry[]): PartitionQueue[] {
  return [...new Set(entries.map(({ queue }) => queue))]
}

function outcomeOf(result: ItemResult | undefined): Outcome {
  if (result === undefined) throw new Error('a record was not decided')
  return result.kind
}

function isOfTable(error: unknown): boolean {
  return error instanceof PortError && error.isOfTable
}

/** Of the records, or of what they meet; not of the log, and nothing that passes by itself. */
function isAboutRecords(error: unknown): boolean {
  if (error instanceof Fenced) return false
  return !(error instanceof PortError) || error.code === 'store_broken'
}
