// At most so many requests a second, by user and by address, counted in windows of a second that
// begin with the first request. Each limit remembers a bounded number of keys, the latest ones.

import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import { callerOf } from './auth.ts'
import { sendProblem } from './problems.ts'

export type RateLimitParts = { userRateMax: number; addressRateMax: number; keysMax: number }
/** Empty where the limit is off. */
export type RateLimitHooks = {
  byUser: onRequestAsyncHookHandler[]
  byAddress: onRequestAsyncHookHandler[]
}

const windowMs = 1000

export async function useRateLimits(
  app: FastifyInstance,
  parts: RateLimitParts,
): Promise<RateLimitHooks> {
  await app.register(rateLimit, { global: false })
  const { keysMax } = parts
  const limit = (max: number, keyOf?: (request: FastifyRequest) => string) =>
    max === 0 ? [] : [limiter({ app, max, keysMax, keyOf })]
  return {
    byUser: limit(parts.userRateMax, (request) => callerOf(request).userId),
    // Without a key of ours the library takes the address, of IPv6 the network.
    byAddress: limit(parts.addressRateMax),
  }
}

type Limiter = {
  app: FastifyInstance
  max: number
  keysMax: number
  keyOf: ((request: FastifyRequest) => string) | undefined
}

function limiter({ app, max, keysMax, keyOf }: Limiter): onRequestAsyncHookHandler {
  // `cache` bounds the keys; the library takes it here too, its types do not say so.
  const options = { max, timeWindow: windowMs, cache: keysMax }
  const take = app.createRateLimit(keyOf ? { ...options, keyGenerator: keyOf } : options)
  return async (request, reply) => {
    const taken = await take(request)
    if (taken.isAllowed || !taken.isExceeded) return
    reply.header('retry-after', String(Math.max(1, taken.ttlInSeconds)))
    // Fastify goes no further with an answered request.
    sendProblem(reply, 'too-many-requests')
  }
}
