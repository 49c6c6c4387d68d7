// One batch of records: effects and positions in one transaction, then what follows is published;
// that it was is stored with the positions of the next batch. A record that cannot be handled is
// tried alone, forwarded to the retry topics, and buried in the end; that is appended before its
// position moves. Nothing is skipped, and everything is counted.

import { burialEntry } from '../../domain/orders/dead-letter-records.ts'
import { attemptsMax, retryHeaders, retryTopics } from '../../domain/orders/retries.ts'
import { type Clock, type Log, type LogEntry, PortError } from '../../ports.ts'
import type { Decided, PositionMove, Taken } from '../../ports-orders.ts'
import { type Retry, retrying } from '../retrying.ts'
import type { Asked, ConsumerWork, HelpFailure, ItemResult, Publish } from './consumer-work.ts'
import { type Entry, isRepeated, ownHeaders, readEntry } from './entries.ts'
import { isGivenUp, type Lane, triesAfter, triesBefore, triesMax } from './lanes.ts'
import type { TakenRecord } from './message-loop.ts'

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
export type BatchHandler = {
  handle(records: readonly TakenRecord[]): Promise<void>
  /** For a chore. */
  publish(records: readonly Publish[]): Promise<void>
  /** Stores that all was published, and that nothing is being tried. */
  settle(lanes: readonly Lane[]): Promise<void>
}

/** Somebody else has moved a position: the session is over. */
export class Fenced extends Error {}

const nothingTaken: Taken = { applied: 0, dropped: 0, postponed: 0, buried: 0, passedBy: 0 }

export function createBatchHandler<Message, Wanted, Loaded, Changes, Help>(
  parts: BatchHandlerParts<Message, Wanted, Loaded, Changes, Help>,
): BatchHandler {
  const { work, log, clock, retry, crashPoint } = parts
  type Own = Entry<Message>
  type Helps = ReadonlyMap<Own, Help>

  async function transact(entries: readonly Own[], decide: Decide<Loaded, Changes>) {
    const items = entries.flatMap(({ item }) => (item === null ? [] : [item]))
    const lanes = [...new Set(entries.map(({ lane }) => lane))]
    const batch = { checks: checksOf(lanes), wanted: work.wantedBy(items) }
    const result = await retrying(retry, () => work.store.transact(batch, decide))
    if (result === 'fenced') throw new Fenced()
    for (const { topic, partition, next, tries } of result.moves) {
      const lane = lanes.find((one) => one.topic === topic && one.partition === partition)
      if (lane !== undefined) Object.assign(lane, { next, tries })
    }
    return result
  }

  /** Positions alone. */
  async function move(entries: readonly Own[], moves: readonly PositionMove[]): Promise<void> {
    if (moves.length === 0) return
    const none = entries.map((entry) => ({ ...entry, item: null }))
    await transact(none, (loaded) => {
      return { changes: work.decide([], loaded).changes, moves, result: { results: [], moves } }
    })
  }

  async function publish(records: readonly Publish[]): Promise<void> {
    const byTopic = Map.groupBy(records, ({ topic }) => topic)
    for (const [topic, ofTopic] of byTopic) {
      const entries = ofTopic.map(({ entry }) => entry)
      await retrying(retry, () => log.append(topic, entries))
    }
  }

  /** Before a position moves: a crash in between forwards again, and the repetition is harmless. */
  async function send(entries: readonly Own[]): Promise<void> {
    const fresh = entries.filter((entry) => !isRepeated(entry))
    const postponed = fresh.filter(({ fate }) => fate === 'postponed')
    const buried = fresh.filter(({ fate }) => fate === 'buried')
    await publish(postponed.map((entry) => forwarded(work.name, entry)))
    if (postponed.length > 0) crashPoint?.('K22')
    await publish(buried.map((entry) => buriedAs(work.name, entry)))
    if (buried.length > 0) crashPoint?.('K23')
  }

  /** One transaction: what the open entries mean, and the positions, if nothing waits any more. */
  async function decideOpen(entries: readonly Own[], helps: Helps): Promise<ItemResult[]> {
    const open = entries.filter(({ fate }) => fate === null)
    const asked = open.map((entry) => askedOf(entry, helps.get(entry)))
    if (crashPoint !== undefined) for (const { record } of open) crashPoint(`record ${record.key}`)
    const { results } = await transact(entries, (loaded) => {
      const { changes, results: decided } = work.decide(asked, loaded)
      const fates = new Map(open.map((entry, n) => [entry, fateOf(entry, decided[n])]))
      const waits = [...fates.values()].includes(null)
      const moves = waits ? [] : movesOf(entries, (entry) => fates.get(entry) ?? entry.fate)
      return { changes, moves, result: { results: decided, moves } }
    })
    open.forEach((entry, n) => {
      entry.fate = fateOf(entry, results[n])
    })
    return [...results]
  }

  async function help(open: readonly Own[], withinMs: number): Promise<Map<Own, Help>> {
    const items = open.flatMap(({ item }) => (item === null ? [] : [item]))
    // What it asks may be the database, which is waited for as always.
    const ask = async () => work.help?.(items, withinMs)
    const found = withinMs > 0 ? await retrying(retry, ask) : undefined
    const helps = new Map<Own, Help>()
    open.forEach((entry, n) => {
      const one = found?.[n] ?? null
      if (isFailure(one)) fail(entry, one.reason)
      else if (one !== null) helps.set(entry, one)
      else if (withinMs <= 0) fail(entry, 'it had to wait for too long')
    })
    return helps
  }

  async function finish(entries: readonly Own[]): Promise<void> {
    const until = clock.now() + parts.helpMsMax
    const sent = new Set<Own>()
    let helps: Helps = new Map()
    for (;;) {
      await send(entries.filter((entry) => !sent.has(entry)))
      for (const entry of entries) if (entry.fate !== null) sent.add(entry)
      const results = await decideOpen(entries, helps)
      const following = results.flatMap((result) => ('publish' in result ? result.publish : []))
      if (following.length > 0) crashPoint?.('K26')
      await publish(following)
      if (following.length > 0) crashPoint?.(work.publishedPoint ?? 'K27')
      const open = entries.filter(({ fate }) => fate === null)
      if (open.length === 0) return
      helps = await help(open, until - clock.now())
    }
  }

  /** The lanes' positions as they are, but with the mark of those who are about to try. */
  async function markTries(entries: readonly Own[]): Promise<void> {
    const marks = entries
      .filter((entry) => !isRepeated(entry) && entry.lane.tries !== triesBefore(entry.lane))
      .map(({ lane }) => standing(lane, triesBefore(lane)))
    await move(entries, [...new Map(marks.map((mark) => [placeOf(mark), mark])).values()])
  }

  async function handle(records: readonly TakenRecord[]): Promise<void> {
    const entries = records.map((taken) => {
      return readEntry(work, { ...taken, partitions: parts.partitions })
    })
    for (const entry of entries) if (isGivenUp(entry.lane) && !isRepeated(entry)) giveUp(entry)
    await markTries(entries)
    try {
      await finish(entries)
    } catch (error) {
      if (!isAboutRecords(error)) throw error
      if (records.length > 1) {
        for (const taken of records) await handle([taken])
        return
      }
      await blame(entries, error)
    }
    parts.observe?.taken(countOf(entries, ({ fate }) => fate))
    for (const { lane, record } of entries) {
      lane.published = Math.max(lane.published, record.offset + 1)
      if (isGivenUp(lane)) lane.caution.tries -= 1
    }
  }

  /** Only where the database takes other things: it may be the database that is not as it must. */
  async function blame(entries: readonly Own[], error: unknown): Promise<void> {
    await move(
      entries,
      entries.map(({ lane }) => standing(lane, lane.tries)),
    )
    for (const entry of entries) fail(entry, reasonOf(error))
    await finish(entries)
  }

  return {
    handle,
    publish,
    async settle(lanes) {
      const used = lanes.filter(({ tries, next, caution }) => tries > 0 && next >= caution.until)
      if (used.length === 0) return
      const moves = used.map((lane) => standing(lane, 0))
      const batch = { checks: checksOf(used), wanted: work.wantedBy([]) }
      const settled = await retrying(retry, () => {
        return work.store.transact(batch, (loaded) => {
          return { changes: work.decide([], loaded).changes, moves, result: 'settled' }
        })
      })
      if (settled === 'fenced') throw new Fenced()
      for (const lane of used) lane.tries = 0
    },
  }
}

type Decide<Loaded, Changes> = (
  loaded: Loaded,
) => Decided<Changes, { results: readonly ItemResult[]; moves: readonly PositionMove[] }>

function checksOf(lanes: readonly Lane[]) {
  return lanes.map(({ topic, partition, next }) => ({ topic, partition, expected: next }))
}

function placeOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic} ${partition}`
}

function standing(lane: Lane, tries: number): PositionMove {
  const { topic, partition, next } = lane
  const published = Math.min(lane.published, next)
  return { topic, partition, next, published, tries, taken: nothingTaken }
}

function movesOf<Message>(
  entries: readonly Entry<Message>[],
  fateOfEntry: (entry: Entry<Message>) => keyof Taken | null,
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

function countOf<Message>(
  entries: readonly Entry<Message>[],
  fateOfEntry: (entry: Entry<Message>) => keyof Taken | null,
): Taken {
  const taken = { ...nothingTaken }
  for (const entry of entries) {
    const fate = fateOfEntry(entry)
    if (fate !== null) taken[fate] += 1
  }
  return taken
}

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

function fail<Message>(entry: Entry<Message>, reason: string): void {
  const attempts = (entry.note?.attempts ?? 0) + 1
  entry.reason = reason
  entry.fate = entry.strict || attempts >= attemptsMax ? 'buried' : 'postponed'
}

function giveUp<Message>(entry: Entry<Message>): void {
  if (entry.fate !== null) return
  entry.reason = `${triesMax} processes in a row died of it`
  entry.fate = 'buried'
}

function forwarded<Message>(consumer: string, entry: Entry<Message>): Publish {
  const { record, note, origin, reason } = entry
  const attempts = (note?.attempts ?? 0) + 1
  const topic = retryTopics[attempts - 1]
  if (topic === undefined) throw new Error(`no retry topic for attempt ${attempts}`)
  const redrives = note?.redrives ?? 0
  const headers = retryHeaders({ consumer, attempts, origin, reason, redrives })
  const { key, value } = record
  const forwardedEntry: LogEntry = { key, value, headers: { ...ownHeaders(entry), ...headers } }
  return { topic, entry: forwardedEntry }
}

function buriedAs<Message>(consumer: string, entry: Entry<Message>): Publish {
  const { record, note, origin, reason, item } = entry
  return burialEntry({
    consumer,
    record: { key: record.key, value: record.value, headers: ownHeaders(entry) },
    origin,
    reason,
    attempts: (note?.attempts ?? 0) + 1,
    redrivable: item !== null,
    redrives: note?.redrives ?? 0,
  })
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
