// The issuer's fold: which rows a batch of records means. Coupons are loaded from their rows when
// the first record of them is met, so a take-over costs what is in use, not the log's length.

import { codeDeriver } from '../domain/coupons/codes.ts'
import type { Command } from '../domain/coupons/decide.ts'
import { applyCommand, createFold, type Fold, readRecord } from '../domain/coupons/fold.ts'
import type { Coupon, CouponEvent } from '../domain/coupons/state.ts'
import { byCouponId, bySlot, type IssuedRow, type RevocationRow } from '../ports/coupons.ts'
import type { LogRecord } from '../ports/log.ts'
import { type PartitionReading, writtenByNewer } from '../ports/partition-reader.ts'
import { IdleCoupons, type IdleCouponsParts } from './idle-coupons.ts'
import type { VoidRecord } from './void-records.ts'

export type IssueFoldParts = Omit<IdleCouponsParts, 'coupons'> & {
  partitions: number
  codeSecret: string
  load(couponIds: readonly string[]): Promise<Map<string, Coupon>>
  /** Sets `lastAct` where the rows did not say it. */
  lookUpLastActs(coupons: readonly Coupon[]): Promise<void>
}
export type Issue = {
  coupons: Coupon[]
  issued: IssuedRow[]
  revocations: RevocationRow[]
  voids: VoidRecord[]
}
export type IssueFold = {
  /** Takes the records of a batch. */
  reading: Required<
    Pick<PartitionReading<Command>, 'decode' | 'onMessage' | 'onVoid' | 'onUnknown'>
  >
  /** What the records mean that were taken since it was called last. */
  apply(): Promise<Issue>
  /** Of closed coupons; not while `apply` is under way, or what it gave is not stored. */
  letGo(): void
}

/** Coupon ids remembered as having no rows; forgetting them costs one more look. */
const absentIdsMax = 100_000

export function createIssueFold(parts: IssueFoldParts): IssueFold {
  const fold = createFold(parts.partitions)
  const idle = new IdleCoupons({ ...parts, coupons: fold.coupons })
  const absent = new Set<string>()
  let taken = nothingTaken()
  const codeOf = codeDeriver(parts.codeSecret)

  async function loadMissing(commands: readonly Command[]): Promise<void> {
    const missing = new Set<string>()
    for (const { message } of commands) {
      const { couponId } = message
      if (!fold.coupons.has(couponId) && !absent.has(couponId)) missing.add(couponId)
    }
    if (missing.size === 0) return
    const loaded = await parts.load([...missing])
    if (absent.size + missing.size > absentIdsMax) absent.clear()
    for (const couponId of missing) {
      const coupon = loaded.get(couponId)
      if (coupon === undefined) absent.add(couponId)
      else fold.coupons.set(couponId, coupon)
    }
  }

  function rowOf(coupon: Coupon, event: CouponEvent & { type: 'issued' }): IssuedRow {
    const { couponId, partition, rules } = coupon
    const { userId, issued } = event
    const code = codeOf({ couponId, slot: issued.slot, claimId: issued.claimId, rules })
    return { ...issued, couponId, userId, partition, code }
  }

  return {
    reading: {
      decode: (record) => readRecord(fold, record),
      onMessage: (command) => void taken.commands.push(command),
      onVoid: (reason, record) => void taken.voids.push({ record, reason }),
      onUnknown: notUnderstood,
    },
    async apply() {
      const { commands, voids } = taken
      taken = nothingTaken()
      await loadMissing(commands)
      const unsaid = withoutLastAct(fold, commands)
      if (unsaid.length > 0) await parts.lookUpLastActs(unsaid)
      const coupons = new Set<Coupon>()
      const issued: IssuedRow[] = []
      const revocations: RevocationRow[] = []
      for (const command of commands) {
        const { events } = applyCommand(fold, command)
        const coupon = fold.coupons.get(command.message.couponId)
        if (coupon === undefined) continue
        idle.took(command)
        for (const event of events) {
          if (event.type === 'created') absent.delete(coupon.couponId)
          if (event.type === 'issued') issued.push(rowOf(coupon, event))
          else coupons.add(coupon)
          if (event.type === 'revoked') {
            const { couponId, partition } = coupon
            revocations.push({ ...event.revocation, couponId, partition })
          }
        }
      }
      // One fixed order: two writers that insert in different orders could wait for each other.
      issued.sort(bySlot)
      return { coupons: [...coupons].sort(byCouponId), issued, revocations, voids }
    },
    letGo: () => idle.letGo(),
  }
}

/** Those that a record expects a state of, where their rows did not say it. */
function withoutLastAct({ coupons }: Fold, commands: readonly Command[]): Coupon[] {
  const found = new Set<Coupon>()
  for (const { message } of commands) {
    if (message.type === 'coupon.claimed' || message.type === 'coupon.created') continue
    const coupon = message.expected === undefined ? undefined : coupons.get(message.couponId)
    if (coupon?.lastAct === null) found.add(coupon)
  }
  return [...found]
}

function nothingTaken(): { commands: Command[]; voids: VoidRecord[] } {
  return { commands: [], voids: [] }
}

function notUnderstood(reason: string, { partition, offset }: LogRecord): never {
  const stopped = `cannot read record ${offset} of partition ${partition}: ${reason}`
  throw writtenByNewer(stopped, 'start that version here too')
}
