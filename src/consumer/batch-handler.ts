// One batch of records: effects and positions in one transaction, then what follows is published;
// that it was is stored with the positions of the next batch. A record that cannot be handled is
// tried alone, forwarded to the retry topics, and buried in the end; that is appended before its
// position moves. Nothing is skipped, and everything is counted.

import type { Clock } from '../ports/clock.ts'
import { type Log, PortError } from '../ports/coupons.ts'
import type { Decided, PositionMove, Taken } from '../ports/orders.ts'
import type { Asked, ConsumerWork, HelpFailure, ItemResult, Publish } from './consumer-work.ts'
import { type Entry, isRepeated, readEntry } from './entries.ts'
import { buriedAs, fail, forwarded, giveUp } from './giving-up.ts'
import type { TakenRecord } from './message-loop.ts'
import { isGivenUp, isUnsettled, type Lane, passed } from './partition-queue.ts'
import { checksOf, countOf, movesOf, standing, triesMarks } from './positions.ts'
import { type Retry, retrying } from './retry.ts'

export type BatchHandlerParts<Message, Wanted, Loaded, Changes, Help> = {
  work: ConsumerWork<Message, Wanted, Loaded, Changes, Help>
  log: Log
  clock: Clock
  retry: Retry
  partitions: number
  /** How long the records of a batch may wait for help. */
  helpMsMax: number
  observe?: ConsumerObserver | undefined
  /** Test-only: dies at a named point. */
  crashPoint?: ((name: string) => void) | undefined
}
export type ConsumerObserver = {
  /** One committed batch. */
  taken(taken: Taken): void
  /** Waiting for the database or the log; called for every attempt that failed. */
  waiting(error: PortError): void
}
/** Somebody else has moved a position: the session is over. */
export class Fenced extends Error {}

export class BatchHandler<Message, Wanted, Loaded, Changes, Help> {
  private readonly parts: BatchHandlerParts<Message, Wanted, Loaded, Changes, Help>

  constructor(parts: BatchHandlerParts<Message, Wanted, Loaded, Changes, Help>) {
    this.parts = parts
  }

  async handle(records: readonly TakenRecord[]): Promise<void> {
    const { work, partitions, observe } = this.parts
    const entries = records.map((taken) => readEntry(work, { ...taken, partitions }))
    const fresh = entries.filter((entry) => !isRepeated(entry))
    for (const entry of fresh) if (isGivenUp(entry.lane)) giveUp(entry)
    await this.move(entries, triesMarks(entries))
    try {
      await this.finish(entries)
    } catch (error) {
      if (!isAboutRecords(error)) throw error
      if (records.length > 1) {
        for (const taken of records) await this.handle([taken])
        return
      }
      await this.blame(entries, error)
    }
    observe?.taken(countOf(entries, ({ fate }) => fate))
    for (const { lane, record } of entries) {
      lane.published = Math.max(lane.published, record.offset + 1)
    }
    for (const { lane } of fresh) passed(lane)
  }

  async publish(records: readonly Publish[]): Promise<void> {
    const { log, retry } = this.parts
    const byTopic = Map.groupBy(records, ({ topic }) => topic)
    for (const [topic, ofTopic] of byTopic) {
      const entries = ofTopic.map(({ entry }) => entry)
      await retrying(retry, () => log.append(topic, entries))
    }
  }

  /** Stores that all was published, and that nothing is being tried. */
  async settle(lanes: readonly Lane[]): Promise<void> {
    const { work, retry } = this.parts
    const used = lanes.filter(isUnsettled)
    if (used.length === 0) return
    const moves = used.map((lane) => standing(lane, 0))
    const batch = { checks: checksOf(used), wanted: work.wantedBy([]) }
    const settled = await retrying(retry, () => {
      return work.store.transact(batch, (loaded) => {
        return { changes: work.decide([], loaded).changes, moves, result: 'settled' }
      })
    })
    if (settled === 'fenced') throw new Fenced()
    for (const lane of used) {
      lane.tries = 0
      lane.storedPublished = Math.min(lane.published, lane.next)
    }
  }

  /** Round by round, until nothing of the batch waits for help any more. */
  private async finish(entries: readonly Entry<Message>[]): Promise<void> {
    const { work, clock, helpMsMax, crashPoint } = this.parts
    const until = clock.now() + helpMsMax
    const sent = new Set<Entry<Message>>()
    let helps = new Map<Entry<Message>, Help>()
    for (;;) {
      await this.send(entries.filter((entry) => !sent.has(entry)))
      for (const entry of entries) if (entry.fate !== null) sent.add(entry)
      const results = await this.decideOpen(entries, helps)
      const following = results.flatMap((result) => ('publish' in result ? result.publish : []))
      if (following.length > 0) crashPoint?.('K26')
      await this.publish(following)
      if (following.length > 0) crashPoint?.(work.publishedPoint ?? 'K27')
      const open = entries.filter(({ fate }) => fate === null)
      if (open.length === 0) return
      helps = await this.help(open, until - clock.now())
    }
  }

  /** Before a position moves: a crash in between forwards again, and the repetition is harmless. */
  private async send(entries: readonly Entry<Message>[]): Promise<void> {
    const { work, crashPoint } = this.parts
    const fresh = entries.filter((entry) => !isRepeated(entry))
    const postponed = fresh.filter(({ fate }) => fate === 'postponed')
    const buried = fresh.filter(({ fate }) => fate === 'buried')
    await this.publish(postponed.map((entry) => forwarded(work.name, entry)))
    if (postponed.length > 0) crashPoint?.('K22')
    await this.publish(buried.map((entry) => buriedAs(work.name, entry)))
    if (buried.length > 0) crashPoint?.('K23')
  }

  /** One transaction: what the open entries mean, and the positions, if nothing waits any more. */
  private async decideOpen(
    entries: readonly Entry<Message>[],
    helps: ReadonlyMap<Entry<Message>, Help>,
  ): Promise<readonly ItemResult[]> {
    const { work, crashPoint } = this.parts
    const open = entries.filter(({ fate }) => fate === null)
    const asked = open.map((entry) => askedOf(entry, helps.get(entry)))
    if (crashPoint !== undefined) for (const { record } of open) crashPoint(`record ${record.key}`)
    const { results } = await this.transact(entries, (loaded) => {
      const { changes, results: decided } = work.decide(asked, loaded)
      const fates = new Map(open.map((entry, n) => [entry, fateOf(entry, decided[n])]))
      const waits = [...fates.values()].includes(null)
      const moves = waits ? [] : movesOf(entries, (entry) => fates.get(entry) ?? entry.fate)
      return { changes, moves, result: { results: decided, moves } }
    })
    open.forEach((entry, n) => {
      entry.fate = fateOf(entry, results[n])
    })
    return results
  }

  private async help(
    open: readonly Entry<Message>[],
    withinMs: number,
  ): Promise<Map<Entry<Message>, Help>> {
    const { work, retry } = this.parts
    const items = open.flatMap(({ item }) => (item === null ? [] : [item]))
    // What it asks may be the database, which is waited for as always.
    const ask = async () => work.help?.(items, withinMs)
    const found = withinMs > 0 ? await retrying(retry, ask) : undefined
    const helps = new Map<Entry<Message>, Help>()
    open.forEach((entry, n) => {
      const one = found?.[n] ?? null
      if (isFailure(one)) fail(entry, one)
      else if (one !== null) helps.set(entry, one)
      else if (withinMs <= 0) fail(entry, { reason: 'it had to wait for too long' })
    })
    return helps
  }

  /** Only where the database takes other things: it may be the database that is not as it must. */
  private async blame(entries: readonly Entry<Message>[], error: unknown): Promise<void> {
    await this.move(
      entries,
      entries.map(({ lane }) => standing(lane, lane.tries)),
    )
    for (const entry of entries) fail(entry, { reason: reasonOf(error) })
    await this.finish(entries)
  }

  /** Positions alone. */
  private async move(
    entries: readonly Entry<Message>[],
    moves: readonly PositionMove[],
  ): Promise<void> {
    if (moves.length === 0) return
    const none = entries.map((entry) => ({ ...entry, item: null }))
    await this.transact(none, (loaded) => {
      const { changes } = this.parts.work.decide([], loaded)
      return { changes, moves, result: { results: [], moves } }
    })
  }

  private async transact(entries: readonly Entry<Message>[], decide: Decide<Loaded, Changes>) {
    const { work, retry } = this.parts
    const items = entries.flatMap(({ item }) => (item === null ? [] : [item]))
    const lanes = [...new Set(entries.map(({ lane }) => lane))]
    const batch = { checks: checksOf(lanes), wanted: work.wantedBy(items) }
    const result = await retrying(retry, () => work.store.transact(batch, decide))
    if (result === 'fenced') throw new Fenced()
    for (const { topic, partition, next, tries, published } of result.moves) {
      const lane = lanes.find((one) => one.topic === topic && one.partition === partition)
      if (lane !== undefined) Object.assign(lane, { next, tries, storedPublished: published })
    }
    return result
  }
}

type Decide<Loaded, Changes> = (
  loaded: Loaded,
) => Decided<Changes, { results: readonly ItemResult[]; moves: readonly PositionMove[] }>

function askedOf<Message, Help>(
  { item }: Entry<Message>,
  help: Help | undefined,
): Asked<Message, Help> {
  if (item === null) throw new Error('there is nothing to decide')
  return help === undefined ? item : { ...item, help }
}

/** A record that was through before waits for nothing: what it waited for goes its own way. */
function fateOf<Message>(
  entry: Entry<Message>,
  result: ItemResult | undefined,
): keyof Taken | null {
  if (result === undefined) throw new Error('a record was not decided')
  if (result.kind !== 'waiting') return result.kind
  return isRepeated(entry) ? 'dropped' : null
}

function isFailure(found: unknown): found is HelpFailure {
  return typeof found === 'object' && found !== null && 'kind' in found && found.kind === 'failed'
}

/** Of the records, or of what they meet; not of the log, and nothing that passes by itself. */
function isAboutRecords(error: unknown): boolean {
  if (error instanceof Fenced) return false
  return !(error instanceof PortError) || error.code === 'store_broken'
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
