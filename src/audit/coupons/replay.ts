// Replays the claims log from its start to its end as it stood at the beginning, in the order of
// each partition, and checks every decision. Remembers each coupon as it was at the position that
// the rows have reached, because the log goes on while they are compared.

import { applyCommand, createFold, type Fold, readRecord } from '../../domain/coupons/fold.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import { copyOf } from '../../domain/coupons/revocations.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import { winnersFrom } from '../../domain/coupons/winners.ts'
import { hasEnded, type StoredPosition } from '../../ports/coupons.ts'
import type { Log, LogBounds, LogRecord } from '../../ports/log.ts'
import { type Gap, readToEnd, writtenByNewer } from '../../ports/partition-reader.ts'
import { type Findings, recordAt } from '../findings.ts'
import { createPromiseChecks, type LedgerWithoutSlots, type PromiseChecks } from './promises.ts'
import type { Before } from './since/before.ts'
import type { WinnerCodes } from './winner-codes.ts'

export type ReplayParts = {
  log: Pick<Log, 'bounds' | 'tail'>
  findings: Findings
  positions: ReadonlyMap<number, StoredPosition>
  /** Is told who wins. */
  codes: WinnerCodes
  /** Only this coupon; the log is read as a whole. */
  couponId?: string | undefined
  /** What is not read again. */
  before?: Before | null | undefined
  /** Whether the next audit is to go on from this one. */
  isKept?: boolean | undefined
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
  /** All of that, for the next audit, where it is wanted. */
  kept: Map<string, Captured>
  /** As the audit has counted. */
  slotOf(couponId: string, userId: string): number | undefined
}
/** A coupon as of the position that the rows have reached. */
export type Captured = {
  coupon: Omit<Coupon, 'winners'>
  winners: number
  ledger: LedgerWithoutSlots
  hasEnded: boolean
}

/** Rejects with a PortError where the log cannot be read, or not be understood. */
export async function replayClaims(parts: ReplayParts): Promise<Replayed> {
  const { log, findings, codes, before = null } = parts
  const bounds = await log.bounds(claimsTopic)
  const fold: Fold = { ...createFold(bounds.length), ...foldOf(before) }
  const checks = createPromiseChecks(findings, before?.restored.ledgers)
  addCodes(codes, before)
  const replayed: Replayed = {
    fold,
    bounds,
    records: 0,
    claims: 0,
    voidRecords: 0,
    atPosition: new Map(),
    ended: new Set(),
    kept: new Map(),
    slotOf: checks.slotOf,
  }
  const unread = bounds.map(({ start, end }, n) => ({ start: startOf(before, n, start), end }))
  const total = unread.reduce((sum, { start, end }) => sum + end - start, 0)
  const uncaptured = new Set(bounds.keys())

  const capturing = { replayed, checks, parts }
  function capture(partition: number): void {
    uncaptured.delete(partition)
    for (const coupon of fold.coupons.values()) {
      if (coupon.partition === partition) captureCoupon(coupon, capturing)
    }
  }

  await readToEnd({
    log,
    topic: claimsTopic,
    bounds: unread,
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

type Capturing = { replayed: Replayed; checks: PromiseChecks; parts: ReplayParts }

function captureCoupon(coupon: Coupon, { replayed, checks, parts }: Capturing): void {
  const { couponId, partition } = coupon
  const isOver = hasEnded(coupon, parts.positions.get(partition) ?? { published: 0 })
  const { winners, ...captured } = withoutWinners(coupon)
  if (isOver) replayed.ended.add(couponId)
  else replayed.atPosition.set(couponId, { ...captured, winners: new Map() })
  const ledger = parts.isKept === true ? checks.copyOf(couponId) : undefined
  if (ledger === undefined) return
  replayed.kept.set(couponId, { coupon: captured, winners, ledger, hasEnded: isOver })
}

function foldOf(before: Before | null): Partial<Fold> {
  return before === null ? {} : { coupons: before.restored.coupons }
}

/** Where this partition is read from. */
function startOf(before: Before | null, partition: number, start: number): number {
  return Math.max(start, before?.from.claims[partition] ?? 0)
}

/** Of those who had won before, and whose rows or events are still to be compared. */
function addCodes(codes: WinnerCodes, before: Before | null): void {
  for (const coupon of before?.restored.coupons.values() ?? []) {
    const { couponId, winners } = coupon
    const rows = before?.rowsThrough(couponId) ?? 0
    const from = Math.min(rows, before?.events(couponId).through ?? 0)
    for (const [, issued] of winnersFrom(winners, from + 1)) codes.add(coupon, issued)
  }
}

/** With how many they are. */
function withoutWinners(coupon: Coupon): Omit<Coupon, 'winners'> & { winners: number } {
  const commands = new Map(coupon.commands)
  const revocations = copyOf(coupon.revocations)
  return { ...coupon, commands, revocations, winners: coupon.winners.size }
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
