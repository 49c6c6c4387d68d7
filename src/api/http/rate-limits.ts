// At most so many requests a second, by user, by operator or till, and by address, counted in
// windows of a second that begin with the first request. Each limit remembers a bounded number of
// keys, the latest ones.

import rateLimit, { type FastifyRateLimitStore } from '@fastify/rate-limit'
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRequestAsyncHookHandler,
} from 'fastify'
import type { Clock, Moment } from '../../ports/clock.ts'
import { callerOf } from './auth.ts'
import { sendProblem } from './problems/problems.ts'

type RateLimits = {
  clock: Clock
  /** 0: no limit, for operators neither. */
  userRateMax: number
  operatorRateMax: number
  addressRateMax: number
  keysMax: number
}

const windowMs = 1000

/** Hooks; none where a limit is off. */
export async function useRateLimits(app: FastifyInstance, limits: RateLimits) {
  const { userRateMax, operatorRateMax, addressRateMax } = limits
  await app.register(rateLimit, { global: false, store: windowsOf(limits) })
  const limit = (max: number, keyGenerator?: (request: FastifyRequest) => string) => {
    const options = { max, timeWindow: windowMs }
    return limiter(app.createRateLimit(keyGenerator ? { ...options, keyGenerator } : options))
  }
  const byId = (request: FastifyRequest) => callerOf(request).userId
  const users = limit(userRateMax, byId)
  const operators = operatorRateMax === 0 ? null : limit(operatorRateMax, byId)
  const ofCaller: onRequestAsyncHookHandler = async (request, reply) => {
    const { scopes } = callerOf(request)
    const isMany = scopes.has('operator') || scopes.has('redeem')
    return isMany ? operators?.(request, reply) : users(request, reply)
  }
  return {
    byCaller: userRateMax === 0 ? [] : [ofCaller],
    // Without a key of ours the library takes the address, of IPv6 the network.
    byAddress: addressRateMax === 0 ? [] : [limit(addressRateMax)],
  }
}

/** Answers where it is too much. */
export type Limiter = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

function limiter(take: ReturnType<FastifyInstance['createRateLimit']>): Limiter {
  return async (request, reply) => {
    const taken = await take(request)
    if (taken.isAllowed || !taken.isExceeded) return
    reply.header('retry-after', String(Math.max(1, taken.ttlInSeconds)))
    // Fastify goes no further with an answered request.
    sendProblem(reply, 'too-many-requests')
  }
}

/** The library's own store counts by the wall clock, which may be set back. */
function windowsOf({ clock, keysMax }: RateLimits) {
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
