// Makes a token for whoever comes with a one-time code: by the secret, and with what the rules ask
// of every token.

import { createSigner } from 'fast-jwt'
import type { ConsoleGrant } from '../../ports/console-codes.ts'
import type { TokenRules } from '../../ports/tokens.ts'

export type SignerParts = { secret: string; rules: TokenRules }

export function grantSigner({ secret, rules }: SignerParts): (grant: ConsoleGrant) => string {
  const { issuer, audience, userClaim, scopeClaim = 'scope' } = rules
  const sign = createSigner({ key: secret, algorithm: 'HS256' })
  const ofAll = {
    ...(issuer === undefined ? {} : { iss: issuer }),
    ...(audience === undefined ? {} : { aud: audience }),
  }
  return ({ userId, scope, endsAt }) => {
    const who = { sub: userId, [userClaim]: userId, [scopeClaim]: scope }
    return sign({ ...who, ...ofAll, exp: Math.floor(endsAt / 1000) })
  }
}
