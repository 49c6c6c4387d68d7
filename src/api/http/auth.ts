// Who is calling: JWT bearer tokens, HS256 and nothing else. The library checks the signature,
// token-checks.ts the rest, by the clock port. A 401 says which check failed, and each is counted.

import fastifyJwt from '@fastify/jwt'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { Counter, type Registry } from 'prom-client'
import type { Clock } from '../../ports/clock.ts'
import { sendProblem } from './problems.ts'
import {
  type Caller,
  callerFrom,
  refusalOf,
  type TokenRefusal,
  tokenRefusals,
} from './token-checks.ts'

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null
  }
}

export type AuthParts = { secret: string; clock: Clock; metrics: Registry }
export type AuthHooks = { authenticate: onRequestHookHandler; operatorOnly: onRequestHookHandler }

export async function useAuth(app: FastifyInstance, parts: AuthParts): Promise<AuthHooks> {
  const { secret, clock, metrics } = parts
  await app.register(fastifyJwt, {
    secret,
    decoratorName: 'tokenClaims',
    verify: { algorithms: ['HS256'], ignoreExpiration: true, ignoreNotBefore: true },
  })
  app.decorateRequest('caller', null)
  const count = countRefusals(metrics)

  return {
    authenticate(request, reply, done) {
      const token = bearerToken(request.headers.authorization)
      if (token === null) return refuse(reply)
      const claims = verified(app, token)
      const caller = typeof claims === 'string' ? claims : callerFrom(claims, clock.now())
      if (typeof caller === 'string') {
        count(caller)
        return refuseToken(reply, caller)
      }
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

function bearerToken(header: string | undefined): string | null {
  if (header === undefined || header.slice(0, 7).toLowerCase() !== 'bearer ') return null
  return header.slice(7).trim()
}

function verified(app: FastifyInstance, token: string): object | TokenRefusal {
  try {
    return app.jwt.verify<object>(token)
  } catch (error) {
    return refusalOf((error as { code?: string }).code)
  }
}

function refuse(reply: FastifyReply): void {
  sendProblem(reply.header('www-authenticate', 'Bearer realm="firstcome"'), 'unauthorized')
}

function refuseToken(reply: FastifyReply, reason: TokenRefusal): void {
  const detail = tokenRefusals[reason]
  const error = `error="invalid_token", error_description="${detail}"`
  reply.header('www-authenticate', `Bearer realm="firstcome", ${error}`)
  sendProblem(reply, 'unauthorized', { detail })
}
