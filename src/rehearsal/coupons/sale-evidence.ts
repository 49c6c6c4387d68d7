// Everything known of a sale when the storm is over, and the one reading of it that all checks
// share: who asked when, who was answered what, and who holds which slot. Pure.

import { type ClaimAnswer, type ClaimEntry, finalAnswer, type Issued } from './claim-ledger.ts'
import type { CouponSeen, RowSeen } from './coupon-service.ts'

/** What GET …/claims/mine says: none where the user has not won and the coupon is open. */
export type Mine = ClaimAnswer | { kind: 'none' } | { kind: 'unknown'; reason: string }

export type SaleEvidence = {
  users: readonly string[]
  /** The coupon was made for this run, so that nobody else claims it. */
  fresh: boolean
  entries: readonly ClaimEntry[]
  /** By index of the user, after the storm. */
  mine: readonly Mine[]
  before: CouponSeen
  after: CouponSeen
  rows: readonly RowSeen[] | { missing: string }
}

/** A user who asked. */
export type Asker = {
  userId: string
  firstSentAt: number
  /** Every yes, in the order of `entries`. */
  yeses: Issued[]
  /** When the first yes and the first final no of the storm came; infinite where none did. */
  yesAt: number
  noAt: number
  /** Whether any answer, and whether the last one, was a final no: sold out or closed. */
  wasRefused: boolean
  wasRefusedLast: boolean
  mine: Mine
  /** What the user holds: by `mine`, else by the first yes. */
  holds: Issued | null
}

export type Holder = Asker & { holds: Issued }
/** The evidence, read: what each check gets. */
export type SaleCase = {
  evidence: SaleEvidence
  askers: readonly Asker[]
  holders: readonly Holder[]
}

export function saleCase(evidence: SaleEvidence): SaleCase {
  const askers = readAskers(evidence)
  const holders = askers.filter((asker): asker is Holder => asker.holds !== null)
  return { evidence, askers, holders }
}

function readAskers({ users, entries, mine }: SaleEvidence): Asker[] {
  const askers = users.map((userId, user): Asker => {
    const known = mine[user] ?? { kind: 'unknown', reason: 'never asked' }
    const never = { firstSentAt: Infinity, yesAt: Infinity, noAt: Infinity }
    const holds = known.kind === 'issued' ? known : null
    return {
      userId,
      ...never,
      yeses: [],
      wasRefused: false,
      wasRefusedLast: false,
      mine: known,
      holds,
    }
  })
  const lastEndedAt = new Float64Array(askers.length).fill(-1)
  for (const entry of entries) {
    const asker = askers[entry.user]
    if (asker === undefined) continue
    const answer = finalAnswer(entry)
    const isNo = answer.kind === 'sold_out' || answer.kind === 'closed'
    const endedAt = entry.settled === undefined ? entry.endedAt : Infinity
    asker.firstSentAt = Math.min(asker.firstSentAt, entry.firstSentAt)
    if (answer.kind === 'issued') {
      asker.yeses.push(answer)
      asker.yesAt = Math.min(asker.yesAt, endedAt)
      asker.holds ??= answer
    }
    if (isNo) {
      asker.wasRefused = true
      asker.noAt = Math.min(asker.noAt, endedAt)
    }
    if (endedAt >= (lastEndedAt[entry.user] ?? 0)) {
      lastEndedAt[entry.user] = endedAt
      asker.wasRefusedLast = isNo
    }
  }
  return askers
}
