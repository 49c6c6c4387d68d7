// This node's own fold of the claims log: it tails every partition from the start and tells what
// each record decided. Everything the node answers, it answers from here.

import type { Command, Decision } from '../../domain/coupons/decide.ts'
import { applyCommand, createFold, type Fold, readRecord } from '../../domain/coupons/fold.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import type { Clock, Instant } from '../../ports/clock.ts'
import { type Log, type LogBatch, PortError } from '../../ports/coupons.ts'

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
  const { log } = parts
  const bounds = await log.bounds(claimsTopic)
  const fold = createFold(bounds.length)
  const caughtUp = Promise.withResolvers<void>()
  const total = bounds.reduce((sum, { start, end }) => sum + end - start, 0)
  const next = bounds.map(({ start }) => start)
  let done = 0
  let behind = bounds.filter(({ start, end }) => start < end).length
  if (behind === 0) caughtUp.resolve()

  function onBatch({ partition, records }: LogBatch): void {
    for (const record of records) {
      if (record.offset !== next[partition]) throw gap(partition, next[partition], record.offset)
      next[partition] = record.offset + 1
      const read = readRecord(fold, record)
      if (read.kind === 'unknown') throw notUnderstood(partition, record.offset, read.reason)
      if (read.kind === 'void') parts.onVoid(read.reason)
      else parts.onDecided(read.command, applyCommand(fold, read.command))
    }
    if (behind > 0) countTowardsStart(partition, records.length)
    parts.onAdvanced?.()
  }

  function countTowardsStart(partition: number, records: number): void {
    const end = bounds[partition]?.end ?? 0
    const now = next[partition] ?? 0
    done += records
    parts.onProgress?.(Math.min(done, total), total)
    if (now >= end && now - records < end) behind--
    if (behind === 0) caughtUp.resolve()
  }

  const from = new Map(bounds.map(({ start }, partition) => [partition, start]))
  const tail = log.tail({ topic: claimsTopic, from, onBatch, onError: parts.onError })
  return {
    coupons: fold.coupons,
    caughtUp: caughtUp.promise,
    hasCaughtUp: () => behind === 0,
    positions: () => next,
    lastReadAt: tail.lastReadAt,
    close: tail.close,
  }
}

function gap(partition: number, expected: number | undefined, found: number): PortError {
  const where = `partition ${partition} of ${claimsTopic}`
  return new PortError('log_damaged', `${where} goes from offset ${expected} to ${found}`)
}

function notUnderstood(partition: number, offset: number, reason: string): PortError {
  const where = `record ${offset} of partition ${partition} of ${claimsTopic}`
  return new PortError(
    'log_damaged',
    `cannot read ${where}: ${reason}. A newer version wrote it; start that version here too`,
  )
}
