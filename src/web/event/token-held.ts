// What a token says of itself: the service checks it, a page only remembers for whom it asked, and
// does not ask with one that has ended.

import { parsed } from '../shared/browser.ts'

export type TokenHeld = {
  token: string
  user: unknown
  /** Milliseconds UTC; NaN: it does not say. */
  endsAt: number
}

export function tokenHeld(token: string): TokenHeld {
  const part = () => atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'))
  const { sub, exp } = parsed(part)
  return { token, user: sub ?? token, endsAt: Number(exp) * 1000 }
}
