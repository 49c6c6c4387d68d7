// One request of the page, with a deadline, and what its answer comes to. A line that breaks, an
// answer that is none of the service's, and silence are one thing: nobody knows.

import { after, jittered } from '../shared/browser.ts'
import { isForNow } from '../shared/for-now.ts'
import type { Coupon } from './view.ts'

export type Answer = {
  status: number
  /** Of a coupon, of what this user has of it, or a problem. */
  body: Partial<{
    name: string
    status: Coupon['status'] | 'revoked'
    remaining: number
    opensAt: string
    slot: number
    code: string
    type: string
  }>
  waitMs: number
  /** Milliseconds UTC; NaN: it does not say. */
  at: number
}
export type Ask = { method: 'GET' | 'POST'; token?: string | undefined; timeoutMs: number }

/** Without a Retry-After. */
const retryMs = 2_000

/** Null: nobody knows. `ending` gives it up early. */
export async function ask(
  address: string,
  { method, token, timeoutMs }: Ask,
  ending: AbortController,
): Promise<Answer | null> {
  const cancel = after(timeoutMs, () => ending.abort())
  try {
    const response = await fetch(address, {
      method,
      cache: 'no-store',
      credentials: 'omit',
      signal: ending.signal,
      // Or the browser would write an error of its own for each refusal. From another origin it
      // would ask first whether this may be said: there only calls with a token say it.
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...((token || address[0] === '/') && { prefer: 'answer-status' }),
      },
    })
    const { headers } = response
    const status = Number(headers.get('answer-status') ?? response.status)
    const text = await response.text()
    return {
      status,
      // Whatever stands in front may say in its own words that all are busy.
      body: isForNow(status) ? {} : JSON.parse(text),
      waitMs: Number(headers.get('retry-after')) * 1000 || jittered(retryMs, 0.3),
      at: Date.parse(headers.get('server-time') as string),
    }
  } catch {
    return null
  } finally {
    cancel()
  }
}

/** Of `GET /coupons/{id}/live`. */
export function couponOf({ status, body }: Answer): Coupon {
  return {
    ...(body as object as Coupon),
    status: status === 200 ? (body.status as Coupon['status']) : 'unknown',
    opensAt: Date.parse(body.opensAt as string),
  }
}
