// A log that has lost its end, below what somebody has read of it: as it is, or grown again since.
// What a start compares refuses both, so that a role never comes to its first answer.

import assert from 'node:assert/strict'
import type { MemoryLog } from '../../src/adapters/memory/log.ts'
import { recordFingerprint } from '../../src/domain/fingerprint.ts'
import { checkPlaces } from '../../src/main/roles/start-check.ts'
import type { ReadPlace } from '../../src/ports/log-check.ts'
import type { Random } from './random.ts'

type Position = Omit<ReadPlace, 'fingerprint'>

/** With the record that a store would have kept beside its position. */
export function placeAt(log: MemoryLog, position: Position): ReadPlace {
  const last = log.records(position.topic)[position.partition]?.[position.next - 1]
  return { ...position, fingerprint: last === undefined ? null : recordFingerprint(last) }
}

/**
 * Cuts the log below one of the places, and checks that no start goes on with it; null where
 * nobody has read anything. Afterwards the log has lost its end.
 */
export async function cutBelow(
  log: MemoryLog,
  places: readonly ReadPlace[],
  random: Random,
): Promise<ReadPlace | null> {
  await checkPlaces(log, places)
  const read = places.filter(({ next }) => next > 0)
  const cut = read[random.int(0, read.length - 1)]
  if (cut === undefined) return null
  const records = log.records(cut.topic)[cut.partition] ?? []
  const end = random.int(0, cut.next - 1)
  const lost = records.splice(end)
  await assert.rejects(checkPlaces(log, places), { code: 'log_damaged' }, `cut at ${end}`)
  const grown = lost.map((record) => ({ ...record, appendedAt: record.appendedAt + 1 }))
  records.push(...grown)
  await assert.rejects(checkPlaces(log, places), { code: 'log_damaged' }, `grown from ${end}`)
  records.splice(end)
  return cut
}
