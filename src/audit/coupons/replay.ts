// Replays the claims log from its start to its end as it stood at the beginning, in the order of
// each partition, and checks every decision. Remembers each coupon as it was at the position that
// the rows have reached, because the log goes on while they are compared.

import { applyCommand, createFold, type Fold, readRecord } from '../../domain/coupons/fold.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import { copyOf } from '../../domain/coupons/revocations.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import { hasEnded, type StoredPosition } from '../../ports/coupons.ts'
import type { Log, LogBounds, LogRecord } from '../../ports/log.ts'
import { type Gap, readToEnd, writtenByNewer } from '../../ports/partition-reader.ts'
import { type Findings, recordAt } from '../findings.ts'
import { createPromiseChecks } from './promises.ts'
import type { WinnerCodes } from './winner-codes.ts'

export type ReplayParts = {
  log: Pick<Log, 'bounds' | 'tail'>
  findings: Findings
  positions: ReadonlyMap<number, StoredPosition>
  /** Is told who wins. */
  codes: WinnerCodes
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
  /** Of rehearsals, those whose rows were gone by then: they are not among them. */
  ended: Set<string>
}

/** Rejects with a PortError where the log cannot be read, or not be understood. */
export async function replayClaims(parts: ReplayParts): Promise<Replayed> {
  const { log, findings, codes } = parts
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
    ended: new Set(),
  }
  const total = bounds.reduce((sum, { start, end }) => sum + end - start, 0)
  const uncaptured = new Set(bounds.keys())

  function capture(partition: number): void {
    uncaptured.delete(partition)
    for (const coupon of fold.coupons.values()) {
      if (coupon.partition !== partition) continue
      if (hasEnded(coupon, parts.positions.get(partition) ?? { published: 0 })) {
        replayed.ended.add(coupon.couponId)
        continue
      }
      const commands = new Map(coupon.commands)
      const revocations = copyOf(coupon.revocations)
      const captured = { ...coupon, commands, revocations, winners: new Map() }
      replayed.atPosition.set(coupon.couponId, captured)
    }
  }

  await readToEnd({
    log,
    topic: claimsTopic,
    bounds,
    decode(record) {
      const { partition, offset } = record
      const position = parts.positions.get(partition)?.next ?? 0
      if (uncaptured.has(partition) && offset >= position) capture(partition)
      replayed.records += 1
      return readRecord(fold, record)
    },
    onMessage(command) {
      const { message } = command
      if (parts.couponId !== undefined && message.couponId !== parts.couponId) return
      if (message.type === 'coupon.claimed') replayed.claims += 1
      const { outcome } = applyCommand(fold, command)
      checks.check(command, outcome)
      if (outcome.kind !== 'issued') return
      const coupon = fold.coupons.get(message.couponId)
      if (coupon !== undefined) codes.add(coupon, outcome.issued)
    },
    onVoid() {
      replayed.voidRecords += 1
    },
    onUnknown: notUnderstood,
    onGap: (gap) => addGap(findings, gap),
    onBatch() {
      parts.onProgress?.(replayed.records, total)
      return codes.keepUp()
    },
  })
  await codes.end()
  for (const partition of uncaptured) capture(partition)
  checks.finish(fold.coupons)
  return replayed
}

function addGap(findings: Findings, { partition, expected, found }: Gap): void {
  const lost = found - expected
  const records = lost === 1 ? '1 record is missing' : (`${lost} records are missing` as const)
  const goesOn = `the log goes on at offset ${found} after ${expected - 1}` as const
  findings.add('I2', { what: `partition ${partition}` }, `${goesOn}: ${records}`)
}

function notUnderstood(reason: string, record: LogRecord): never {
  const stopped = `the audit stops at ${recordAt(record)}: ${reason}`
  throw writtenByNewer(stopped, 'audit with that version')
}
