// Makes the tokens that the service accepts: JWT, HS256. For the command line and for rehearsals;
// the service itself only verifies.

import { createSigner } from 'fast-jwt'
import type { TokenRules } from '../ports/tokens.ts'

export type Token = {
  /** The user, or the operator's name. */
  sub: string
  operator: boolean
  /** Of whoever is no operator. */
  scope?: string | undefined
  expiresInSeconds: number
  /** Milliseconds UTC. */
  now: number
}

export function signToken({ secret, rules, ...token }: Token & TokenMaker): string {
  return tokenSigner({ secret, rules })(token)
}

/** With what tokens are made. Without rules a token says nothing that nobody needs. */
export type TokenMaker = { secret: string; rules?: TokenRules | undefined }

/** For many tokens: preparing the key takes as long as signing. */
export function tokenSigner({ secret, rules }: TokenMaker): (token: Token) => string {
  const sign = createSigner({ key: secret, algorithm: 'HS256' })
  const { issuer, audience, userClaim = 'sub', scopeClaim = 'scope' } = rules ?? {}
  const ofAll = {
    ...(issuer === undefined ? {} : { iss: issuer }),
    ...(audience === undefined ? {} : { aud: audience }),
  }
  return ({ sub, operator, scope: other, expiresInSeconds, now }) => {
    const iat = Math.floor(now / 1000)
    const scope = operator ? 'operator' : other
    const scoped = scope === undefined ? {} : { [scopeClaim]: scope }
    return sign({ sub, [userClaim]: sub, ...scoped, ...ofAll, iat, exp: iat + expiresInSeconds })
  }
}
