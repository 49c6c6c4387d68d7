// Makes the proof that everybody may read: reads the claims log beside the issuer, from positions
// of its own, and stores leaves and trees with them in one transaction. Rows of coupons never wait
// for it. What was published must come again when trees are made anew, else it refuses to go on.

import assert from 'node:assert/strict'
import { presentEnds } from '../../consumer/present-ends.ts'
import { Fenced, type Session, type Share } from '../../consumer/shared-partitions.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import { type Clock, sleep } from '../../ports/clock.ts'
import type { Log, LogBatch, LogBounds } from '../../ports/log.ts'
import { endFault } from '../../ports/log-check.ts'
import { followPartitions, type PartitionReader, stopAtGap } from '../../ports/partition-reader.ts'
import { PortError } from '../../ports/port-error.ts'
import type { ProofStore, PublishedCheckpoint } from '../../ports/proof.ts'
import { retrying } from '../../ports/retry.ts'
import { type ClaimsConsumer, claimsRestMsMax, startClaimsConsumer } from '../claims-consumer.ts'
import {
  type Checkpoints,
  type CheckpointsParts,
  type ProofSigner,
  signerId,
  startCheckpoints,
} from './checkpoints.ts'
import { type KeptFold, restoreKept, winnersAgain } from './kept-fold.ts'
import {
  createProofFold,
  type ProofFold,
  type ProofFoldParts,
  type ProofMade,
} from './proof-fold.ts'
import { type PublishedBefore, publishedBefore } from './published-before.ts'
import { startWitnesses, type Witnesses, type Witnessing } from './witnesses.ts'

export type ProofConsumerParts = {
  log: Log
  store: ProofStore
  clock: Clock
  /** Makes the salts. */
  secret: string
  signer: ProofSigner
  /** What to begin with; absent: the log is read from its start. */
  kept?: KeptFold | undefined
  /** Makes checkpoints durable before they are served; absent: the store does. */
  keep?: CheckpointsParts['keep'] | undefined
  observe?: ProofObserver | undefined
  /** Who else is to sign; absent: nobody. */
  witnessing?: Witnessing | undefined
  /** It has stopped for good: the log cannot be read, or contradicts what was published. */
  onError(error: unknown): void
}
export type ProofObserver = {
  /** So many leaves were stored. */
  applied(leaves: number): void
  published(count: number): void
  /** Called for every attempt that failed and is made again. */
  waiting(error: PortError): void
}
export const proofGroup = 'firstcome.proof'
/** Rests four times as long as it has worked, for claims and rows come first. */
const restPart = 4
/** So that a checkpoint covers a record within a second all the same. */
const restMsMax = 100

export function startProofConsumer(parts: ProofConsumerParts): Promise<ClaimsConsumer> {
  return startClaimsConsumer(parts, proofGroup, (share) => new ProofSession(parts, share))
}

class ProofSession implements Session {
  readonly positions = new Map<number, number>()
  private readonly parts: ProofConsumerParts
  private readonly share: Share
  private readonly checkpoints: Checkpoints
  private readonly witnesses: Witnesses | null
  private fold: ProofFold | null = null
  private before: PublishedBefore | null = null
  private ends: Map<number, LogBounds> = new Map()
  private reader: PartitionReader | null = null

  constructor(parts: ProofConsumerParts, share: Share) {
    this.parts = parts
    this.share = share
    const { store, signer, keep = async () => {}, clock } = parts
    const { retry, fail: onError, signal } = share
    const { witnessing = null } = parts
    const asking = { store, keep, signer: signerId(signer), clock, signal }
    const witnesses = witnessing && startWitnesses({ ...witnessing, ...asking })
    const onPublished = (checkpoints: readonly PublishedCheckpoint[]) => {
      parts.observe?.published(checkpoints.length)
      for (const one of checkpoints) witnesses?.published(one)
    }
    this.witnesses = witnesses
    this.checkpoints = startCheckpoints({ store, signer, retry, keep, onPublished, onError })
  }

  async begin(): Promise<void> {
    const { log, store, signer, secret } = this.parts
    const { retry, signal, fail, partitions: owned } = this.share
    const stored = await retrying(retry, () => store.load(owned, signerId(signer)))
    this.ends = await presentEnds({ ...this.parts, share: this.share }, claimsTopic)
    for (const [partition, { end }] of this.ends) {
      const next = stored.positions.get(partition) ?? 0
      const lost = endFault({ reader: 'proof', topic: claimsTopic, partition, next }, end)
      if (lost !== null) throw new PortError('log_damaged', lost)
      this.positions.set(partition, next)
    }
    const { fold, from, winnersOf } = await this.beginning()
    if (signal.aborted) return
    this.before = publishedBefore(stored.unmet)
    this.fold = createProofFold({ fold, winnersOf, secret, stored, before: this.before })
    for (const tree of stored.trees) {
      if (tree.tree.size > tree.signed) this.checkpoints.grown(tree)
      else this.witnesses?.published(tree)
    }
    await this.checkReached()
    this.reader = followPartitions({
      log,
      topic: claimsTopic,
      from,
      ...this.fold.reading,
      restMsMax: claimsRestMsMax,
      onGap: stopAtGap,
      onBatch: (batch) => this.apply(batch),
      onError: fail,
    })
  }

  /** What is known of the log, and where reading begins: at its start where nothing was kept. */
  private async beginning() {
    const { log, kept } = this.parts
    const { retry } = this.share
    const partitions = log.partitionsOf(claimsTopic)
    const restored = kept && (await restoreKept({ log, kept }, this.positions))
    const coupons = new Map(restored?.coupons)
    const from = new Map(
      [...this.ends].map(([partition, { start }]) => {
        return [partition, restored?.places[partition]?.next ?? start]
      }),
    )
    const winnersOf: ProofFoldParts['winnersOf'] = (coupon, away) => {
      assert(kept !== undefined, 'winners are away where nothing was kept')
      return retrying(retry, () => winnersAgain({ log, kept }, coupon, away))
    }
    return { fold: { partitions, coupons }, from, winnersOf }
  }

  async close(): Promise<void> {
    await this.reader?.close()
    await this.checkpoints.close()
    await this.witnesses?.close()
  }

  private async apply({ partition, records }: LogBatch): Promise<void> {
    const { store, clock, observe } = this.parts
    const { retry, signal } = this.share
    const { fold } = this
    const expected = this.positions.get(partition) ?? 0
    const next = (records.at(-1)?.offset ?? -1) + 1
    if (fold === null || next <= expected) return
    const begunAt = clock.monotonic()
    const made = await fold.apply()
    if (typeof made === 'string') return this.refuse(made)
    const batch = { partition, expected, next, ...made }
    const applied = await retrying(retry, () => store.apply(batch))
    if (applied === 'fenced') throw new Fenced()
    this.positions.set(partition, next)
    for (const tree of made.trees) this.checkpoints.grown(tree)
    observe?.applied(leavesIn(made))
    await this.checkReached()
    const restMs = Math.min(restMsMax, restPart * (clock.monotonic() - begunAt))
    if (restMs > 0) await sleep(clock, restMs, signal)
  }

  /** Once the log has been read as far as it went at the start, all that was published is met. */
  private async checkReached(): Promise<void> {
    const { before, fold, ends, positions } = this
    if (before === null || ends.size < this.share.partitions.length) return
    const isBehind = [...ends].some(([at, { end }]) => (positions.get(at) ?? 0) < end)
    if (isBehind) return
    const missing = before.missing((couponId) => fold?.tree(couponId)?.tree.size ?? 0)
    if (missing !== null) return this.refuse(missing)
    this.before = null
  }

  private async refuse(reason: string): Promise<never> {
    const { store } = this.parts
    await retrying(this.share.retry, () => store.refuse(reason))
    throw new PortError('log_damaged', refusalText([reason]))
  }
}

function leavesIn({ entries }: ProofMade): number {
  return entries.reduce((sum, { leaves }) => sum + leaves.length, 0)
}

/** Why nobody goes on, and the way out. */
export function refusalText(reasons: readonly string[]): string {
  return [
    'the log contradicts what was published of it:',
    ...reasons.map((reason) => `  ${reason}`),
    'Whoever saved a checkpoint can show that. Restore the log that it was published from, and ' +
      'run "firstcome rebuild"; nobody goes on with this one',
  ].join('\n')
}
