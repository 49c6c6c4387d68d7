// Decides beforehand what the tills of a rehearsal do: which coupon they take, and the part that
// each who holds one has to play. Its arithmetic is its own: the service's would share its
// mistakes. Pure.

import type { Part, Redeem, TillAct, TillWish } from './till-evidence.ts'

/** Odd figures are rounded, high ones are capped, and low ones are refused. */
export const tillTerms = {
  discount: { kind: 'percent', value: 15, max: 3_000 },
  minimum: 10_000,
  validDays: 1,
} as const

/** Enough for every part to be played some times; more would only take longer. */
const tillUsersMax = 60
const tillsMax = 4
const subtotalStep = 1_013
/** What each code is looked at with in the end. */
export const shownSubtotal = 12_345

export function tillUsersOf(users: number): number {
  return Math.min(users, tillUsersMax)
}

export function tillCouponOf(runId: string): string {
  return `rehearsal-${runId}-tills`
}

/** What is taken off, and what is left; null: below the least that the coupon is for. */
export function offerOn(subtotal: number): { discount: number; total: number } | null {
  const { discount: terms, minimum } = tillTerms
  if (subtotal < minimum) return null
  const discount = Math.min(Math.floor((subtotal * terms.value) / 100), terms.max)
  return { discount, total: subtotal - discount }
}

/** What matters most comes first: of few users not every part is played. */
const wishes: readonly TillWish[] = [
  'two_tills',
  'revoke_race',
  'revoked',
  'late',
  'below',
  'card_failed',
  'given_up',
  'paid',
  'one_shot',
  'double_click',
  'brought_back',
]

/** Everybody's own part, then the revoke of all, and each code is tried once more. */
export function partsOf(users: number): Part[] {
  return Array.from({ length: users }, (_, user): Part => {
    const wish = wishes[user % wishes.length] ?? 'paid'
    const redeem = redeemerOf(user)
    const revokeAll: TillAct = { kind: 'revoke_all' }
    // Whoever is late spends while everything is revoked.
    const end = wish === 'late' ? [redeem('late', { use: true }), revokeAll] : [revokeAll]
    return { user, wish, stages: [...ownStages(wish, redeem), end, [redeem('last', {})]] }
  })
}

type Redeemer = (key: string, given: Partial<Redeem>) => Redeem

function redeemerOf(user: number): Redeemer {
  const subtotal = tillTerms.minimum + 7 + user * subtotalStep
  return (key, given) => {
    const till = (user + key.length) % tillsMax
    return { kind: 'redeem', key, till, reference: `cart-${key}`, subtotal, use: false, ...given }
  }
}

function ownStages(wish: TillWish, redeem: Redeemer): TillAct[][] {
  const [a, b] = [redeem('a', {}), redeem('b', { till: 3 })]
  const atOnce = { ...a, use: true }
  const use = (key: string): TillAct => ({ kind: 'use', key })
  const release = (key: string): TillAct => ({ kind: 'release', key })
  switch (wish) {
    case 'two_tills':
      return [[a, b], [redeem('c', { use: true })], [use('a'), use('b')]]
    case 'revoke_race':
      return [[atOnce, { kind: 'revoke' }], [b]]
    case 'revoked':
      return [[{ kind: 'revoke' }], [atOnce], [b]]
    case 'late':
      return []
    case 'below': {
      const [low, least] = [tillTerms.minimum - 1, tillTerms.minimum]
      return [[{ ...a, subtotal: low }], [{ ...b, subtotal: least }], [release('b')]]
    }
    case 'card_failed':
      return [[a], [{ ...b, reference: a.reference }], [use('a')], [use('b')]]
    case 'given_up':
      return [[a], [release('a')], [{ ...b, use: true }]]
    case 'paid':
      return [[a], [use('a')], [b], [use('a')]]
    case 'one_shot':
      return [[atOnce], [b]]
    case 'double_click':
      return [
        [a, a],
        [use('a'), use('a')],
      ]
    case 'brought_back':
      return [[atOnce], [release('a')], [b], [release('b')]]
  }
}
