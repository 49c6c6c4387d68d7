// Which one sentence the page says, and what stands beside it: a pure function of all that it
// knows. Where two states apply, the first in the order of `wordOf` is said.

import type { Word } from './words.ts'

export type Coupon = {
  name: string
  status: 'scheduled' | 'open' | 'paused' | 'sold_out' | 'closed'
  remaining: number
  /** Milliseconds UTC. */
  opensAt: number
}
/** What this user was told, or waits for. `until`: by the server's clock. */
export type Told =
  | { kind: 'won'; slot: number; code: string }
  | { kind: 'revoked' | 'not_eligible' | 'asking' | 'checking' }
  | { kind: 'busy'; until: number }
export type Facts = {
  /** `unknown`: there is none of this id; null: nobody knows yet. */
  coupon: Coupon | 'unknown' | null
  told: Told | null
  isReachable: boolean
  /** undefined: whoever has the token was asked. */
  token: string | null | undefined
  /** Whether a button can lead to where one signs in. */
  canSignIn: boolean
  /** The server's time; null: not known yet. */
  at: number | null
}
export type View = {
  word: Word
  name?: string
  slot?: number
  code?: string
  opensAt?: number
  /** Milliseconds that are counted down. */
  waitMs?: number
  left?: number
  button?: { word: 'get' | 'copy' | 'sign_in_button'; isEnabled: boolean }
  /** Beside the sentence of a winner. */
  isAway?: boolean
}

export function viewOf(facts: Facts): View {
  const { coupon, told, at } = facts
  const word = wordOf(facts)
  const button = buttonOf(word, facts)
  const view: View = { word, ...(button && { button }) }
  if (told?.kind === 'won' && word === 'won') {
    Object.assign(view, { slot: told.slot, code: told.code, isAway: !facts.isReachable })
  }
  if (coupon === null || coupon === 'unknown') return view
  view.name = coupon.name
  const status = statusAt(coupon, at)
  if (status === 'open') view.left = coupon.remaining
  if (status === 'scheduled') view.opensAt = coupon.opensAt
  if (at === null) return view
  if (word === 'busy' && told?.kind === 'busy') view.waitMs = told.until - at
  else if (status === 'scheduled' && word !== 'won') view.waitMs = coupon.opensAt - at
  return view
}

/** A coupon opens by the clock, not when somebody next asks for it. */
export function statusAt({ status, opensAt }: Coupon, at: number | null): Coupon['status'] {
  return status === 'scheduled' && at !== null && at >= opensAt ? 'open' : status
}

function wordOf({ coupon, told, isReachable, token, canSignIn, at }: Facts): Word {
  if (coupon === 'unknown') return 'unknown'
  if (told?.kind === 'won' || told?.kind === 'revoked') return told.kind
  if (!isReachable) return 'away'
  if (token === null) return canSignIn ? 'sign_in' : 'sign_in_elsewhere'
  if (coupon === null || token === undefined) return 'loading'
  if (told !== null) return told.kind
  const status = statusAt(coupon, at)
  return status === 'scheduled' ? 'before' : status
}

function buttonOf(word: Word, { canSignIn }: Facts): View['button'] {
  switch (word) {
    case 'won':
      return { word: 'copy', isEnabled: true }
    case 'sign_in':
      return canSignIn ? { word: 'sign_in_button', isEnabled: true } : undefined
    case 'open':
      return { word: 'get', isEnabled: true }
    case 'before':
    case 'asking':
    case 'checking':
    case 'busy':
      return { word: 'get', isEnabled: false }
    default:
      return undefined
  }
}
