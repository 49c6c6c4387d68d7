// Who is calling, by bearer tokens, and whether they may. On the calls of the console its cookie
// stands for a token. A 401 says which check of its token failed, and each is counted.

import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { Counter, type Registry } from 'prom-client'
import type { Unavailable } from '../claims/claim-answers.ts'
import { hasGuard, tokenInCookie } from '../console/session-cookie.ts'
import {
  type Caller,
  type Scope,
  type TokenRefusal,
  tokenRefusals,
} from '../tokens/token-checks.ts'
import type { TokenVerifier, Verdict } from '../tokens/token-verifier.ts'
import { said } from './problems/languages.ts'
import { sendProblem, sendUnavailable } from './problems/problems.ts'
import { tokenText } from './problems/token-texts.ts'

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null
  }
}

export type AuthParts = { tokens: Pick<TokenVerifier, 'verify'>; metrics: Registry }

export function useAuth(app: FastifyInstance, { tokens, metrics }: AuthParts) {
  app.decorateRequest('caller', null)
  const count = countRefusals(metrics)

  function judge(verdict: Verdict, request: FastifyRequest, reply: FastifyReply): boolean {
    if (typeof verdict !== 'string') {
      request.caller = verdict
      return true
    }
    if (verdict === 'keys_away') sendUnavailable(reply, keysAway)
    else {
      count(verdict)
      refuseToken(reply, verdict)
    }
    return false
  }
  const by = (tokenOf: TokenOf): onRequestHookHandler => {
    return (request, reply, done) => {
      const token = tokenOf(request)
      if (token === null) return refuse(reply)
      if (token === unguarded) return sendProblem(reply, 'console-header-missing')
      const goOn = (verdict: Verdict) => {
        if (judge(verdict, request, reply)) done()
      }
      const verdict = tokens.verify(token)
      if (verdict instanceof Promise) verdict.then(goOn, done)
      else goOn(verdict)
    }
  }
  return {
    authenticate: by(({ headers }) => bearerToken(headers.authorization)),
    /** By a bearer token, else by the cookie of the console. */
    authenticateConsole: by(bearerOrCookie),
    only,
  }
}

type TokenOf = (request: FastifyRequest) => string | typeof unguarded | null
/** A page of another origin may have sent the cookie. */
const unguarded = Symbol('a cookie without the header of the console')

function bearerOrCookie({ headers, method }: FastifyRequest): ReturnType<TokenOf> {
  if (headers.authorization !== undefined) return bearerToken(headers.authorization)
  const token = tokenInCookie(headers)
  if (token === null || method === 'GET' || method === 'HEAD') return token
  return hasGuard(headers) ? token : unguarded
}

/** For a call that needs no token, but may not come from a page of another origin. */
export const guarded: onRequestHookHandler = ({ headers, method }, reply, done) => {
  const hasBearer = bearerToken(headers.authorization) !== null
  if (hasGuard(headers) || (method === 'DELETE' && hasBearer)) return done()
  sendProblem(reply, 'console-header-missing')
}

/** For routes behind `authenticate` only. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error('a route without authentication asked who calls')
  return request.caller
}

/** Each reason is there from the start, so that the first refusals are an increase. */
export function countRefusals(metrics: Registry): (reason: TokenRefusal) => void {
  const counter = new Counter({
    name: 'firstcome_tokens_refused_total',
    help: 'Bearer tokens that were refused, by the check that they failed',
    labelNames: ['reason'],
    registers: [metrics],
  })
  for (const reason of Object.keys(tokenRefusals)) counter.inc({ reason }, 0)
  return (reason) => counter.inc({ reason })
}

/** Lets those in who have one of these scopes. */
function only(...needed: readonly [Scope, ...Scope[]]): onRequestHookHandler {
  const detail = said(
    `This call needs the scope ${needed.join(' or ')}.`,
    `이 호출에는 ${needed.join(' 또는 ')} 권한(scope)이 필요합니다.`,
  )
  const scope = `error="insufficient_scope", scope="${needed.join(' ')}"`
  return (request, reply, done) => {
    const { scopes } = callerOf(request)
    if (needed.some((one) => scopes.has(one))) return done()
    reply.header('www-authenticate', `Bearer realm="firstcome", ${scope}`)
    sendProblem(reply, 'forbidden', { detail })
  }
}

/** The next ask of the provider may bring the key. */
const keysAway: Unavailable = { kind: 'unavailable', reason: 'token_keys', retryAfterSeconds: 3 }

export function bearerToken(header: string | undefined): string | null {
  if (header === undefined || header.slice(0, 7).toLowerCase() !== 'bearer ') return null
  return header.slice(7).trim()
}

function refuse(reply: FastifyReply): void {
  sendProblem(reply.header('www-authenticate', 'Bearer realm="firstcome"'), 'unauthorized')
}

function refuseToken(reply: FastifyReply, reason: TokenRefusal): void {
  const detail = tokenText(reason)
  const error = `error="invalid_token", error_description="${detail.en}"`
  reply.header('www-authenticate', `Bearer realm="firstcome", ${error}`)
  sendProblem(reply, 'unauthorized', { detail })
}
