// What goes on behind the page: it follows the coupon and what this user has of it, and carries a
// claim that was wished for to its answer, over reloads, broken lines and busy services. All that
// falls due is looked at in `tick`; one press is one claim, and a refusal ends the wish.

import { jittered, monotonic, parsed, store, stored } from '../shared/browser.ts'
import { isForNow } from '../shared/for-now.ts'
import { type Answer, type Ask, ask, couponOf } from './asking.ts'
import { createServerClock } from './server-clock.ts'
import { type TokenHeld, tokenHeld } from './token-held.ts'
import { type Coupon, type Facts, statusAt, type Told } from './view.ts'

export type ClaimerParts = {
  couponId: string
  /** Of the service, without a slash at its end. */
  service: string
  /** A token was refused, or has ended. */
  tokenWanted(): void
  /** Something was won: other tabs should look too. */
  changed(): void
}
type Request = 'live' | 'mine' | 'claim'
/** What a tab remembers over a reload; `of`: the user, or the token where that decided. */
type Kept = { of: unknown; told: Told | null; isWished: boolean }

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
  readonly #key: string
  readonly #clock = createServerClock()
  readonly #due: Record<Request, number> = { live: 0, mine: 0, claim: 0 }
  readonly #pending: Partial<Record<Request, AbortController | undefined>> = {}
  #coupon: Coupon | null = null
  #told: Told | null = null
  #isWished = false
  /** In the page itself too, since a browser may keep nothing for a frame. */
  #kept: string | null = null
  #held: TokenHeld | null | undefined
  #isAway = false
  /** That the service took for none. */
  #refused: string | undefined

  constructor(parts: ClaimerParts) {
    this.#parts = parts
    this.#key = `firstcome/${parts.couponId}`
    this.#url = `${parts.service}/coupons/${encodeURIComponent(parts.couponId)}`
  }

  facts(): Facts {
    return {
      coupon: this.#coupon,
      told: this.#told,
      isAway: this.#isAway,
      token: this.#held && this.#held.token,
      at: this.#clock.at(monotonic()),
    }
  }

  /** Null: signed out; undefined: somebody was asked for it. */
  setToken(token: string | null | undefined): void {
    const before = this.#held
    const isNew = token && token !== this.#refused
    if (isNew && token === before?.token) return
    this.#held = isNew ? tokenHeld(token) : token === undefined ? token : null
    this.#lookAgain()
    if (this.#held && this.#held.user !== before?.user) this.#recall(this.#held)
    this.tick()
  }

  press(): void {
    if (this.#isWished || !this.#held) return
    this.#keep({ kind: 'asking' }, true)
    this.#due.claim = 0
    this.tick()
  }

  /** The page is seen again, or another tab has won: everything may have changed. */
  refresh(): void {
    this.#stop('live')
    this.#due.live = this.#due.mine = 0
    this.tick()
  }

  /** To be called a few times a second. */
  tick(): void {
    const now = monotonic()
    const { at, coupon } = this.facts()
    const isSeen = !document.hidden
    if (this.#held && at > this.#held.endsAt) this.#ended()
    if (isSeen) this.#run('live', '/live', (answer) => this.#heardLive(answer, now))
    if (!coupon || !this.#held || this.#isAway) return
    const status = statusAt(coupon, at)
    // Before it opens nobody has it, and when it opens nobody asks at the moment all others do.
    if (status === 'unknown') return
    if (status === 'scheduled') {
      this.#due.mine = now + jittered(mineMs, 0.5)
      return
    }
    const { kind, until = at } = this.#told ?? {}
    if (until < at) this.#told = { kind: 'asking' }
    const mayChange = kind ? kind !== 'not_eligible' : status === 'open'
    const isFollowed = isSeen ? mayChange : kind === 'checking'
    if ((isFollowed || this.#due.mine === 0) && !this.#pending.claim) {
      this.#run('mine', '/claims/mine', (answer) => this.#heardMine(answer))
    }
    if (this.#isWished && kind === 'asking') {
      this.#run('claim', '/claims', (answer) => this.#heardClaim(answer))
    }
  }

  #run(what: Request, path: string, heard: (answer: Answer | null) => void): void {
    if (this.#pending[what] || monotonic() < this.#due[what]) return
    const ending = new AbortController()
    this.#pending[what] = ending
    const isClaim = what === 'claim'
    const request: Ask = {
      method: isClaim ? 'POST' : 'GET',
      token: what === 'live' ? undefined : this.#held?.token,
      timeoutMs: isClaim ? claimTimeoutMs : pollTimeoutMs,
    }
    void ask(this.#url + path, request, ending).then((answer) => {
      if (this.#pending[what] !== ending) return
      this.#pending[what] = undefined
      heard(answer)
    })
  }

  #stop(what: Request): void {
    this.#pending[what]?.abort()
    this.#pending[what] = undefined
  }

  /** What hangs since the line broke, or was asked by another, is sent anew. */
  #lookAgain(): void {
    this.#stop('claim')
    this.#stop('mine')
    this.#due.mine = 0
  }

  #heardLive(answer: Answer | null, startedAt: number): void {
    const now = monotonic()
    this.#due.live = now + jittered(pollMs, 0.1)
    if (answer?.status === 429) this.#due.live = now + answer.waitMs
    else if (!answer || isForNow(answer.status)) {
      this.#due.live = Math.max(now + 300, startedAt + repollMs)
      this.#isAway = true
    } else {
      if (this.#isAway) this.#lookAgain()
      this.#isAway = false
      this.#clock.learn(answer.at, now)
      const before = this.#coupon?.status
      this.#coupon = couponOf(answer)
      const { status } = this.#coupon
      // How it ended for this user; while it is open that is followed all the time.
      if (before && before !== status && status !== 'open') this.#due.mine = 0
    }
  }

  #heardMine(answer: Answer | null): void {
    const now = monotonic()
    const kind = this.#told?.kind
    this.#due.mine = now + jittered(kind === 'checking' ? checkMs : mineMs, 0.15)
    if (!answer) return
    const { status, waitMs, body } = answer
    if (body.code) this.#has(body)
    else if (status === 202) this.#told = { kind: 'checking' }
    else if (status === 401) this.#ended()
    else if (isForNow(status)) this.#due.mine = now + waitMs
    else if (kind !== 'busy' && kind !== 'not_eligible') {
      this.#keep(this.#isWished ? { kind: 'asking' } : null, this.#isWished)
    }
  }

  #heardClaim(answer: Answer | null): void {
    const now = monotonic()
    this.#due.claim = now + jittered(lostMs, 0.3)
    if (!answer) {
      this.#due.live = 0
      return
    }
    const { status, waitMs, body } = answer
    const problem = (body.type ?? '').replace(/.*\//, '').replace('-', '_')
    if (body.code) this.#has(body)
    else if (status === 202) {
      this.#told = { kind: 'checking' }
      this.#due.mine = now + checkMs / 2
    } else if (status === 429 || status === 503) {
      this.#keep({ kind: 'busy', until: this.#clock.at(now) + waitMs }, true)
    } else if (status === 401) this.#ended()
    else if (isForNow(status) || problem === 'not_open') this.#due.claim = now + waitMs
    else this.#refuse(problem, now)
  }

  #has({ status, slot, code }: Answer['body']): void {
    const kind = status === 'revoked' ? status : 'won'
    if (this.#told?.kind !== kind) this.#parts.changed()
    this.#keep({ kind, slot, code })
  }

  #refuse(problem: string, now: number): void {
    this.#keep(problem === 'not_eligible' ? { kind: problem } : null)
    if (!this.#coupon || !/^(sold_out|paused|closed)$/.test(problem)) return
    this.#coupon.status = problem as Coupon['status']
    this.#due.live = Math.max(this.#due.live, now + cacheMs)
  }

  /** The token is worth nothing any more; what was won with it stays. */
  #ended(): void {
    this.#refused = this.#held?.token
    this.#held = null
    if (!this.#told?.code) this.#told = null
    this.#parts.tokenWanted()
  }

  #keep(told: Told | null, isWished = false): void {
    this.#told = told
    this.#isWished = isWished
    const { user, token } = this.#held ?? {}
    // Another token of the same user may say more of him.
    const kept: Kept = { of: told?.kind === 'not_eligible' ? token : user, told, isWished }
    this.#kept = JSON.stringify(kept)
    store(this.#key, this.#kept)
  }

  #recall({ user, token }: TokenHeld): void {
    const kept = parsed(() => this.#kept ?? stored(this.#key)) as Partial<Kept>
    const isOurs = kept.of === user || kept.of === token
    this.#told = (isOurs && kept.told) || null
    this.#isWished = isOurs && kept.isWished === true
  }
}
