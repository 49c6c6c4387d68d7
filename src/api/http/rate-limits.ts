// At most so many requests a second, by user, by operator or till, and by address, counted in
// windows of a second that begin with the first request. Each limit remembers a bounded number of
// keys, the latest ones. Callers are counted here, for each of their requests is; what is one
// address, the library knows.

import rateLimit, { type FastifyRateLimitStore } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import type { Clock, Moment } from '../../ports/clock.ts'
import { Recent } from '../recent.ts'
import type { Caller } from '../tokens/token-checks.ts'
import { callerOf } from './auth.ts'
import { sendProblem } from './problems/problems.ts'

type RateLimits = {
  clock: Clock
  /** 0: no limit, for operators neither. */
  userRateMax: number
  operatorRateMax: number
  addressRateMax: number
  keysMax: number
  /** Told of each request that was one too many. */
  onLimited(): void
}
/** Counts one request; the seconds to wait where it is one too many, else 0. */
export type CountCaller = (caller: Caller) => number
/** Answers where it is too much. */
export type Limiter = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

const windowMs = 1000

/** Hooks; none where a limit is off. */
export async function useRateLimits(app: FastifyInstance, limits: RateLimits) {
  const count = callerCount(limits)
  const ofCaller: onRequestHookHandler = (request, reply, done) => {
    const seconds = count(callerOf(request))
    if (seconds === 0) done()
    else refuse(reply, seconds)
  }
  return {
    count,
    byCaller: limits.userRateMax === 0 ? [] : [ofCaller],
    byAddress: limits.addressRateMax === 0 ? [] : [await addressLimiter(app, limits)],
  }
}

function callerCount(limits: RateLimits): CountCaller {
  const { userRateMax, operatorRateMax } = limits
  const [users, operators] = [new Windows(limits), new Windows(limits)]
  return ({ userId, scopes }) => {
    const isMany = scopes.size > 0 && (scopes.has('operator') || scopes.has('redeem'))
    const max = isMany ? operatorRateMax : userRateMax
    if (max === 0 || userRateMax === 0) return 0
    const { current, ttl } = (isMany ? operators : users).count(userId)
    if (current <= max) return 0
    limits.onLimited()
    return Math.max(1, Math.ceil(ttl / 1000))
  }
}

async function addressLimiter(app: FastifyInstance, limits: RateLimits): Promise<Limiter> {
  await app.register(rateLimit, { global: false, store: storeOf(limits) })
  // Without a key of ours the library takes the address, of IPv6 the network.
  const take = app.createRateLimit({ max: limits.addressRateMax, timeWindow: windowMs })
  return async (request, reply) => {
    const taken = await take(request)
    if (taken.isAllowed || !taken.isExceeded) return
    limits.onLimited()
    refuse(reply, Math.max(1, taken.ttlInSeconds))
  }
}

/** Fastify goes no further with an answered request. */
function refuse(reply: FastifyReply, seconds: number): void {
  sendProblem(reply.header('retry-after', String(seconds)), 'too-many-requests')
}

/** The library's own store counts by the wall clock, which may be set back. */
function storeOf(limits: RateLimits) {
  return class Store implements FastifyRateLimitStore {
    private readonly windows = new Windows(limits)

    incr(...[key, done]: Parameters<FastifyRateLimitStore['incr']>): void {
      done(null, this.windows.count(key))
    }

    child(): Store {
      return new Store()
    }
  }
}

class Windows {
  private readonly windows: Recent<string, { current: number; until: Moment }>
  private readonly clock: Clock

  constructor({ clock, keysMax }: Pick<RateLimits, 'clock' | 'keysMax'>) {
    this.clock = clock
    this.windows = new Recent({ max: keysMax })
  }

  /** One more: how many there are now in its window, and the ms until that ends. */
  count(key: string): { current: number; ttl: number } {
    const now = this.clock.monotonic()
    const window = this.windows.use(key) ?? this.add(key)
    if (now >= window.until) {
      window.current = 0
      window.until = now + windowMs
    }
    window.current += 1
    return { current: window.current, ttl: Math.ceil(window.until - now) }
  }

  private add(key: string): { current: number; until: Moment } {
    const window = { current: 0, until: Number.NEGATIVE_INFINITY }
    this.windows.set(key, window)
    return window
  }
}
