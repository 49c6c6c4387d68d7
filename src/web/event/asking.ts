// One request of the page, with a deadline, and what its answer comes to. A line that breaks, an
// answer that is none of the service's, and silence are one thing: nobody knows.

import { after, jittered } from '../shared/browser.ts'
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
    outcome: string
  }>
  waitMs: number
  /** Milliseconds UTC; NaN: it does not say. */
  at: number
}
export type Ask = { method: 'GET' | 'POST'; token?: string | undefined; timeoutMs: number }

/** Without a Retry-After. */
const retryMs = 2_000

/** Null: nobody knows. `abort` ends it early. */
export async function ask(
  url: string,
  { method, token, timeoutMs }: Ask,
  abort: AbortController,
): Promise<Answer | null> {
  const cancel = after(timeoutMs, () => abort.abort())
  try {
    const response = await fetch(url, {
      method,
      cache: 'no-store',
      credentials: 'omit',
      signal: abort.signal,
      headers: token ? { authorization: `Bearer ${token}`, prefer: 'outcome' } : {},
    })
    const { status, headers } = response
    const text = await response.text()
    return {
      status,
      // Whatever stands in front may say in its own words that all are busy.
      body: isBusy(status) ? {} : JSON.parse(text),
      waitMs: Number(headers.get('retry-after')) * 1000 || jittered(retryMs, 0.3),
      at: Date.parse(headers.get('server-time') ?? ''),
    }
  } catch {
    return null
  } finally {
    cancel()
  }
}

export function isBusy(status: number): boolean {
  return status >= 500 || status === 429
}

/** Of `GET /coupons/{id}/live`. */
export function couponOf({ status, body }: Answer): Coupon {
  return {
    ...(body as object as Coupon),
    status: status === 200 ? (body.status as Coupon['status']) : 'unknown',
    opensAt: Date.parse(body.opensAt ?? ''),
  }
}
