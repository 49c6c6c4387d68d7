// Who is calling: JWT bearer tokens, HS256 and nothing else. The library checks the signature,
// the clock port decides about time. Answers 401 without telling more than the client knows.

import fastifyJwt from '@fastify/jwt'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { userIdPattern } from '../../domain/coupons/messages.ts'
import type { Clock } from '../../ports/clock.ts'
import { sendProblem } from './problems.ts'

export type Caller = { userId: string; operator: boolean }

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null
  }
}

/** How far the clocks of whoever makes tokens and of this node may be apart. */
export const clockToleranceMs = 5_000

export type AuthParts = { secret: string; clock: Clock }
export type AuthHooks = { authenticate: onRequestHookHandler; operatorOnly: onRequestHookHandler }

export async function useAuth(app: FastifyInstance, parts: AuthParts): Promise<AuthHooks> {
  await app.register(fastifyJwt, {
    secret: parts.secret,
    decoratorName: 'tokenClaims',
    verify: { algorithms: ['HS256'], ignoreExpiration: true, ignoreNotBefore: true },
  })
  app.decorateRequest('caller', null)

  return {
    authenticate(request, reply, done) {
      const token = bearerToken(request.headers.authorization)
      if (token === null) return refuse(reply)
      const caller = callerFrom(verified(app, token), parts.clock.now())
      if (caller === null) return refuseInvalid(reply)
      request.caller = caller
      done()
    },
    operatorOnly(request, reply, done) {
      if (callerOf(request).operator) return done()
      const needed = 'error="insufficient_scope", scope="operator"'
      reply.header('www-authenticate', `Bearer realm="firstcome", ${needed}`)
      sendProblem(reply, 'forbidden')
    },
  }
}

/** For routes behind `authenticate` only. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error('a route without authentication asked who calls')
  return request.caller
}

function bearerToken(header: string | undefined): string | null {
  if (header === undefined || header.slice(0, 7).toLowerCase() !== 'bearer ') return null
  return header.slice(7).trim()
}

function verified(app: FastifyInstance, token: string): object | null {
  try {
    return app.jwt.verify<object>(token)
  } catch {
    return null
  }
}

/** Null: a signed token that is out of its time, or that names no proper user. */
function callerFrom(claims: object | null, now: number): Caller | null {
  if (claims === null) return null
  const { sub, exp, nbf, scope } = claims as Record<string, unknown>
  if (typeof exp !== 'number' || now >= exp * 1000 + clockToleranceMs) return null
  if (nbf !== undefined && !(typeof nbf === 'number' && now >= nbf * 1000 - clockToleranceMs)) {
    return null
  }
  if (typeof sub !== 'string' || !userIdShape.test(sub)) return null
  return { userId: sub, operator: scopes(scope).includes('operator') }
}

const userIdShape = new RegExp(userIdPattern)

function scopes(scope: unknown): readonly unknown[] {
  if (typeof scope === 'string') return scope.split(' ')
  return Array.isArray(scope) ? scope : []
}

function refuse(reply: FastifyReply): void {
  sendProblem(reply.header('www-authenticate', 'Bearer realm="firstcome"'), 'unauthorized')
}

function refuseInvalid(reply: FastifyReply): void {
  reply.header('www-authenticate', 'Bearer realm="firstcome", error="invalid_token"')
  const detail = 'The bearer token is not valid, or not valid now.'
  sendProblem(reply, 'unauthorized', { detail })
}
