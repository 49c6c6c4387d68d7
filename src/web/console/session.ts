// Who is signed in. The cookie is the browser's alone; nothing of a token is kept here.

import { quietly, statusOf } from '../shared/quiet-refusals.ts'

export type Session = { userId: string; scope: 'operator' | 'viewer'; endsAt: string }
export type Answered = {
  status: number
  headers: Headers
  body: Readonly<Record<string, unknown>>
}
export type Asked = {
  method: string
  path: string
  body?: object | undefined
  headers?: Readonly<Record<string, string>>
}

export function call(method: string, path: string, body?: object): Promise<Answered> {
  return ask({ method, path, body })
}

/** Rejects where nobody answers. */
export async function ask({ method, path, body, headers }: Asked): Promise<Answered> {
  const response = await fetch(path, {
    method,
    headers: {
      accept: 'application/json',
      'accept-language': document.documentElement.lang,
      'x-firstcome-console': '1',
      prefer: quietly,
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const parsed: unknown = text === '' ? {} : JSON.parse(text)
  const status = statusOf(response)
  return { status, headers: response.headers, body: parsed as Answered['body'] }
}

export function sessionOf({ status, body }: Answered): Session | null {
  return status === 200 ? (body as Session) : null
}

/** Why it was refused, in words. */
export function detailOf({ status, body }: Answered): string {
  const { detail } = body
  return typeof detail === 'string' ? detail : String(status)
}

/** What a link brings; the fragment is gone from the address at once. Others name a part. */
export function codeOfLink(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get('code')
  if (code !== null) history.replaceState(null, '', location.pathname + location.search)
  return code
}
