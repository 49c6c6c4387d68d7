// Writes the rows: reads its partitions from the position stored in SQL, folds them, and applies
// each batch with its new position in one transaction, in order, nothing skipped. While the
// database is away it waits. A position that has moved means another owner: it drops all it
// knows and starts again from what is stored.

import { presentEnds } from '../consumer/present-ends.ts'
import { Fenced, type Session, type Share } from '../consumer/shared-partitions.ts'
import { claimsTopic } from '../domain/coupons/messages.ts'
import type { Coupon } from '../domain/coupons/state.ts'
import { recordFingerprint } from '../domain/fingerprint.ts'
import { type Clock, every } from '../ports/clock.ts'
import { type CouponStore, isEnding } from '../ports/coupons.ts'
import type { Log, LogBatch, LogPlace } from '../ports/log.ts'
import { endFault } from '../ports/log-check.ts'
import { followPartitions, type PartitionReader, stopAtGap } from '../ports/partition-reader.ts'
import { PortError } from '../ports/port-error.ts'
import { retrying } from '../ports/retry.ts'
import { type ClaimsConsumer, claimsRestMsMax, startClaimsConsumer } from './claims-consumer.ts'
import { createIssueFold, type IssueFold } from './issue-fold.ts'
import { createIssuePublisher, type IssuePublisher } from './issue-publisher.ts'
import { lookUpLastActs } from './last-acts.ts'
import { loadedFault } from './loaded-coupons.ts'
import { deadLetterVoids } from './void-records.ts'

export type IssuerParts = {
  log: Log
  store: CouponStore
  clock: Clock
  codeSecret: string
  /** How long a coupon is closed before it leaves memory; absent: it stays. */
  closedCouponMs?: number | undefined
  observe?: IssuerObserver | undefined
  /** The issuer has stopped for good: the log and the rows cannot both be right. */
  onError(error: unknown): void
}
export type IssuerObserver = {
  /** One committed batch: how many records and rows, and the age (ms) of its oldest record. */
  applied(batch: { records: number; rows: number; lagMs: number }): void
  /** Waiting for the database or the log; called for every attempt that failed. */
  waiting(error: PortError): void
}

export const issuerGroup = 'firstcome.issuer'
const letGoEveryMs = 60_000

export function startIssuer(parts: IssuerParts): Promise<ClaimsConsumer> {
  return startClaimsConsumer(parts, issuerGroup, (share) => new IssuerSession(parts, share))
}

class IssuerSession implements Session {
  readonly positions = new Map<number, number>()
  private readonly parts: IssuerParts
  private readonly share: Share
  private readonly fold: IssueFold
  private readonly publisher: IssuePublisher
  /** By partition: below it all was published before the rows were dropped to be derived anew. */
  private readonly notified = new Map<number, number>()
  private reader: PartitionReader | null = null
  private isApplying = false
  /** It was time while a batch was being applied. */
  private mayLetGo = false
  private cancelLettingGo = () => {}

  constructor(parts: IssuerParts, share: Share) {
    const { log, store, codeSecret, clock, closedCouponMs } = parts
    const { retry, membership, fail: onError } = share
    this.parts = parts
    this.share = share
    this.fold = createIssueFold({
      partitions: log.partitionsOf(claimsTopic),
      codeSecret,
      clock,
      afterMs: closedCouponMs ?? Number.POSITIVE_INFINITY,
      load: (couponIds) => this.load(couponIds),
      lookUpLastActs: (coupons) => {
        const partitions = log.partitionsOf(claimsTopic)
        return lookUpLastActs({ log, partitions, positions: this.positions }, coupons)
      },
    })
    const onPublished = (next: ReadonlyMap<number, number>) => membership.commit(next)
    this.publisher = createIssuePublisher({ log, store, retry, onPublished, onError })
  }

  async begin(): Promise<void> {
    const { log, store } = this.parts
    const { retry, signal, fail } = this.share
    const stored = await retrying(retry, () => store.positions())
    const ends = await presentEnds({ ...this.parts, share: this.share }, claimsTopic)
    for (const [partition, { end }] of ends) {
      const position = stored.get(partition) ?? { next: 0, published: 0 }
      const { next, notified = 0 } = position
      const lost = endFault({ reader: 'issuer', topic: claimsTopic, partition, next }, end)
      if (lost !== null) throw new PortError('log_damaged', lost)
      this.notified.set(partition, notified)
      const published = Math.max(position.published, notified)
      this.publisher.begin(partition, { next, published })
      this.positions.set(partition, next)
    }
    if (signal.aborted) return
    this.cancelLettingGo = every(this.parts.clock, letGoEveryMs, () => this.letGo())
    this.reader = followPartitions({
      log,
      topic: claimsTopic,
      from: new Map(this.positions),
      ...this.fold.reading,
      restMsMax: claimsRestMsMax,
      onGap: stopAtGap,
      onBatch: (batch) => this.take(batch),
      onError: fail,
    })
  }

  async close(): Promise<void> {
    this.cancelLettingGo()
    await this.reader?.close()
    await this.publisher.close()
  }

  /** Only what the log below the positions can have made. */
  private async load(couponIds: readonly string[]): Promise<Map<string, Coupon>> {
    const { log, store } = this.parts
    const { retry } = this.share
    const coupons = await retrying(retry, () => store.load(couponIds))
    const { positions } = this
    const partitions = log.partitionsOf(claimsTopic)
    const fault = await loadedFault({ log, partitions, positions }, coupons.values())
    if (fault === null) return coupons
    // Rows of another owner, which has gone on from here.
    const stored = await retrying(retry, () => store.positions())
    for (const [partition, next] of positions) {
      if ((stored.get(partition)?.next ?? 0) !== next) throw new Fenced()
    }
    throw new PortError(
      'store_broken',
      `the rows are not those that the log has made: ${fault}. Somebody else has written them: ` +
        'run "firstcome audit", keep a copy, then "firstcome rebuild"',
    )
  }

  private async take(batch: LogBatch): Promise<void> {
    this.isApplying = true
    await this.apply(batch)
    this.isApplying = false
    if (this.mayLetGo) this.letGo()
  }

  /** Of no coupon whose rows are still to be written: those of a batch begin with what it holds. */
  private letGo(): void {
    this.mayLetGo = this.isApplying
    if (!this.isApplying) this.fold.letGo()
  }

  private async apply({ partition, records }: LogBatch): Promise<void> {
    const { log, store, clock, observe } = this.parts
    const { retry } = this.share
    const [first] = records
    const last = records.at(-1)
    if (first === undefined || last === undefined) return
    const expected = this.positions.get(partition) ?? 0
    const next = expected + records.length
    const { coupons, issued, revocations, voids } = await this.fold.apply()
    const unpublished = voids.filter(({ record }) => this.isUnpublished(record))
    await deadLetterVoids({ log, retry }, unpublished)
    const fingerprint = recordFingerprint(last)
    const batch = { partition, expected, next, fingerprint, coupons, issued, revocations }
    const applied = await retrying(retry, () => store.apply(batch))
    if (applied === 'fenced') throw new Fenced()
    this.positions.set(partition, next)
    const lagMs = clock.now() - first.appendedAt
    observe?.applied({ records: records.length, rows: issued.length, lagMs })
    await this.publisher.publish(partition, {
      issued: issued.filter((row) => this.isUnpublished(row)),
      revocations: revocations.filter((row) => this.isUnpublished(row)),
      endsRehearsals: coupons.some(isEnding),
      next,
    })
  }

  private isUnpublished({ partition, offset }: LogPlace): boolean {
    return offset >= (this.notified.get(partition) ?? 0)
  }
}
