// What a rehearsal has made at the service, and how it is taken away in the end: each coupon
// is closed, so that nobody else gets any. A log forgets nothing: what stays is told.

import { startHttpClient } from '../client/http-client.ts'
import { type Clock, sleep } from '../ports/clock.ts'
import { againMs } from './attempts.ts'
import type { Left } from './rehearsal-error.ts'
import { serviceOver } from './service.ts'

export type Made = {
  /** Noted before the service is asked for one: it may be there whatever the answer is. */
  couponIds: string[]
  /** What nobody can take away, in words. */
  others: string[]
}
export type Leaving = {
  clock: Clock
  plan: { url: URL; keep?: boolean; mark?: boolean }
  made: Made
  limits: { leaveMsMax: number }
  /** Of an operator. */
  token: string
}

export function nothingMade(): Made {
  return { couponIds: [], others: [] }
}

/** Never rejects: what could not be taken away is told with the way to do it. */
export async function closeWhatWasMade(leaving: Leaving): Promise<Left> {
  const { couponIds, others } = leaving.made
  const left = await Promise.all(couponIds.map((couponId) => leaveCoupon(leaving, couponId)))
  return [...left.flat(), ...others]
}

async function leaveCoupon(leaving: Leaving, couponId: string): Promise<string[]> {
  const closing = `close it with "npx firstcome coupon close ${couponId}"`
  if (leaving.plan.keep === true) return [`the coupon ${couponId}, open to everyone: ${closing}`]
  const end = await close(leaving, couponId)
  if (end === 'never made') return []
  if (end === 'closed' && leaving.plan.mark === true) return []
  if (end === 'closed') return [`the coupon ${couponId}, closed`]
  return [`the coupon ${couponId}, perhaps open to everyone (${end}): ${closing}`]
}

/** Asked for a while, over a connection of its own; why it did not happen, else. */
async function close(
  { clock, plan: { url }, limits: { leaveMsMax }, token }: Leaving,
  couponId: string,
): Promise<string> {
  const http = startHttpClient({ url, connections: 1, requestMsMax: leaveMsMax / 2 })
  const service = serviceOver({ http, url, operatorToken: token })
  const deadline = clock.monotonic() + leaveMsMax / 2
  try {
    for (;;) {
      const done = await service.closeCoupon(couponId)
      if (done.ok) return 'closed'
      if (done.status === 404) return 'never made'
      if (!done.again || clock.monotonic() >= deadline) return done.reason
      await sleep(clock, againMs)
    }
  } finally {
    await http.close()
  }
}
