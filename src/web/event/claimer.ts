// What goes on behind the page: it follows the coupon and what this user has of it, and carries a
// claim that was wished for to its answer, over reloads, broken lines and busy services. All that
// falls due is looked at in `tick`; one press is one claim, and a refusal ends the wish.

import { jittered, monotonic } from '../shared/browser.ts'
import { type Answer, type Ask, ask, couponOf } from './asking.ts'
import { Memory } from './memory.ts'
import { createServerClock } from './server-clock.ts'
import { type TokenHeld, tokenHeld } from './token-held.ts'
import { type Coupon, type Facts, statusAt, type Told } from './view.ts'

export type ClaimerParts = {
  couponId: string
  /** Of the service, without a slash at its end. */
  service: string
  canSignIn: boolean
  isHidden(): boolean
  /** A token was refused, or has ended. */
  tokenWanted(): void
  /** Something was won: other tabs should look too. */
  changed(): void
}
type Request = 'live' | 'mine' | 'claim'

const pollMs = 2_000
const pollTimeoutMs = 2_200
/** From the start of a poll that failed to the next one. */
const repollMs = 2_600
const mineMs = 2_600
const checkMs = 1_000
const claimTimeoutMs = 10_000
/** Until a claim whose answer was lost is sent again; its answer is the same. */
const lostMs = 1_000
/** A cache in front may know less for so long. */
const cacheMs = 1_200

export class Claimer {
  readonly #parts: ClaimerParts
  readonly #url: string
  readonly #memory: Memory
  readonly #clock = createServerClock()
  readonly #due: Record<Request, number> = { live: 0, mine: 0, claim: 0 }
  readonly #pending: Partial<Record<Request, AbortController>> = {}
  #coupon: Facts['coupon'] = null
  #told: Told | null = null
  #held: TokenHeld | null | undefined
  #isReachable = true
  #isWished = false
  /** That the service took for none. */
  #refused: string | null = null

  constructor(parts: ClaimerParts) {
    this.#parts = parts
    this.#url = `${parts.service}/coupons/${encodeURIComponent(parts.couponId)}`
    this.#memory = new Memory(parts.couponId)
  }

  facts(): Facts {
    return {
      coupon: this.#coupon,
      told: this.#told,
      isReachable: this.#isReachable,
      token: this.#held && this.#held.token,
      canSignIn: this.#parts.canSignIn,
      at: this.#clock.at(monotonic()),
    }
  }

  /** Null: signed out; undefined: somebody was asked for it. */
  setToken(token: string | null | undefined): void {
    const next = token === this.#refused ? null : token
    if (next && next === this.#held?.token) return
    const before = this.#held
    this.#held = next ? tokenHeld(next) : next === null ? null : undefined
    this.#stop('claim')
    this.#stop('mine')
    this.#due.mine = 0
    if (!this.#held) return
    if (before?.user !== this.#held.user) this.#recall(this.#held)
    this.tick()
  }

  press(): void {
    if (this.#isWished || !this.#held) return
    this.#wish(0)
    this.#told = { kind: 'asking' }
    this.#due.claim = 0
    this.tick()
  }

  /** The page is seen again, or another tab has won: everything may have changed. */
  refresh(): void {
    this.#stop('live')
    this.#due.live = 0
    this.#due.mine = 0
    this.tick()
  }

  /** The browser knows that there is no line. */
  lineLost(): void {
    this.#isReachable = false
    this.#due.live = Math.min(this.#due.live, monotonic() + repollMs)
  }

  /** To be called a few times a second. */
  tick(): void {
    const now = monotonic()
    const at = this.#clock.at(now)
    const isSeen = !this.#parts.isHidden()
    if (at !== null && this.#held && at > this.#held.endsAt) this.#ended()
    if (isSeen && this.#isDue('live', now)) this.#run('live', { url: `${this.#url}/live` })
    const coupon = this.#coupon
    const isKnown = coupon !== null && coupon !== 'unknown' && at !== null
    if (!isKnown || !this.#held || !this.#isReachable) return
    if (this.#told?.kind === 'busy' && this.#told.until <= at) this.#told = { kind: 'asking' }
    const status = statusAt(coupon, at)
    // Before it opens nobody has it.
    if (status === 'scheduled') return
    this.#lookAtMine(now, isSeen && (this.#told !== null || status === 'open'))
    const mayClaim = this.#isWished && this.#told?.kind === 'asking'
    if (!mayClaim || !this.#isDue('claim', now)) return
    this.#run('claim', { url: `${this.#url}/claims`, method: 'POST' })
  }

  #lookAtMine(now: number, mayChange: boolean): void {
    const kind = this.#told?.kind
    const isFollowed = kind === 'checking' || (mayChange && kind !== 'not_eligible')
    if (this.#pending.claim || !this.#isDue('mine', now)) return
    const isFirst = this.#due.mine === 0
    // Nobody starts to ask at the moment at which everybody does.
    this.#due.mine = now + jittered(mineMs, 0.3)
    if (isFirst || isFollowed) this.#run('mine', { url: `${this.#url}/claims/mine` })
  }

  #isDue(what: Request, now: number): boolean {
    return this.#pending[what] === undefined && now >= this.#due[what]
  }

  #run(what: Request, request: Pick<Ask, 'url' | 'method'>): void {
    const abort = new AbortController()
    const startedAt = monotonic()
    this.#pending[what] = abort
    const timeoutMs = what === 'claim' ? claimTimeoutMs : pollTimeoutMs
    const token = what === 'live' ? undefined : this.#held?.token
    void ask({ ...request, timeoutMs, ...(token && { token }) }, abort).then((answer) => {
      if (this.#pending[what] !== abort) return
      delete this.#pending[what]
      if (what === 'live') this.#heardLive(answer, startedAt)
      else if (what === 'mine') this.#heardMine(answer)
      else this.#heardClaim(answer)
    })
  }

  #stop(what: Request): void {
    this.#pending[what]?.abort()
    delete this.#pending[what]
  }

  #heardLive(answer: Answer | null, startedAt: number): void {
    const now = monotonic()
    if (answer === null || answer.status >= 500) {
      this.#due.live = Math.max(now + 300, startedAt + repollMs)
      this.#isReachable = false
      return
    }
    this.#due.live = now + jittered(pollMs, 0.1)
    if (!this.#isReachable) {
      this.#isReachable = true
      // What hangs since the line broke is sent anew.
      this.#stop('claim')
      this.#stop('mine')
      this.#due.mine = 0
    }
    if (answer.status === 200) {
      this.#clock.learn(answer.serverTime, now)
      this.#follow(couponOf(answer))
    } else if (answer.status === 429) this.#due.live = now + answer.retryAfterMs
    else this.#coupon = 'unknown'
  }

  #follow(coupon: Coupon): void {
    const before = this.#coupon
    this.#coupon = coupon
    if (before === null || before === 'unknown' || before.status === coupon.status) return
    // How it ended for this user; while it is open that is followed all the time.
    if (coupon.status !== 'open') this.#due.mine = 0
  }

  #heardMine(answer: Answer | null): void {
    const ms = this.#told?.kind === 'checking' ? checkMs : mineMs
    this.#due.mine = monotonic() + jittered(ms, 0.15)
    if (answer === null) return
    const { status, problem, retryAfterMs } = answer
    if (status === 200) this.#has(answer)
    else if (status === 202) this.#told = { kind: 'checking' }
    else if (problem === 'not-issued') this.#hasNone()
    else if (status === 429 || status >= 500) this.#due.mine = monotonic() + retryAfterMs
    else this.#isRefused(answer)
  }

  #heardClaim(answer: Answer | null): void {
    const now = monotonic()
    this.#due.claim = now + jittered(lostMs, 0.3)
    if (answer === null) {
      this.#due.live = 0
      return
    }
    const { status, retryAfterMs } = answer
    if (status === 200 || status === 201) this.#has(answer)
    else if (status === 202) {
      this.#told = { kind: 'checking' }
      this.#due.mine = now + checkMs / 2
    } else if (status === 429 || status === 503) {
      const until = (this.#clock.at(now) ?? 0) + retryAfterMs
      this.#told = { kind: 'busy', until }
      this.#wish(until)
    } else if (status >= 500) this.#due.claim = now + retryAfterMs
    else this.#isRefused(answer)
  }

  #has({ body }: Answer): void {
    const isNew = this.#told?.kind !== 'won'
    this.#wish(null)
    this.#told =
      body['status'] === 'revoked'
        ? { kind: 'revoked' }
        : { kind: 'won', slot: Number(body['slot']), code: String(body['code']) }
    this.#memory.keepTold(this.#held?.user, this.#told)
    if (isNew) this.#parts.changed()
  }

  /** It is open, and this user does not have it. */
  #hasNone(): void {
    if (this.#told?.kind === 'busy') return
    this.#told = this.#isWished ? { kind: 'asking' } : null
    this.#memory.keepTold(undefined, null)
  }

  #isRefused({ status, problem, retryAfterMs }: Answer): void {
    if (status === 401) return this.#ended()
    if (problem === 'not-open') {
      this.#due.claim = monotonic() + retryAfterMs
      return
    }
    this.#wish(null)
    this.#told = problem === 'not-eligible' ? { kind: 'not_eligible' } : null
    // Another token of the same user may say more of him.
    this.#memory.keepTold(this.#held?.token, this.#told)
    const ended = { 'sold-out': 'sold_out', paused: 'paused', closed: 'closed' } as const
    const end = ended[problem as keyof typeof ended]
    if (end === undefined || this.#coupon === null || this.#coupon === 'unknown') return
    this.#coupon = { ...this.#coupon, status: end }
    this.#due.live = Math.max(this.#due.live, monotonic() + cacheMs)
  }

  /** The token is worth nothing any more; what was won with it stays. */
  #ended(): void {
    this.#refused = this.#held?.token ?? null
    this.#held = null
    const kind = this.#told?.kind
    if (kind !== 'won' && kind !== 'revoked') this.#told = null
    this.#parts.tokenWanted()
  }

  /** `notBefore`: by the server's clock; null: no more. */
  #wish(notBefore: number | null): void {
    this.#isWished = notBefore !== null
    this.#memory.keepWish(this.#held?.user, notBefore)
  }

  #recall({ user, token }: TokenHeld): void {
    this.#told = this.#memory.toldTo(user) ?? this.#memory.toldTo(token)
    const notBefore = this.#memory.wishOf(user)
    this.#isWished = notBefore !== null
    if (notBefore !== null && this.#told === null) this.#told = { kind: 'busy', until: notBefore }
  }
}
