// Makes the tokens that the service accepts: JWT, HS256. For the command line and for rehearsals;
// the service itself only verifies.

import { createSigner } from 'fast-jwt'

export type Token = {
  /** The user, or the operator's name. */
  sub: string
  operator: boolean
  expiresInSeconds: number
  /** Milliseconds UTC. */
  now: number
}

export function signToken({ secret, ...token }: Token & { secret: string }): string {
  return tokenSigner(secret)(token)
}

/** For many tokens: preparing the key takes as long as signing. */
export function tokenSigner(secret: string): (token: Token) => string {
  const sign = createSigner({ key: secret, algorithm: 'HS256' })
  return ({ sub, operator, expiresInSeconds, now }) => {
    const iat = Math.floor(now / 1000)
    const scope = operator ? { scope: 'operator' } : {}
    return sign({ sub, ...scope, iat, exp: iat + expiresInSeconds })
  }
}
