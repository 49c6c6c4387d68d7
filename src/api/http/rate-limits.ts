// At most so many requests a second, by user and by address, counted in windows of a second that
// begin with the first request. Each limit remembers a bounded number of keys, the latest ones.

import rateLimit, { type FastifyRateLimitStore } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import type { Clock, Moment } from '../../ports/clock.ts'
import { callerOf } from './auth.ts'
import { sendProblem } from './problems.ts'

export type RateLimitParts = {
  clock: Clock
  userRateMax: number
  addressRateMax: number
  keysMax: number
}
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
  await app.register(rateLimit, { global: false, store: windowsOf(parts) })
  const limit = (max: number, keyOf?: (request: FastifyRequest) => string) =>
    max === 0 ? [] : [limiter({ app, max, keyOf })]
  return {
    byUser: limit(parts.userRateMax, (request) => callerOf(request).userId),
    // Without a key of ours the library takes the address, of IPv6 the network.
    byAddress: limit(parts.addressRateMax),
  }
}

type Limiter = {
  app: FastifyInstance
  max: number
  keyOf: ((request: FastifyRequest) => string) | undefined
}

function limiter({ app, max, keyOf }: Limiter): onRequestAsyncHookHandler {
  const options = { max, timeWindow: windowMs }
  const take = app.createRateLimit(keyOf ? { ...options, keyGenerator: keyOf } : options)
  return async (request, reply) => {
    const taken = await take(request)
    if (taken.isAllowed || !taken.isExceeded) return
    reply.header('retry-after', String(Math.max(1, taken.ttlInSeconds)))
    // Fastify goes no further with an answered request.
    sendProblem(reply, 'too-many-requests')
  }
}

/** The library's own store counts by the wall clock, which may be set back. */
function windowsOf({ clock, keysMax }: RateLimitParts) {
  return class Windows implements FastifyRateLimitStore {
    private readonly windows = new Map<string, { current: number; until: Moment }>()

    incr(...[key, done]: Parameters<FastifyRateLimitStore['incr']>): void {
      const { windows } = this
      const now = clock.monotonic()
      const kept = windows.get(key)
      const window = kept && now < kept.until ? kept : { current: 0, until: now + windowMs }
      window.current += 1
      // Whoever asks is the latest; the one who has not asked for longest is forgotten.
      windows.delete(key)
      windows.set(key, window)
      if (windows.size > keysMax) {
        const [oldest = key] = windows.keys()
        windows.delete(oldest)
      }
      done(null, { current: window.current, ttl: Math.ceil(window.until - now) })
    }

    child(): Windows {
      return new Windows()
    }
  }
}
