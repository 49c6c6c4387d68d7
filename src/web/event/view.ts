// Which one sentence the page says, and what stands beside it: a pure function of all that it
// knows. Where two states apply, the first in the order of `wordOf` is said.

import type { Word } from './words.ts'

export type Coupon = {
  /** Not of one that is unknown. */
  name?: string
  /** `unknown`: there is none of this id. */
  status: 'unknown' | 'scheduled' | 'open' | 'paused' | 'sold_out' | 'closed'
  remaining: number
  /** Milliseconds UTC. */
  opensAt: number
}
/** What this user was told, or waits for. `until`: by the server's clock. */
export type Told = {
  kind: 'won' | 'revoked' | 'not_eligible' | 'asking' | 'checking' | 'busy'
  slot?: number | undefined
  code?: string | undefined
  until?: number
}
export type Facts = {
  /** null: nobody knows yet. */
  coupon: Coupon | null
  told: Told | null
  /** The line or the service. */
  isAway: boolean
  /** undefined: whoever has the token was asked. */
  token: string | null | undefined
  /** The server's time; of meaning as soon as the coupon is known. */
  at: number
}
export type View = {
  word: Word
  /** Instead of that of its word. */
  sentence?: string
  name: string | undefined
  slot: number
  code: string | undefined
  opensAt: number
  /** Milliseconds that are counted down. */
  waitMs: number
  left: number | undefined
  button: 'get' | 'copy' | 'sign_in_button' | undefined
  disabled: boolean
  /** Said beside the sentence of a winner. */
  isAway: boolean
}

export function viewOf(facts: Facts): View {
  const { coupon, told, at, isAway } = facts
  const status = coupon && statusAt(coupon, at)
  const word = wordOf(facts, status)
  const opensAt = coupon?.opensAt ?? 0
  const until = status === 'scheduled' ? opensAt : 0
  return {
    word,
    name: coupon?.name,
    slot: told?.slot ?? 0,
    code: word === 'won' ? told?.code : undefined,
    opensAt,
    waitMs: ((word === 'busy' && told?.until) || until) - at,
    left: status === 'open' ? coupon?.remaining : undefined,
    button: buttonOf(word),
    disabled: !/^(won|sign_in|open)$/.test(word),
    isAway,
  }
}

/** A coupon opens by the clock, not when somebody next asks for it. */
export function statusAt({ status, opensAt }: Coupon, at: number): Coupon['status'] {
  return status === 'scheduled' && at >= opensAt ? 'open' : status
}

function wordOf({ told, isAway, token }: Facts, status: Coupon['status'] | null): Word {
  const kind = told?.kind
  if (status === 'unknown') return status
  if (kind === 'won' || kind === 'revoked') return kind
  if (isAway) return 'away'
  if (status === null || token === undefined) return 'loading'
  return token ? (kind ?? status) : 'sign_in'
}

function buttonOf(word: Word): View['button'] {
  if (word === 'won') return 'copy'
  if (word === 'sign_in') return 'sign_in_button'
  return /^(open|scheduled|asking|checking|busy)$/.test(word) ? 'get' : undefined
}
