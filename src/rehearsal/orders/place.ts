// One order, from its first request to its end in the ledger: placed again with the same key where
// nobody could say, followed at its Location where it was only accepted.

import { follow } from '../attempts.ts'
import type { Run } from '../rehearsal.ts'
import type { Intent, OrderEntry } from './order-ledger.ts'
import type { ShopService } from './shop-service.ts'

export async function place(
  { clock, limits }: Pick<Run, 'clock'> & { limits: Pick<Run['limits'], 'orderMsMax'> },
  shop: Pick<ShopService, 'place' | 'poll'>,
  { intent, token }: { intent: Intent; token: string },
): Promise<OrderEntry> {
  const entry = await follow(clock, {
    msMax: limits.orderMsMax,
    spreadMs: 0,
    givenUp: 'no answer to the end',
    first: () => shop.place(intent, token),
    poll: (location) => shop.poll(location, token),
  })
  return { intent, ...entry }
}
