// How answers of the service are read: JSON or nothing, fields by their type, problems by their
// slug, a Retry-After in milliseconds, and a Location only where it leads to the service itself.
// Never throws.

import type { Attempt } from './http-client.ts'

/** A read: its value, or why there is none; `again` where asking again may help. */
export type Read<Value> = { ok: true; value: Value } | Failed
export type Failed = {
  ok: false
  reason: string
  again: boolean
  /** null where nothing answered. */
  status: number | null
  retryAfterMs: number | null
}
export type Json = Record<string, unknown>
type Shape = Readonly<Record<string, 'string' | 'number'>>
/** What the fields of a shape are. */
export type Shaped<Fields extends Shape> = {
  -readonly [Name in keyof Fields]: Fields[Name] extends 'string' ? string : number
}

export function readOf<Value>(
  attempt: Attempt,
  read: (content: Json) => Value | null,
): Read<Value> {
  if (attempt.kind !== 'answered') {
    const { reason } = attempt
    return { ok: false, reason, again: true, status: null, retryAfterMs: null }
  }
  const { status, headers } = attempt
  const content = jsonObject(attempt.body) ?? {}
  const value = status === 200 || status === 201 ? read(content) : null
  if (value !== null) return { ok: true, value }
  const again = status === 408 || status === 429 || status >= 500
  const retryAfterMs = milliseconds(headers.retryAfter)
  return { ok: false, reason: reasonOf(status, content), again, status, retryAfterMs }
}

/** The fields of a shape and no other; null where one is missing or of another type. */
export function fieldsOf<Fields extends Shape>(
  value: unknown,
  shape: Fields,
): Shaped<Fields> | null {
  const content = (value ?? {}) as Json
  const names = Object.keys(shape)
  if (names.some((name) => typeof content[name] !== shape[name])) return null
  return Object.fromEntries(names.map((name) => [name, content[name]])) as Shaped<Fields>
}

/** null where it is no list, or one of its items is none. */
export function listOf<Item>(value: unknown, read: (item: unknown) => Item | null): Item[] | null {
  if (!Array.isArray(value)) return null
  const items = value.map((item) => read(item))
  return items.includes(null) ? null : (items as Item[])
}

/** null where the body is no object. */
export function jsonObject(body: string): Json | null {
  try {
    const content: unknown = JSON.parse(body)
    return typeof content === 'object' ? (content as Json | null) : null
  } catch {
    return null
  }
}

/** "status 409 sold-out". */
export function reasonOf(status: number, content: Json): string {
  return `status ${status} ${problemSlug(content)}`.trim()
}

/** The last part of a problem's type, '' where there is none. */
export function problemSlug({ type }: Readonly<Json>): string {
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
