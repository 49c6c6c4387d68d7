// Makes the tokens that auth.ts accepts: JWT, HS256. For the command line and for rehearsals; the
// service itself only verifies.

import { createHmac } from 'node:crypto'

export type TokenOptions = {
  secret: string
  /** The user, or the operator's name. */
  sub: string
  operator: boolean
  expiresInSeconds: number
  /** Milliseconds UTC. */
  now: number
}

export function signToken(options: TokenOptions): string {
  const issuedAt = Math.floor(options.now / 1000)
  const claims = {
    sub: options.sub,
    ...(options.operator ? { scope: 'operator' } : {}),
    iat: issuedAt,
    exp: issuedAt + options.expiresInSeconds,
  }
  const signed = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`
  const signature = createHmac('sha256', options.secret).update(signed).digest('base64url')
  return `${signed}.${signature}`
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
