// What rows of an earlier version do not say of their coupons: where the last act that was done
// stands. Looked up in the log below the position, where an act expects a state, and then written
// with the row by whatever is done next.

import { applyCommand, createFold, readRecord } from '../domain/coupons/fold.ts'
import { claimsTopic } from '../domain/coupons/messages.ts'
import type { Coupon } from '../domain/coupons/state.ts'
import type { Log } from '../ports/log.ts'
import { readToEnd, stopAtGap, writtenByNewer } from '../ports/partition-reader.ts'

export type LastActsParts = {
  log: Pick<Log, 'tail'>
  partitions: number
  /** By partition, the first offset that the coupons have not applied. */
  positions: ReadonlyMap<number, number>
}

export async function lookUpLastActs(parts: LastActsParts, coupons: readonly Coupon[]) {
  const { log, partitions, positions } = parts
  const wanted = new Set(coupons.map(({ couponId }) => couponId))
  for (const partition of new Set(coupons.map((coupon) => coupon.partition))) {
    const fold = createFold(partitions)
    await readToEnd({
      log,
      topic: claimsTopic,
      bounds: Array.from({ length: partition + 1 }, () => {
        return { start: 0, end: positions.get(partition) ?? 0 }
      }),
      only: partition,
      decode: (record) => readRecord(fold, record),
      onMessage(command) {
        if (wanted.has(command.message.couponId)) applyCommand(fold, command)
      },
      onUnknown(reason, { offset }) {
        const where = `record ${offset} of partition ${partition} of ${claimsTopic}`
        throw writtenByNewer(`cannot read ${where}: ${reason}`, 'start that version here too')
      },
      onGap: stopAtGap,
    })
    for (const coupon of coupons) {
      if (coupon.partition !== partition) continue
      coupon.lastAct = fold.coupons.get(coupon.couponId)?.lastAct ?? null
    }
  }
}
