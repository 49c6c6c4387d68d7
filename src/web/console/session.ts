// Who is signed in. The cookie is the browser's alone; nothing of a token is kept here.

export type Session = { userId: string; scope: 'operator' | 'viewer'; endsAt: string }
export type Answered = { status: number; body: Readonly<Record<string, unknown>> }

/** Rejects where nobody answers. */
export async function call(method: string, path: string, body?: object): Promise<Answered> {
  const response = await fetch(path, {
    method,
    headers: {
      accept: 'application/json',
      'accept-language': document.documentElement.lang,
      'x-firstcome-console': '1',
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const parsed: unknown = text === '' ? {} : JSON.parse(text)
  return { status: response.status, body: parsed as Answered['body'] }
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
