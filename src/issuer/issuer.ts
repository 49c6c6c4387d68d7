// Writes the rows: reads its partitions from the position stored in SQL, folds them, and applies
// each batch with its new position in one transaction, in order, nothing skipped. While the
// database is away it waits. A position that has moved means another owner: it drops all it
// knows and starts again from what is stored.

import { type Retry, retrying } from '../consumer/retry.ts'
import { type Session, type Share, sharePartitions } from '../consumer/shared-partitions.ts'
import { claimsTopic } from '../domain/coupons/messages.ts'
import type { Clock } from '../ports/clock.ts'
import {
  type CouponStore,
  type IssuedRow,
  type Log,
  type LogBatch,
  type LogPlace,
  PortError,
  type StoredPosition,
  type Tail,
} from '../ports/coupons.ts'
import { createIssueFold, type IssueFold, type VoidRecord } from './issue-fold.ts'
import { createIssuePublisher } from './issue-publisher.ts'
import { buryVoids } from './void-records.ts'

export type IssuerParts = {
  log: Log
  store: CouponStore
  clock: Clock
  codeSecret: string
  observe?: IssuerObserver | undefined
  /** Test-only: dies at a named point. */
  crashPoint?: ((name: string) => void) | undefined
  /** The issuer has stopped for good: the log and the rows cannot both be right. */
  onError(error: unknown): void
}
export type IssuerObserver = {
  /** One committed batch: how many records and rows, and the age (ms) of its oldest record. */
  applied(batch: { records: number; rows: number; lagMs: number }): void
  /** Waiting for the database or the log; called for every attempt that failed. */
  waiting(error: PortError): void
}

export type Issuer = {
  /** Next offset to apply, by partition that this issuer owns now. */
  positions(): ReadonlyMap<number, number>
  /** Drops all it knows and starts again from what is stored. */
  restart(): void
  close(): Promise<void>
}

export const issuerGroup = 'firstcome.issuer'

type IssuerSession = Session & { positions: Map<number, number> }

export async function startIssuer(parts: IssuerParts): Promise<Issuer> {
  const { log, clock, onError } = parts
  const shared = await sharePartitions({
    log,
    clock,
    topic: claimsTopic,
    group: issuerGroup,
    startSession: (share) => startSession(parts, share),
    onError,
  })
  return {
    positions: () => shared.session()?.positions ?? new Map<number, number>(),
    restart: shared.restart,
    close: shared.close,
  }
}

/** Owns its partitions until it is closed, fenced, or cannot go on. */
function startSession(parts: IssuerParts, share: Share): IssuerSession {
  const { log, store, clock, crashPoint } = parts
  const positions = new Map<number, number>()
  const toldBefore = createToldBefore()
  const ending = new AbortController()
  const retry = retryUntil(ending.signal, parts)
  const fold: IssueFold = createIssueFold({
    partitions: log.partitionsOf(claimsTopic),
    codeSecret: parts.codeSecret,
    load: (couponIds) => retrying(retry, () => store.load(couponIds)),
  })
  const told = { log, store, retry, crashPoint, onTold, onError: failed }
  const publisher = createIssuePublisher(told)
  let tail: Tail | null = null

  async function begin(): Promise<void> {
    const stored = await retrying(retry, () => store.positions())
    const bounds = await retrying(retry, () => log.bounds(claimsTopic))
    for (const partition of share.partitions) {
      const position = stored.get(partition) ?? { next: 0, published: 0 }
      checkBounds(position, { partition, end: bounds[partition]?.end ?? 0 })
      await publisher.publishRows(partition, toldBefore.begin(partition, position))
      positions.set(partition, position.next)
    }
    if (ending.signal.aborted) return
    tail = log.tail({ topic: claimsTopic, from: new Map(positions), onBatch, onError: failed })
  }

  async function onBatch({ partition, records }: LogBatch): Promise<void> {
    crashPoint?.('K15')
    const expected = positions.get(partition) ?? 0
    const first = records[0]
    const last = records.at(-1)
    if (first === undefined || last === undefined) return
    if (first.offset !== expected) throw gap(partition, expected, first.offset)
    const next = last.offset + 1
    const { coupons, issued, voids } = await fold.apply(records)
    await buryVoids({ log, retry }, toldBefore.untold(voids))
    const batch = { partition, expected, next, coupons, issued }
    const applied = await retrying(retry, () => store.apply(batch))
    if (applied === 'fenced') throw new Fenced()
    positions.set(partition, next)
    const lagMs = clock.now() - first.appendedAt
    parts.observe?.applied({ records: records.length, rows: issued.length, lagMs })
    await publisher.tell(partition, { issued: toldBefore.without(issued), next })
  }

  function onTold(next: ReadonlyMap<number, number>): Promise<void> {
    crashPoint?.('K21')
    return share.membership.commit(next)
  }

  function failed(error: unknown): void {
    if (ending.signal.aborted) return
    ending.abort()
    if (error instanceof Fenced) share.onFenced()
    else parts.onError(error)
  }

  const begun = begin().catch(failed)
  return {
    positions,
    async close() {
      ending.abort()
      await begun
      await tail?.close()
      await publisher.close()
    },
  }
}

function retryUntil(signal: AbortSignal, { clock, observe }: IssuerParts): Retry {
  return { clock, signal, onFailed: (error) => observe?.waiting(error) }
}

class Fenced extends Error {}

/** What was published before the rows were dropped to be derived anew. */
function createToldBefore() {
  const told = new Map<number, number>()
  const isTold = (row: LogPlace) => row.offset < (told.get(row.partition) ?? 0)
  return {
    begin(partition: number, position: StoredPosition): StoredPosition {
      const before = position.told ?? 0
      told.set(partition, before)
      const published = Math.max(position.published, Math.min(before, position.next))
      return { ...position, published }
    },
    without(issued: IssuedRow[]): IssuedRow[] {
      return issued.some(isTold) ? issued.filter((row) => !isTold(row)) : issued
    },
    untold(voids: VoidRecord[]): VoidRecord[] {
      return voids.filter(({ record }) => !isTold(record))
    },
  }
}

function checkBounds(position: StoredPosition, log: { partition: number; end: number }): void {
  if (position.next <= log.end) return
  throw new PortError(
    'log_damaged',
    `rows were issued up to offset ${position.next} of partition ${log.partition}, but the log ` +
      `ends at ${log.end}: records are lost. Restore the log; to accept the loss and derive the ` +
      `rows from what is left, run "firstcome rebuild"`,
  )
}

function gap(partition: number, expected: number, found: number): PortError {
  const where = `partition ${partition} of ${claimsTopic}`
  return new PortError('log_damaged', `${where} goes on at ${found}, but ${expected} is next`)
}
