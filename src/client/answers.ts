// How answers of the service are read: JSON or nothing, problems by their slug, a Retry-After in
// milliseconds, and a Location only where it leads to the service itself. Never throws.

import type { Attempt } from './http-client.ts'

/** A read: its value, or why there is none; `again` where asking again may help. */
export type Read<Value> =
  | { ok: true; value: Value }
  | { ok: false; reason: string; heard: boolean; again: boolean; status: number | null }
export type Json = Record<string, unknown>

export function readOf<Value>(
  attempt: Attempt,
  read: (content: Json) => Value | null,
): Read<Value> {
  if (attempt.kind !== 'answered') {
    return { ok: false, reason: attempt.reason, heard: false, again: true, status: null }
  }
  const { status, body } = attempt
  const content = parsed(body)
  const value = status === 200 || status === 201 ? read(content) : null
  if (value !== null) return { ok: true, value }
  const again = status === 429 || status >= 500
  const reason = `status ${status} ${problemOf(content)}`.trim()
  return { ok: false, reason, heard: true, again, status }
}

export function parsed(body: string): Json {
  try {
    const content: unknown = JSON.parse(body)
    return typeof content === 'object' && content !== null ? (content as Json) : {}
  } catch {
    return {}
  }
}

/** The slug of a problem's type, '' where there is none. */
export function problemOf({ type }: Json): string {
  return typeof type === 'string' ? (type.split('/').at(-1) ?? '') : ''
}

/** Retry-After in seconds; its date form is not of this service. */
export function milliseconds(retryAfter: string | undefined): number | null {
  return retryAfter !== undefined && /^[0-9]{1,6}$/.test(retryAfter)
    ? Number(retryAfter) * 1000
    : null
}

/** The path of a Location below the service's URL; null where it leads elsewhere. */
export function pathBelow(url: URL, location: string): string | null {
  const target = URL.parse(location, url.href)
  if (target === null || target.origin !== url.origin) return null
  const prefix = url.pathname.replace(/\/+$/, '')
  const path = `${target.pathname}${target.search}`
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path
}
