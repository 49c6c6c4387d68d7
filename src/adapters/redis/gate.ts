// The gate on Redis, shared by all API nodes: one script call per coupon and batch, all of a batch
// in one round trip. It costs no claim an error, nor more than one deadline: a call that fails or
// is late makes the gate 'away'; then everything passes at once until a probe, which is never a
// claim, has been answered in time. So nothing here may be relied on, and nothing is.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type BackOff, backOff, type Clock } from '../../ports/clock.ts'
import {
  defaultGateLimits,
  type Gate,
  type GateClaim,
  type GateCoupon,
  type GateVerdict,
  keepMs,
} from '../../ports/gate.ts'
import { connectRedis, late, type RedisConnection, reasonOf } from './connection.ts'

export type RedisGateOptions = {
  url: string
  clock: Clock
  limits?: Partial<RedisGateLimits> | undefined
  /** Once for each time that it goes away; never holds a secret. */
  onWarning?: ((message: string) => void) | undefined
  /** It is a cluster, in which most coupons would never be found: this cannot pass. */
  onCluster?: ((message: string) => void) | undefined
}

export const defaultRedisGateLimits = {
  ...defaultGateLimits,
  /** The longest (ms) that a claim waits for a verdict: ten times a slow answer of a near Redis. */
  deadlineMs: 25,
  /** The first wait (ms) before a probe; doubled after each that fails. */
  probeMsMin: 100,
  /** So long after Redis is well again the gate may still be away. */
  probeMsMax: 1_000,
  /** A connection on which nothing has been answered for so long (ms) is given up. */
  silentMsMax: 2_000,
  /** Users judged by one call: Redis does nothing else meanwhile, and Lua's stack is small. */
  usersPerCallMax: 256,
}
export type RedisGateLimits = typeof defaultRedisGateLimits

export function startRedisGate(options: RedisGateOptions): Gate {
  const gate = new RedisGate(options)
  return {
    ask: (claims) => gate.ask(claims),
    isHere: () => gate.here,
    close: () => gate.close(),
  }
}

const script = readFileSync(new URL('gate.lua', import.meta.url), 'utf8')
const scriptDigest = createHash('sha1').update(script).digest('hex')

/** One script call, and which claims of the batch it judges. */
type Call = { args: string[]; indexes: number[] }

class RedisGate {
  here = false
  private readonly options: RedisGateOptions
  private readonly limits: RedisGateLimits
  private readonly connection: RedisConnection
  private closed = false
  private warned = false
  private probing = false
  private readonly probeWaits: BackOff
  private cancelProbe: (() => void) | null = null

  constructor(options: RedisGateOptions) {
    this.options = options
    this.limits = { ...defaultRedisGateLimits, ...options.limits }
    this.probeWaits = backOff(this.limits.probeMsMin, this.limits.probeMsMax)
    this.connection = connectRedis({
      url: options.url,
      clock: options.clock,
      onReady: () => void this.probe(),
      onLost: (reason) => this.goAway(reason),
    })
  }

  async ask(claims: readonly GateClaim[]): Promise<GateVerdict[]> {
    const verdicts = claims.map((): GateVerdict => 'pass')
    if (!this.here || claims.length === 0) return verdicts
    const judged = this.callsFor(claims).map((call) => this.judge(call, verdicts))
    const failure = await this.inTime(Promise.all(judged), this.limits.deadlineMs)
    if (failure !== null) this.goAway(failure)
    // A copy: what arrives too late must not change it any more.
    return [...verdicts]
  }

  async close(): Promise<void> {
    this.closed = true
    this.here = false
    this.cancelProbe?.()
    this.connection.close()
  }

  private callsFor(claims: readonly GateClaim[]): Call[] {
    const calls: Call[] = []
    const open = new Map<GateCoupon, Call>()
    claims.forEach(({ coupon, userId }, index) => {
      let call = open.get(coupon)
      if (call === undefined || call.indexes.length >= this.limits.usersPerCallMax) {
        call = { args: this.argsFor(coupon), indexes: [] }
        open.set(coupon, call)
        calls.push(call)
      }
      call.args.push(userId)
      call.indexes.push(index)
    })
    return calls
  }

  private argsFor(coupon: GateCoupon): string[] {
    const { limits, options } = this
    const { seenMs, fullMs } = limits
    const numbers = [coupon.quantity, coupon.issued, seenMs, fullMs]
    return [
      ...evalsha,
      ...keysOf(coupon.couponId, coupon.epoch),
      ...numbers.map(String),
      String(keepMs(coupon, limits, options.clock)),
    ]
  }

  /** Writes the verdicts of one call where they belong. */
  private async judge({ args, indexes }: Call, verdicts: GateVerdict[]): Promise<void> {
    const letters = await this.run(args, indexes.length)
    indexes.forEach((index, n) => {
      verdicts[index] = verdictOf[letters.charAt(n)] ?? 'pass'
    })
  }

  /** One letter for each user. A Redis that has restarted says NOSCRIPT: nothing was run. */
  private async run(args: readonly string[], users: number): Promise<string> {
    const letters = await this.connection.send(args).catch((error: unknown) => {
      if (reasonOf(error) !== 'NOSCRIPT') throw error
      const loaded = this.connection.send(['SCRIPT', 'LOAD', script])
      return Promise.all([loaded, this.connection.send(args)]).then(([, reply]) => reply)
    })
    if (typeof letters !== 'string' || letters.length !== users) throw new UnexpectedReply()
    return letters
  }

  /**
   * Null where it has been done in time; else why not. Never rejects. Waits in slices, of which
   * each is long enough however late its timer comes: the time in which this process itself was
   * busy, and has perhaps not even sent what it asks, says nothing about Redis.
   */
  private inTime(work: Promise<unknown>, ms: number): Promise<string | null> {
    const { clock } = this.options
    return new Promise((resolve) => {
      let slicesLeft = deadlineSlices
      let cancel = () => {}
      function wait(): void {
        // In the end, an answer that is here already is read first.
        if (slicesLeft-- === 0) setImmediate(() => resolve(late))
        else cancel = clock.after(ms / deadlineSlices, wait)
      }
      wait()
      void work
        .then(() => null, reasonOf)
        .then((failure) => {
          cancel()
          resolve(failure)
        })
    })
  }

  /** Who may not ask is taken for one that is none. */
  private async lookForCluster(): Promise<void> {
    const { connection, options, limits } = this
    if (options.onCluster === undefined) return
    const asked = connection.send(['INFO', 'cluster']).then((reply) => {
      if (!/^cluster_enabled:1/m.test(String(reply))) return
      options.onCluster?.(
        `Redis at ${connection.address} is a cluster, which the gate cannot use: ` +
          'give FIRSTCOME_REDIS_URL of a Redis of its own, or none',
      )
    })
    await this.inTime(asked, limits.silentMsMax)
  }

  private goAway(reason: string): void {
    if (this.closed) return
    this.here = false
    if (!this.warned) {
      const { address } = this.connection
      this.options.onWarning?.(
        `the gate (Redis at ${address}) is away: ${reason}; claims go on without it`,
      )
    }
    this.warned = true
    if (!this.probing && this.cancelProbe === null) this.probeLater()
  }

  private probeLater(): void {
    const waitMs = this.probeWaits.next() * (0.5 + Math.random() / 2)
    this.cancelProbe = this.options.clock.after(waitMs, () => void this.probe())
  }

  /** The script itself with no user: refused where it would be, and it leaves nothing behind. */
  private async probe(): Promise<void> {
    this.cancelProbe?.()
    this.cancelProbe = null
    // Without a connection there is nothing to ask; the next one begins with a probe.
    if (this.closed || this.here || this.probing || !this.connection.isReady()) return
    this.probing = true
    await this.lookForCluster()
    const work = this.run([...evalsha, ...keysOf('', 'probe'), '0', '0', '0', '0', '0'], 0)
    const failure = await this.inTime(work, this.limits.deadlineMs)
    const silent = failure === late && (await this.inTime(work, this.limits.silentMsMax)) === late
    this.probing = false
    if (this.closed) return
    if (failure === null) {
      this.here = true
      this.warned = false
      this.probeWaits.reset()
      return
    }
    if (silent) this.connection.renew()
    this.goAway(failure)
  }
}

const evalsha = ['EVALSHA', scriptDigest, '2'] as const
const verdictOf: Readonly<Record<string, GateVerdict>> = { p: 'pass', s: 'seen', f: 'full' }

/** Five of 5 ms: a busy process blocks its timers for longer than one of them, not for all. */
const deadlineSlices = 5

class UnexpectedReply extends Error {}

/** The braces keep all that is known of a coupon in one slot of a cluster. */
function keysOf(couponId: string, epoch: string): [string, string] {
  const prefix = `firstcome:gate:{c:${couponId}}:${epoch}`
  return [`${prefix}:count`, `${prefix}:seen`]
}
