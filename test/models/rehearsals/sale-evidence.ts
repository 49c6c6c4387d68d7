// What a sound sale of three coupons leaves as evidence, and the same with one thing changed.

import type {
  ClaimEntry as Entry,
  Mine,
  SaleRead,
  SaleTold,
} from '../../../src/rehearsal/coupons/sale-evidence.ts'
import type { SalePromise } from '../../../src/rehearsal/coupons/sale-promises.ts'
import type { Verdict } from '../../../src/rehearsal/promises.ts'
import type { CouponHeld, CouponSeen, Issued, RowSeen } from '../../../src/rehearsal/service.ts'

export const users = ['ann', 'ben', 'cho', 'dan', 'eve']
export const quantity = 3
export const terms = { name: 'C', quantity, discount: { kind: 'percent', value: 10 } } as const
export type Evidence = SaleTold & SaleRead
export const unknown = { kind: 'unknown', reason: 'timed out' } as const
export const soldOut = { kind: 'sold_out' } as const

/** The first three won in the order they asked, each asked once, one after another. */
export function sound(): Evidence {
  const after = coupon({ issued: quantity })
  return {
    users,
    asked: terms,
    entries: users.map((_, user) => entry(user)),
    mine: users.map((_, user) => (user < quantity ? won(user) : { kind: 'sold_out' })),
    held: users.map((_, user) => ({ value: user < quantity ? [held(won(user))] : [] })),
    spent: false,
    before: coupon({ issued: 0 }),
    after,
    rows: users.slice(0, quantity).map((_, user) => row(user)),
    events: users.slice(0, quantity).map((_, user) => row(user)),
  }
}

/** What a winner sees in /me/coupons. */
export function held({ slot, code }: Pick<Issued, 'slot' | 'code'>): CouponHeld {
  const { name, discount } = terms
  return { couponId: 'c', name, discount, slot, code, status: 'unused', orderId: null }
}

/** Everything that is read about wins shows these, by user. */
export function winning(
  wins: readonly (Issued | null)[],
): Pick<Evidence, 'mine' | 'held' | 'events'> {
  return {
    mine: wins.map((win) => win ?? soldOut),
    held: wins.map((win) => ({ value: win === null ? [] : [held(win)] })),
    events: wins.flatMap((win) => {
      if (win === null) return []
      const { kind: _kind, ...event } = win
      return [event]
    }),
  }
}

export function coupon(given: Partial<CouponSeen>): CouponSeen {
  const issued = given.issued ?? quantity
  const of = given.quantity ?? quantity
  const { name, discount } = terms
  const base = { couponId: 'c', name, discount, quantity: of, issued, remaining: of - issued }
  return { ...base, status: 'open', ...given }
}

export function won(user: number, slot = user + 1): Issued {
  const userId = users[user] ?? ''
  return { kind: 'issued', userId, slot, code: `code-${slot}`, claimId: `claim-${user}` }
}

export function row(user: number): RowSeen {
  const { userId, slot, code, claimId } = won(user)
  return { userId, slot, code, claimId }
}

export function entry(user: number, given: Partial<Entry> = {}): Entry {
  const at = user * 10
  const times = { firstSentAt: at, sentAt: at, endedAt: at + 5, retries: 0, polls: 0 }
  return { user, ...times, answer: user < quantity ? won(user) : { kind: 'sold_out' }, ...given }
}

export function withEntry(user: number, given: Partial<Entry>): Evidence {
  const evidence = sound()
  return { ...evidence, entries: evidence.entries.with(user, entry(user, given)) }
}

export function withMine(user: number, mine: Mine): Evidence {
  const evidence = sound()
  return { ...evidence, mine: evidence.mine.with(user, mine) }
}

export function withRows(change: (rows: RowSeen[]) => RowSeen[]): Evidence {
  const evidence = sound()
  return { ...evidence, rows: change([...(evidence.rows as RowSeen[])]) }
}

export function broken(verdicts: Verdict<SalePromise>[]): SalePromise[] {
  return verdicts.filter(({ kept }) => kept === false).map(({ promise }) => promise)
}

export function withHeld(user: number, value: CouponHeld[]): Evidence {
  const evidence = sound()
  return { ...evidence, held: evidence.held.with(user, { value }) }
}

export function withEvents(events: RowSeen[]): Evidence {
  return { ...sound(), events }
}

/** The same everywhere: nothing that is compared with another answer can find it. */
export function allWith(given: Partial<Issued>): Evidence {
  const wins = users.map((_, user) => (user < quantity ? { ...won(user), ...given } : null))
  const entries = wins.map((win, user) => entry(user, { answer: win ?? soldOut }))
  return {
    ...sound(),
    ...winning(wins),
    entries,
    rows: [0, 1, 2].map((user) => ({ ...row(user), ...given })),
  }
}
