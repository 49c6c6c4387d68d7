// The cookie of a session of the console: the token itself, where no script can read it. So it
// holds at every node and over restarts, and ends with its token.

import type { IncomingHttpHeaders } from 'node:http'

export const cookieName = 'firstcome_console'
/** Browsers drop a cookie of more than 4,096 bytes, its name and its attributes included. */
export const cookieTokenCharactersMax = 3_900
/** No page of another origin can send it without asking first, which is refused. */
export const guardHeader = 'x-firstcome-console'

/** The token that the cookie holds; null where there is none. */
export function tokenInCookie({ cookie }: IncomingHttpHeaders): string | null {
  if (cookie === undefined) return null
  for (const pair of cookie.split(';')) {
    const [name, value = ''] = pair.trim().split('=', 2)
    if (name === cookieName && value !== '') return value
  }
  return null
}

/** `seconds`: of its life; 0 takes it away. */
export function sessionCookie(
  token: string,
  seconds: number,
  { origin }: IncomingHttpHeaders,
): string {
  const parts = ['HttpOnly', 'SameSite=Strict', 'Path=/', `Max-Age=${seconds}`]
  // Whoever ends TLS speaks plain HTTP with this server; the browser says what it sees.
  if (origin?.toLowerCase().startsWith('https://') === true) parts.push('Secure')
  return [`${cookieName}=${token}`, ...parts].join('; ')
}

export function hasGuard(headers: IncomingHttpHeaders): boolean {
  return headers[guardHeader] === '1'
}
