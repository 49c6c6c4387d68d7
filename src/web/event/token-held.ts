// What a token says of itself: the service checks it, a page only remembers for whom it asked, and
// does not ask with one that has ended.

export type TokenHeld = {
  token: string
  user: string
  /** Milliseconds UTC. */
  endsAt: number
}

export function tokenHeld(token: string): TokenHeld {
  const { sub, exp } = claimsOf(token)
  const user = typeof sub === 'string' ? sub : token
  return { token, user, endsAt: typeof exp === 'number' ? exp * 1000 : Number.POSITIVE_INFINITY }
}

function claimsOf(token: string): Record<string, unknown> {
  try {
    const part = token.split('.')[1] ?? ''
    return Object(JSON.parse(atob(part.replaceAll('-', '+').replaceAll('_', '/'))))
  } catch {
    return {}
  }
}
