// Sessions of the console: who signs in by a token or by a one-time code, and as what. A session
// is its token; nothing of it is kept here, so that it holds at every node.

import { randomBytes } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import type { ConsoleCodes, ConsoleScope } from '../../ports/console-codes.ts'
import { PortError } from '../../ports/port-error.ts'
import type { Unavailable } from '../claims/claim-answers.ts'
import { grantSigner, type SignerParts } from '../tokens/sign-token.ts'
import type { Caller, TokenRefusal } from '../tokens/token-checks.ts'
import type { TokenVerifier } from '../tokens/token-verifier.ts'

export type ConsoleSessions = ReturnType<typeof createConsoleSessions>
export type SessionsParts = SignerParts & {
  tokens: Pick<TokenVerifier, 'verify'>
  codes: ConsoleCodes | undefined
  clock: Clock
}
export type Session = { userId: string; scope: ConsoleScope; endsAt: number }
export type SignedIn =
  | { kind: 'signed_in'; session: Session; token: string }
  | { kind: 'refused'; refusal: TokenRefusal }
  | { kind: 'no_scope' | 'code_over' }
  | Unavailable

/** 192 bits. */
const codeBytes = 24
export const codeMs = 60_000
/** A sale day: whoever made the code may have a token for years. */
const sessionMsMax = 12 * 3_600_000

export function createConsoleSessions({ tokens, codes, clock, ...signer }: SessionsParts) {
  const sign = grantSigner(signer)

  async function byToken(token: string): Promise<SignedIn> {
    const verdict = await tokens.verify(token)
    if (verdict === 'keys_away') return keysAway
    if (typeof verdict === 'string') return { kind: 'refused', refusal: verdict }
    const session = sessionOf(verdict)
    return session === null ? { kind: 'no_scope' } : { kind: 'signed_in', session, token }
  }

  return {
    byToken,
    async byCode(code: string): Promise<SignedIn> {
      const grant = await unlessAway(codes?.take(code))
      if (grant === null) return { kind: 'code_over' }
      return 'kind' in grant ? grant : byToken(sign(grant))
    },
    /** For whoever makes it, or for one who only looks; never for longer than its maker's token. */
    async makeCode(maker: Caller, scope: ConsoleScope) {
      const code = randomBytes(codeBytes).toString('base64url')
      const now = clock.now()
      const endsAt = Math.min(endOf(maker), now + sessionMsMax)
      const kept = codes?.keep(code, { userId: maker.userId, scope, endsAt }, codeMs)
      const failed = await unlessAway(kept)
      return failed ?? { kind: 'made' as const, code, expiresAt: now + codeMs }
    },
    secondsLeft: (session: Session) =>
      Math.max(1, Math.floor((session.endsAt - clock.now()) / 1000)),
  }
}

/** null: the token has no scope for the console. */
export function sessionOf(caller: Caller): Session | null {
  const { userId, scopes } = caller
  const scope = (['operator', 'viewer'] as const).find((one) => scopes.has(one))
  return scope === undefined ? null : { userId, scope, endsAt: endOf(caller) }
}

/** ms UTC; the checks have seen that it is a number. */
function endOf({ token }: Caller): number {
  return Number(token.exp) * 1000
}

const keysAway: Unavailable = { kind: 'unavailable', reason: 'token_keys', retryAfterSeconds: 3 }
const codesAway: Unavailable = {
  kind: 'unavailable',
  reason: 'console_codes',
  retryAfterSeconds: 3,
}

/** `call` absent: nothing keeps codes here. */
async function unlessAway<Value>(call: Promise<Value> | undefined): Promise<Value | Unavailable> {
  if (call === undefined) return codesAway
  try {
    return await call
  } catch (error) {
    if (error instanceof PortError && error.code === 'codes_unavailable') return codesAway
    throw error
  }
}
