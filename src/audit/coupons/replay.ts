// Replays the claims log from its start to its end as it stood at the beginning, in the order of
// each partition, and checks every decision. Remembers each coupon as it was at the position that
// the rows have reached, because the log goes on while they are compared.

import { applyCommand, createFold, type Fold, readRecord } from '../../domain/coupons/fold.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import {
  type Log,
  type LogBatch,
  type LogBounds,
  type LogRecord,
  PortError,
  type StoredPosition,
} from '../../ports/coupons.ts'
import type { Findings } from '../findings.ts'
import { readToEnd } from '../read-topic.ts'
import { createPromiseChecks } from './promises.ts'

export type ReplayParts = {
  log: Pick<Log, 'bounds' | 'tail'>
  findings: Findings
  positions: ReadonlyMap<number, StoredPosition>
  /** Only this coupon; the log is read as a whole. */
  couponId?: string | undefined
  onProgress?: ((done: number, total: number) => void) | undefined
}
export type Replayed = {
  fold: Fold
  bounds: LogBounds[]
  records: number
  claims: number
  voidRecords: number
  /** The coupons as of the positions, without their winners. */
  atPosition: Map<string, Coupon>
}

/** Rejects with a PortError where the log cannot be read, or not be understood. */
export async function replayClaims(parts: ReplayParts): Promise<Replayed> {
  const { log, findings } = parts
  const bounds = await log.bounds(claimsTopic)
  const fold = createFold(bounds.length)
  const checks = createPromiseChecks(findings)
  const replayed: Replayed = {
    fold,
    bounds,
    records: 0,
    claims: 0,
    voidRecords: 0,
    atPosition: new Map(),
  }
  const next = bounds.map(({ start }) => start)
  const total = bounds.reduce((sum, { start, end }) => sum + end - start, 0)
  const uncaptured = new Set(bounds.keys())

  function capture(partition: number): void {
    uncaptured.delete(partition)
    for (const coupon of fold.coupons.values()) {
      if (coupon.partition !== partition) continue
      const commands = new Map(coupon.commands)
      replayed.atPosition.set(coupon.couponId, { ...coupon, commands, winners: new Map() })
    }
  }

  function apply(record: LogRecord): void {
    const read = readRecord(fold, record)
    if (read.kind === 'unknown') throw notUnderstood(record, read.reason)
    if (read.kind === 'void') {
      replayed.voidRecords += 1
      return
    }
    const { message } = read.command
    if (parts.couponId !== undefined && message.couponId !== parts.couponId) return
    if (message.type === 'coupon.claimed') replayed.claims += 1
    checks.check(read.command, applyCommand(fold, read.command).outcome)
  }

  function onBatch({ partition, records }: LogBatch): void {
    const end = bounds[partition]?.end ?? 0
    const position = parts.positions.get(partition)?.next ?? 0
    for (const record of records) {
      if (record.offset >= end) break
      const expected = next[partition] ?? 0
      if (record.offset !== expected)
        addGap(findings, { partition, expected, found: record.offset })
      if (uncaptured.has(partition) && record.offset >= position) capture(partition)
      next[partition] = record.offset + 1
      replayed.records += 1
      apply(record)
    }
    parts.onProgress?.(replayed.records, total)
  }

  await readToEnd({ log, topic: claimsTopic, bounds, next }, onBatch)
  for (const partition of uncaptured) capture(partition)
  checks.finish(fold.coupons)
  return replayed
}

type Gap = { partition: number; expected: number; found: number }

function addGap(findings: Findings, { partition, expected, found }: Gap): void {
  findings.add('I2', null, () => {
    const lost = found - expected
    const records = lost === 1 ? '1 record is missing' : `${lost} records are missing`
    const goesOn = `the log goes on at offset ${found} after ${expected - 1}`
    return `partition ${partition}: ${goesOn}: ${records}`
  })
}

function notUnderstood({ partition, offset }: LogRecord, reason: string): PortError {
  return new PortError(
    'log_damaged',
    `the audit stops at record ${offset} of partition ${partition}: ${reason}. ` +
      'A newer version wrote it; audit with that version',
  )
}
