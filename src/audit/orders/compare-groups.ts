// The comparison of all orders, group by group, in as many threads as there are. What comes of a
// group is a value that goes from thread to thread; it is taken in the order of the groups, whoever
// was done first, so the same log and rows give the same report.

import { setImmediate as otherWork } from 'node:timers/promises'
import { createFindings, type Found } from '../findings.ts'
import { entriesIn } from './buckets.ts'
import { noOrders } from './check-histories.ts'
import { noLines } from './compare-sums.ts'
import { compareOrdersOf, type GroupCounts, type OrderGroupParts } from './groups.ts'
import { createInFlight, type InFlightParts } from './in-flight.ts'
import type { Sum } from './ranges.ts'
import type { OrdersLog } from './read-log.ts'
import { type OrdersRows, orderKinds, type UserKind } from './read-rows.ts'

/** What each group is compared by; as it goes to other threads. */
export type GroupsKnown = Pick<OrderGroupParts, 'now' | 'prices' | 'isStopped'> & {
  rows: InFlightParts['rows'] & Pick<OrdersRows, 'oneMoment' | 'charges'>
  log: InFlightParts['log'] & Pick<OrdersLog, 'bounds'>
}
export type GroupOutcome = {
  found: Found
  counts: GroupCounts
  lines: { held: Sum[]; sold: Sum[] }
  heldSince: ReadonlyMap<string, number>
  sold: ReadonlyMap<string, number>
  voidRecords: number
  /** Of the two topics of orders. */
  records: number
  /** For the comparison of their users. */
  left: [userId: string, kind: UserKind, json: string][]
}
/** Entries of buckets, in memory of their own. */
export type Group = Uint8Array<ArrayBuffer>
export type CompareGroup = (group: Group) => GroupOutcome
/** Other threads, which begin to start as this is made. */
export type GroupThreads = {
  know(known: GroupsKnown): void
  /** Takes the group's memory. Null: each has as much as it may, so this thread does it. */
  compare(group: Group): Promise<GroupOutcome> | null
  close(): Promise<void>
}

/** Outcomes that wait for that of an earlier group: one that takes long holds up no other. */
const aheadMax = 32

/** `threads`: null, all is done here. */
export async function* compareGroups(
  groups: AsyncIterable<Group>,
  compareHere: CompareGroup,
  threads: GroupThreads | null,
): AsyncGenerator<GroupOutcome> {
  const underWay: (Promise<GroupOutcome> | GroupOutcome)[] = []
  for await (const group of groups) {
    const elsewhere = threads?.compare(group) ?? null
    // Where another fails first, nobody waits for this one any more.
    elsewhere?.catch(() => {})
    underWay.push(elsewhere ?? compareHere(group))
    // For the answers of the others, so that none of them waits for more.
    if (threads !== null) await otherWork()
    const wait = threads === null ? 0 : aheadMax
    while (underWay.length > wait) yield await (underWay.shift() as (typeof underWay)[0])
  }
  for (const outcome of underWay) yield await outcome
}

export function createGroupComparison(known: GroupsKnown): CompareGroup {
  const { rows, log, now, prices, isStopped } = known
  const inFlight = createInFlight(known)
  return ({ buffer, byteOffset, byteLength }) => {
    const entries = entriesIn(Buffer.from(buffer, byteOffset, byteLength), orderKinds)
    const findings = createFindings()
    const lines = noLines()
    const decoding = { bounds: log.bounds, voidRecords: 0 }
    const heldSince = new Map<string, number>()
    const sold = new Map<string, number>()
    const counts = { ...noOrders(), inFlight: 0 }
    const left: GroupOutcome['left'] = []
    const judging = { rows, inFlight, now, prices, isStopped }
    const gathered = { findings, heldSince, sold, lines, counts }
    compareOrdersOf(entries, {
      ...judging,
      ...gathered,
      log: decoding,
      leave: (userId, kind, json) => void left.push([userId, kind, json]),
    })
    return {
      found: findings.found(),
      counts,
      lines: { held: lines.held.sums(), sold: lines.sold.sums() },
      heldSince,
      sold,
      voidRecords: decoding.voidRecords,
      records: entries.filter(({ kind }) => kind === 'record' || kind === 'answer').length,
      left,
    }
  }
}
