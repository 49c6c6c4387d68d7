// One request of the page, with a deadline, and what its answer comes to. A line that breaks, an
// answer that is none of the service's, and silence are one thing: nobody knows.

import { after, jittered } from '../shared/browser.ts'
import type { Coupon } from './view.ts'

export type Answer = {
  status: number
  body: Readonly<Record<string, unknown>>
  /** The last part of a problem's type, as `sold-out`. */
  problem: string
  retryAfterMs: number
  /** Milliseconds UTC; NaN: it does not say. */
  serverTime: number
}
export type Ask = {
  url: string
  method?: 'POST'
  token?: string
  timeoutMs: number
  body?: object
}

/** Without a Retry-After. */
const retryMs = 2_000

/** Null: nobody knows. `abort` ends it early. */
export async function ask(
  { url, method, token, timeoutMs, body }: Ask,
  abort = new AbortController(),
): Promise<Answer | null> {
  const cancel = after(timeoutMs, () => abort.abort())
  try {
    const response = await fetch(url, {
      method: method ?? 'GET',
      cache: 'no-store',
      credentials: 'omit',
      signal: abort.signal,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    const { status, headers } = response
    const said = (await response.json().catch(() => null)) as Answer['body'] | null
    if (said === null && status < 500 && status !== 429) return null
    const seconds = Number(headers.get('retry-after') || Number.NaN)
    return {
      status,
      body: said ?? {},
      problem: problemOf(said),
      retryAfterMs: seconds >= 0 ? seconds * 1000 : jittered(retryMs, 0.3),
      serverTime: Date.parse(headers.get('server-time') ?? ''),
    }
  } catch {
    return null
  } finally {
    cancel()
  }
}

function problemOf(said: Answer['body'] | null): string {
  const type = said?.['type']
  return typeof type === 'string' ? type.replace(/.*\//, '') : ''
}

/** Of `GET /coupons/{id}/live`. */
export function couponOf({ body }: Answer): Coupon {
  const { name, status, remaining, opensAt } = body
  return {
    name: String(name),
    status: status as Coupon['status'],
    remaining: Number(remaining),
    opensAt: Date.parse(String(opensAt)),
  }
}
