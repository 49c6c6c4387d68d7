// This node's own fold of the claims log: it tails every partition from the start and tells what
// each record decided. Everything the node answers, it answers from here.

import type { Command, Decision } from '../../domain/coupons/decide.ts'
import { applyCommand, createFold, type Fold, readRecord } from '../../domain/coupons/fold.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import type { Clock, Instant } from '../../ports/clock.ts'
import { type Log, type LogRecord, PortError } from '../../ports/coupons.ts'
import { followPartitions, type Gap, writtenByNewer } from '../../ports/partition-reader.ts'

export type CouponFoldParts = {
  log: Log
  clock: Clock
  /** Called for every record, in the order of its partition. */
  onDecided(command: Command, decision: Decision): void
  onVoid(reason: string): void
  /** Called after every batch. */
  onAdvanced?: (() => void) | undefined
  /** The fold has stopped for good: the log cannot be read, or not be understood. */
  onError(error: unknown): void
  onProgress?: ((done: number, total: number) => void) | undefined
}

export type CouponFold = {
  coupons: Fold['coupons']
  /** Resolves when the fold has reached the end of the log as it stood at the start. */
  caughtUp: Promise<void>
  hasCaughtUp(): boolean
  /** By partition, the next offset to read. */
  positions(): readonly number[]
  lastReadAt(): Instant
  close(): Promise<void>
}

export async function startCouponFold(parts: CouponFoldParts): Promise<CouponFold> {
  const { log, onError } = parts
  const bounds = await log.bounds(claimsTopic)
  const fold = createFold(bounds.length)
  const total = bounds.reduce((sum, { start, end }) => sum + end - start, 0)
  let done = 0

  function countTowardsStart(records: number): void {
    if (done >= total) return
    done = Math.min(done + records, total)
    parts.onProgress?.(done, total)
  }

  const reader = followPartitions({
    log,
    topic: claimsTopic,
    from: new Map(bounds.map(({ start }, partition) => [partition, start])),
    bounds,
    decode: (record) => readRecord(fold, record),
    onMessage: (command) => parts.onDecided(command, applyCommand(fold, command)),
    onVoid: parts.onVoid,
    onUnknown: notUnderstood,
    onGap: stopAtGap,
    onBatch({ records }) {
      countTowardsStart(records.length)
      parts.onAdvanced?.()
    },
    onError,
  })
  return {
    coupons: fold.coupons,
    caughtUp: reader.caughtUp,
    hasCaughtUp: reader.hasCaughtUp,
    positions: () => reader.next,
    lastReadAt: reader.lastReadAt,
    close: reader.close,
  }
}

function stopAtGap({ topic, partition, expected, found }: Gap): never {
  const where = `partition ${partition} of ${topic}`
  throw new PortError('log_damaged', `${where} goes from offset ${expected} to ${found}`)
}

function notUnderstood(reason: string, { partition, offset }: LogRecord): never {
  const where = `record ${offset} of partition ${partition} of ${claimsTopic}`
  throw writtenByNewer(`cannot read ${where}: ${reason}`, 'start that version here too')
}
