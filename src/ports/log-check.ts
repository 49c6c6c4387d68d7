// Whether a log is the one that positions were stored for, and whole: it begins at offset 0, ends
// no earlier than anybody has read, and has the records that were read last. Every role asks before
// its first answer or its first record; whoever went on with another log would give away again what
// people were told.

import { recordFingerprint } from '../domain/fingerprint.ts'
import { type Clock, within } from './clock.ts'
import type { Log, LogBounds } from './log.ts'
import { readToEnd, undecoded } from './partition-reader.ts'

/** Where a reader stands in a partition, and of the record before that; null: not known. */
export type ReadPlace = {
  reader: string
  topic: string
  partition: number
  next: number
  fingerprint: string | null
}
type ReadableLog = Pick<Log, 'bounds' | 'tail'>
/** By topic and partition, where a log begins and ends; without partitions that were not asked. */
export type TopicBounds = ReadonlyMap<string, readonly LogBounds[]>
export type PartitionName = { topic: string; partition: number }

export async function boundsOf(
  log: Pick<Log, 'bounds'>,
  topics: readonly string[],
): Promise<TopicBounds> {
  const found = new Map<string, readonly LogBounds[]>()
  for (const topic of topics) found.set(topic, await log.bounds(topic))
  return found
}

type PartitionLog = Pick<Log, 'partitionsOf' | 'partitionBounds'>

/** `away`: partitions that did not say in time where they end, as those without a leader. */
export async function boundsInTime(
  log: PartitionLog,
  topics: readonly string[],
  deadline: { clock: Clock; ms: number },
): Promise<{ bounds: TopicBounds; away: PartitionName[] }> {
  const bounds = new Map<string, LogBounds[]>()
  const away: PartitionName[] = []
  const asked = topics.flatMap((topic) => {
    const found: LogBounds[] = []
    bounds.set(topic, found)
    return Array.from({ length: log.partitionsOf(topic) }, async (_, partition) => {
      const answer = log.partitionBounds(topic, partition)
      const known = await within({ ...deadline, late: () => null }, answer)
      if (known === null) away.push({ topic, partition })
      else found[partition] = known
    })
  })
  await Promise.all(asked)
  return { bounds, away }
}

/** Partitions whose first records are gone, each in words. */
export function lostBeginnings(all: TopicBounds): string[] {
  const faults: string[] = []
  for (const [topic, bounds] of all) {
    bounds.forEach(({ start }, partition) => {
      if (start > 0) faults.push(`${placeName({ topic, partition })} begins at offset ${start}`)
    })
  }
  return faults
}

/** Places that the log does not reach, or where it has another record, each in words. */
export async function strangePlaces(
  log: ReadableLog,
  all: TopicBounds,
  places: readonly ReadPlace[],
): Promise<string[]> {
  const faults: string[] = []
  for (const [topic, bounds] of all) {
    const own = places.filter((place) => place.topic === topic && place.next > 0)
    const found = own.flatMap((at) => endFault(at, bounds[at.partition]?.end ?? 0) ?? [])
    if (found.length === 0) found.push(...(await recordFaults(log, topic, own)))
    faults.push(...found)
  }
  return faults
}

/** Null where the log reaches as far. */
export function endFault(at: Omit<ReadPlace, 'fingerprint'>, end: number): string | null {
  if (at.next <= end) return null
  const read = `${at.reader} has read ${placeName(at)} up to ${at.next}`
  return `${read}, but it ends at ${end}: records are lost`
}

async function recordFaults(
  log: ReadableLog,
  topic: string,
  places: readonly ReadPlace[],
): Promise<string[]> {
  const known = places.filter(({ fingerprint }) => fingerprint !== null)
  const faults: string[] = []
  for (const round of roundsOf(known)) {
    const found = await fingerprintsAt(log, topic, round)
    for (const at of known) {
      if (round.get(at.partition) !== at.next) continue
      if (found.get(at.partition) === at.fingerprint) continue
      const record = `record ${at.next - 1} of ${placeName(at)}`
      const other = 'this is another log, or an older one that has grown since'
      faults.push(`${record} is not the one that ${at.reader} has read: ${other}`)
    }
  }
  return faults
}

/** By partition one position at a time: readers that stand alike are compared in one reading. */
function roundsOf(places: readonly ReadPlace[]): Map<number, number>[] {
  const rounds: Map<number, number>[] = []
  for (const { partition, next } of places) {
    const known = rounds.some((round) => round.get(partition) === next)
    if (known) continue
    const free = rounds.find((round) => !round.has(partition))
    if (free === undefined) rounds.push(new Map([[partition, next]]))
    else free.set(partition, next)
  }
  return rounds
}

/** By partition, of the record before each position. */
export async function fingerprintsAt(
  log: ReadableLog,
  topic: string,
  positions: ReadonlyMap<number, number>,
): Promise<Map<number, string>> {
  const found = new Map<number, string>()
  const bounds: LogBounds[] = []
  for (const [partition, next] of positions) bounds[partition] = { start: next - 1, end: next }
  for (let n = 0; n < bounds.length; n++) bounds[n] ??= { start: 0, end: 0 }
  await readToEnd({
    log,
    topic,
    bounds,
    decode: undecoded,
    onMessage: (record) => found.set(record.partition, recordFingerprint(record)),
  })
  return found
}

export function placeName({ topic, partition }: PartitionName): string {
  return `partition ${partition} of ${topic}`
}
