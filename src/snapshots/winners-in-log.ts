// Who has won a coupon, from the log alone: for a record that cannot be decided without, where the
// rows do not say. It reads the coupon's partition from its start, so it is the last resort.

import { applyCommand, createFold, readRecord } from '../domain/coupons/fold.ts'
import { claimsTopic } from '../domain/coupons/messages.ts'
import type { Coupon } from '../domain/coupons/state.ts'
import type { Winners } from '../domain/coupons/winners.ts'
import type { Log } from '../ports/log.ts'
import { readToEnd, stopAtGap, writtenByNewer } from '../ports/partition-reader.ts'
import { PortError } from '../ports/port-error.ts'

type Wanted = Pick<Coupon, 'couponId' | 'partition'> & { lastOffset: number; size: number }

/** All up to the record at `lastOffset`, which must be as many as `size` says. */
export async function winnersInLog(
  log: Pick<Log, 'tail' | 'partitionsOf'>,
  { couponId, partition, lastOffset, size }: Wanted,
): Promise<Winners> {
  const fold = createFold(log.partitionsOf(claimsTopic))
  await readToEnd({
    log,
    topic: claimsTopic,
    bounds: Array.from({ length: partition + 1 }, () => ({ start: 0, end: lastOffset + 1 })),
    only: partition,
    decode: (record) => readRecord(fold, record),
    onMessage(command) {
      if (command.message.couponId === couponId) applyCommand(fold, command)
    },
    onUnknown(reason, { offset }) {
      const where = `record ${offset} of partition ${partition} of ${claimsTopic}`
      throw writtenByNewer(`cannot read ${where}: ${reason}`, 'start that version here too')
    },
    onGap: stopAtGap,
  })
  const winners = fold.coupons.get(couponId)?.winners
  if (winners?.size === size) return winners
  const found = `the log has ${winners?.size ?? 0} winners of ${couponId}, not ${size}`
  throw new PortError('log_damaged', found)
}
