// Dead letters as HTTP tells of them.

import { isUtf8 } from 'node:buffer'
import type { DeadLetter, DeadLetterSummary } from '../../domain/orders/dead-letter.ts'
import { formatInstant } from '../../domain/time.ts'
import type { LetterCounts } from '../orders/redrive-many.ts'

export function letterSummaryJson(letter: DeadLetterSummary) {
  const { id, consumer, status, origin, key, reason, attempts, redrives, redrivable } = letter
  return {
    deadLetterId: id,
    consumer,
    status,
    origin: { ...origin, appendedAt: formatInstant(origin.appendedAt) },
    key,
    reason,
    attempts,
    redrives,
    redrivable,
    buriedAt: formatInstant(letter.buriedAt),
    acts: letter.acts.map(({ act, by, at, reason: then }) => {
      return { act, by, at: formatInstant(at), reason: then }
    }),
  }
}

export function letterJson(letter: DeadLetter) {
  const { headers, value } = letter
  const bytes = Buffer.from(value, 'base64')
  const text = isUtf8(bytes) ? { text: bytes.toString() } : {}
  return { ...letterSummaryJson(letter), headers, value, ...text }
}

export function countsJson(counts: LetterCounts) {
  return {
    redriven: counts.done,
    unchanged: counts.unchanged,
    discarded: counts.conflict,
    notRedrivable: counts.not_redrivable,
    unknown: counts.unknown_letter,
    pending: counts.pending,
  }
}
