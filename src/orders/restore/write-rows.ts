// Writes what was restored, page by page, each page over whatever stands there: who dies in between
// starts over. The positions come last; where they are, there is nothing left to restore.

import type { Logged } from '../../domain/orders/history.ts'
import type { OrderMessage } from '../../domain/orders/messages.ts'
import { entryOf } from '../../domain/orders/records.ts'
import { retryHeaders, retryTopics } from '../../domain/orders/retries.ts'
import type { CouponRow } from '../../domain/orders/state.ts'
import type { Log } from '../../ports/log.ts'
import {
  type ConsumerName,
  type ConsumerStore,
  type CouponChanges,
  nothingTaken,
  type PositionMove,
} from '../../ports/orders.ts'
import type { WalletChanges, WalletStore } from '../../ports/payments.ts'
import { PortError } from '../../ports/port-error.ts'
import type { LogEnds } from './read-log.ts'

/** Rows of one transaction: some megabytes. */
const pageRowsMax = 1_000
/** Records of one append; some hundred kilobytes. */
const recordsPerAppendMax = 500

/** What a consumer keeps. */
export type Target<Changes> = {
  hasPositions(): Promise<boolean>
  /** Without positions, so that none stands before all is written. */
  write<Item>(items: Iterable<Item>, changesOf: (page: Item[]) => Partial<Changes>): Promise<void>
  /** All that stood there is through: what became of it is in the rows, and is counted no more. */
  moveToEnds(topics: readonly string[], counted: Counted): Promise<void>
}

/** What is found elsewhere, or was meant for others, is no consumer's to drop. */
export type Counted = {
  ends: LogEnds
  forwarded(topic: string, partition: number): { buried: number; passedBy: number }
}

/** `nothing`: what a transaction is about that neither wants nor changes anything. */
export function targetOf<Wanted, Loaded, Changes>(
  store: ConsumerStore<Wanted, Loaded, Changes>,
  nothing: { wanted: Wanted; changes: Changes },
): Target<Changes> {
  const { wanted, changes: none } = nothing
  return {
    hasPositions: async () => (await store.positions()).length > 0,
    async write(items, changesOf) {
      for (const page of pagesOf([...items], pageRowsMax)) {
        const own = changesOf(page)
        const changes = (Array.isArray(own) ? own : { ...none, ...own }) as Changes
        const decide = () => ({ changes, moves: [], result: 'written' })
        await store.transact({ checks: [], wanted }, decide)
      }
    },
    async moveToEnds(topics, { ends, forwarded }) {
      const moves = topics.flatMap((topic) => {
        return (ends.get(topic) ?? []).map(({ end }, partition): PositionMove => {
          const { passedBy, ...found } = forwarded(topic, partition)
          const buried = Math.min(found.buried, end - passedBy)
          const taken = { ...nothingTaken, dropped: end - passedBy - buried, buried, passedBy }
          return { topic, partition, next: end, published: end, tries: 0, taken }
        })
      })
      const checks = moves.map(({ topic, partition }) => ({ topic, partition, expected: 0 }))
      const decide = () => ({ changes: none, moves, result: 'written' as const })
      if ((await store.transact({ checks, wanted }, decide)) === 'fenced') {
        throw new PortError('store_broken', 'somebody else writes the rows that are being restored')
      }
    },
  }
}

export function couponChanges(rows: CouponRow[]): CouponChanges {
  // Let go of first, because an earlier attempt may have noted the same use.
  const effects = rows.flatMap((row) => {
    if (row.status !== 'used') return []
    const { status: _, kept: __, ...use } = row
    return [{ kind: 'release', use } as const, { kind: 'use', use } as const]
  })
  return { rows, effects }
}

export type Charges = WalletChanges['charges']

export async function writeCharges(wallet: WalletStore, charges: Charges): Promise<void> {
  for (const page of pagesOf([...charges], pageRowsMax)) {
    const changes = { charges: new Map(page), balances: new Map<string, number>() }
    await wallet.charge({ orderIds: [], users: new Map() }, () => ({ changes, result: 'written' }))
  }
}

export type TakenAgain = { consumer: ConsumerName; logged: Logged<OrderMessage> }

/** As records that were postponed before they were tried. Appended twice they are harmless. */
export async function takeAgain(log: Log, all: readonly TakenAgain[]): Promise<void> {
  const reason = 'its rows were restored from the log, which does not say what became of it'
  for (const page of pagesOf(all, recordsPerAppendMax)) {
    const entries = page.map(({ consumer, logged: { message, origin } }) => {
      const { headers, ...entry } = entryOf(message)
      const note = retryHeaders({ consumer, attempts: 0, origin, reason, redrives: 0 })
      return { ...entry, headers: { ...headers, ...note } }
    })
    await log.append(retryTopics[0], entries)
  }
}

function* pagesOf<Item>(items: readonly Item[], itemsMax: number): Generator<Item[]> {
  for (let from = 0; from < items.length; from += itemsMax) {
    yield items.slice(from, from + itemsMax)
  }
}
