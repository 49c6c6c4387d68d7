// Coupons as they are loaded from their rows: whether the log below the position can have made
// them. Slots follow from what is loaded, so a row that somebody has put there would make the next
// ones wrong. What is summed up here costs nothing, and of each coupon the record of the last
// winner is looked at; the audit looks at all.

import { claimsTopic, decodeMessage } from '../domain/coupons/messages.ts'
import type { Coupon, Issued } from '../domain/coupons/state.ts'
import { partitionFor } from '../domain/partitioner.ts'
import type { Log, LogRecord } from '../ports/log.ts'
import { readToEnd, undecoded } from '../ports/partition-reader.ts'

export type LoadedParts = {
  log: Pick<Log, 'tail'>
  partitions: number
  /** By partition, the first offset that the rows have not applied. */
  positions: ReadonlyMap<number, number>
}
type Winner = Issued & { userId: string }

/** The first thing that is wrong, in words; null where nothing is. */
export async function loadedFault(
  parts: LoadedParts,
  coupons: Iterable<Coupon>,
): Promise<string | null> {
  for (const coupon of coupons) {
    const fault = sumsFault(coupon, parts) ?? (await winnersFault(coupon, parts))
    if (fault !== null) return `coupon ${coupon.couponId}: ${fault}`
  }
  return null
}

function sumsFault(coupon: Coupon, { partitions }: LoadedParts): string | null {
  const { couponId, partition, quantity, terms, commands, winners } = coupon
  if (partition !== partitionFor(couponId, partitions)) return `it is not of partition ${partition}`
  const added = commands.values().reduce<number>((sum, add) => sum + (Number(add) || 0), 0)
  if (quantity !== terms.quantity + added) {
    return `its quantity is ${quantity}, but ${terms.quantity} and ${added} more were ordered`
  }
  if (winners.size > quantity) return `${winners.size} have it, but its quantity is ${quantity}`
  return null
}

async function winnersFault(coupon: Coupon, parts: LoadedParts): Promise<string | null> {
  const next = parts.positions.get(coupon.partition) ?? 0
  let last: { userId: string; issued: Issued } | null = null
  for (const [userId, issued] of coupon.winners) {
    const { slot, offset } = issued
    const won = () => `slot ${slot} was won by record ${offset}`
    if (last !== null && offset <= last.issued.offset) {
      return `${won()}, which is not behind the last`
    }
    if (offset >= next) return `${won()}, but the rows end at ${next}`
    last = { userId, issued }
  }
  if (last === null) return null
  return lastWinnerFault(coupon, { userId: last.userId, ...last.issued }, parts)
}

async function lastWinnerFault(
  coupon: Coupon,
  winner: Winner,
  { log }: LoadedParts,
): Promise<string | null> {
  const record = await recordAt(log, coupon.partition, winner.offset)
  if (record !== null && isClaimOf(coupon, winner, record)) return null
  return `slot ${winner.slot} was won by record ${winner.offset}, which is no claim of its holder`
}

async function recordAt(
  log: Pick<Log, 'tail'>,
  partition: number,
  offset: number,
): Promise<LogRecord | null> {
  let found: LogRecord | null = null
  const only = { start: offset, end: offset + 1 }
  await readToEnd({
    log,
    topic: claimsTopic,
    bounds: Array.from({ length: partition + 1 }, () => only),
    only: partition,
    decode: undecoded,
    onMessage: (record) => {
      found = record
    },
  })
  return found
}

function isClaimOf({ couponId }: Coupon, winner: Winner, record: LogRecord): boolean {
  const decoded = decodeMessage(record.value)
  if (decoded.kind !== 'message' || decoded.message.type !== 'coupon.claimed') return false
  const { message } = decoded
  const own = message.couponId === couponId && message.userId === winner.userId
  return own && message.claimId === winner.claimId && record.appendedAt === winner.appendedAt
}
