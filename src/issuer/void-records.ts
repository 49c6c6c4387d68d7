// Bytes on the claims log that are no record become dead letters, for people to look at: they mean
// nothing to any reader, and nothing can be done again. The same bytes are always the same letter.

import { claimsTopic } from '../domain/coupons/messages.ts'
import { deadLetterEntry } from '../domain/orders/dead-letter-records.ts'
import { deadLettersTopic } from '../domain/orders/retries.ts'
import type { Log, LogEntry, LogRecord } from '../ports/log.ts'
import { type Retry, retrying } from '../ports/retry.ts'

/** Bytes that are no record, and why. */
export type VoidRecord = { record: LogRecord; reason: string }

/**
 * Of one batch of records: whoever floods the log with bytes must not make the issuer write as
 * much again, while claims wait. The last of the letters says how many more there are.
 */
export const lettersPerBatchMax = 100

/**
 * Of one partition, in log order. Resolves when they are in the dead letters' topic: to be awaited
 * before the position moves, for then nobody reads them again.
 */
export async function deadLetterVoids(
  { log, retry }: { log: Log; retry: Retry },
  voids: readonly VoidRecord[],
): Promise<void> {
  if (voids.length === 0) return
  const entries = voids.slice(0, lettersPerBatchMax).map(voidEntry)
  const others = voids.length - entries.length
  const last = voids[entries.length - 1]
  if (others > 0 && last !== undefined) {
    const to = voids.at(-1)?.record.offset
    const reason = `${last.reason}; ${others} more up to offset ${to} have no letter of their own`
    entries[entries.length - 1] = voidEntry({ record: last.record, reason })
  }
  await retrying(retry, () => log.append(deadLettersTopic, entries))
}

function voidEntry({ record, reason }: VoidRecord): LogEntry {
  const { partition, offset, appendedAt } = record
  return deadLetterEntry({
    consumer: 'issuer',
    record,
    origin: { topic: claimsTopic, partition, offset, appendedAt },
    reason,
    attempts: 1,
    redrivable: false,
    redrives: 0,
  }).entry
}
