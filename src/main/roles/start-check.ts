// What every role compares before its first answer or its first record: the log with what the rows
// remember of it, and the code secret with the one that codes were derived from. Nothing starts on
// a log that has lost what people were told, however often a supervisor tries.

import type { Database, Queryable } from '../../adapters/database/database.ts'
import { createCouponReaderSql } from '../../adapters/stores/coupon-reader.ts'
import { readFingerprint, settleFingerprint } from '../../adapters/stores/fingerprints.ts'
import { readPlaces } from '../../adapters/stores/places-reader.ts'
import { wrongCodes } from '../../domain/coupons/codes.ts'
import { codeSecretFingerprint } from '../../domain/fingerprint.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log, LogBounds } from '../../ports/log.ts'
import {
  boundsInTime,
  boundsOf,
  lostBeginnings,
  type PartitionName,
  type ReadPlace,
  strangePlaces,
  type TopicBounds,
} from '../../ports/log-check.ts'
import { PortError } from '../../ports/port-error.ts'
import { refuseContradicted } from './proof/proof.ts'
import { allTopics } from './topics.ts'

export type StartCheck = {
  log: Pick<Log, 'bounds' | 'tail'>
  database: Database
  /** Of a role that is given one. */
  codeSecret: string | undefined
}

/** Rejects with a PortError that names all that differs, and the way out. */
export async function checkStart({ log, database, codeSecret }: StartCheck): Promise<void> {
  await refuseContradicted(database)
  await checkLog(log, database)
  if (codeSecret !== undefined) await checkCodeSecret(database, codeSecret)
}

async function checkLog(log: StartCheck['log'], database: Queryable): Promise<void> {
  // Before the log is asked where it ends: whatever they stand at, it had.
  await checkPlaces(log, await readPlaces(database))
}

/** Rejects with a PortError where the log is not the one that had been read up to there. */
export async function checkPlaces(
  log: StartCheck['log'],
  places: readonly ReadPlace[],
): Promise<void> {
  await compare(log, await boundsOf(log, allTopics), places)
}

async function compare(
  log: StartCheck['log'],
  bounds: TopicBounds,
  places: readonly ReadPlace[],
): Promise<void> {
  refuse(headless, lostBeginnings(bounds))
  refuse(otherLog, await strangePlaces(log, bounds, places))
}

type AnyPartition = Pick<Log, 'partitionsOf' | 'partitionBounds' | 'bounds' | 'tail'>
export type PresentCheck = StartCheck & {
  log: AnyPartition
  clock: Clock
  leaderWaitMsMax: number
  /** One of its partitions has to be there. */
  topic: string
}

/**
 * As `checkStart`, of the partitions that have a leader. Resolves to the others: nothing may be
 * answered or issued from one of them before `checkPartition`.
 */
export async function checkPresent(check: PresentCheck): Promise<PartitionName[]> {
  const { log, database, codeSecret, topic, clock, leaderWaitMsMax: ms } = check
  await refuseContradicted(database)
  const places = await readPlaces(database)
  const { bounds, away } = await boundsInTime(log, allTopics, { clock, ms })
  if (away.filter((at) => at.topic === topic).length === log.partitionsOf(topic)) {
    throw new PortError('log_unavailable', `no partition of ${topic} has a leader`, {
      retryable: true,
    })
  }
  await compare(
    log,
    bounds,
    places.filter((place) => !away.some((one) => isIn(one, place))),
  )
  if (codeSecret !== undefined) await checkCodeSecret(database, codeSecret)
  return away
}

/** What a start could not compare. */
export async function checkPartition(
  { log, database }: Pick<PresentCheck, 'log' | 'database'>,
  at: PartitionName,
): Promise<void> {
  const places = await readPlaces(database)
  const bounds: LogBounds[] = []
  bounds[at.partition] = await log.partitionBounds(at.topic, at.partition)
  await compare(
    log,
    new Map([[at.topic, bounds]]),
    places.filter((place) => isIn(at, place)),
  )
}

function isIn({ topic, partition }: PartitionName, place: ReadPlace): boolean {
  return place.topic === topic && place.partition === partition
}

/** Also for who derives the rows anew: nothing can be derived without the first records. */
export async function checkBeginning(log: StartCheck['log']): Promise<void> {
  refuse(headless, lostBeginnings(await boundsOf(log, allTopics)))
}

type Refusal = { what: string; wayOut: string }
const otherLog: Refusal = {
  what: 'the log is not the one that the rows were made from:',
  wayOut:
    'Restore the log that belongs to them. Where records are lost for good, "firstcome rebuild" ' +
    'derives the rows from what is left; on several nodes "firstcome rebuild --orders", while no ' +
    '"firstcome orders" runs, those of orders',
}
const headless: Refusal = {
  what: 'the first records of the log are gone:',
  wayOut:
    'Restore the topic from a backup, with its offsets and append times: without its first ' +
    'records nothing can be known of who has won',
}

/** Of who carries orders through: what was decided since would be decided again. */
export function refuseOlderRows(faults: readonly string[]): void {
  refuse(olderRows, faults)
}

const olderRows: Refusal = {
  what: 'the rows of orders are older than the log:',
  wayOut:
    'Restore a newer dump, or run "firstcome rebuild --orders", which makes them anew from the ' +
    'log, while no "firstcome orders" runs',
}

/** Enough to see what has happened. */
const faultsToldMax = 20

function refuse({ what, wayOut }: Refusal, faults: readonly string[]): void {
  if (faults.length === 0) return
  const lines = faults.slice(0, faultsToldMax).map((fault) => `  ${fault}`)
  const more = faults.length - lines.length
  if (more > 0) lines.push(`  and ${more} more`)
  throw new PortError('log_damaged', [what, ...lines, wayOut].join('\n'))
}

const secretName = 'code_secret'

async function checkCodeSecret(database: Database, codeSecret: string): Promise<void> {
  const own = codeSecretFingerprint(codeSecret)
  const known = await readFingerprint(database, secretName)
  if (known === own) return
  // Rows that were written before fingerprints were kept say themselves whose they are.
  const [row] = known === null ? await createCouponReaderSql(database).issuedRows({ limit: 1 }) : []
  const isRight = row === undefined || wrongCodes(codeSecret, [row]).length === 0
  if (known === null && isRight) {
    if ((await settleFingerprint(database, secretName, own)) === own) return
  }
  throw new PortError(
    'store_broken',
    'the codes of the coupons were derived from another FIRSTCOME_CODE_SECRET: with this one ' +
      'they would all change. Give the one that they were started with',
  )
}
