// What an audit found: every difference counted under the promise that it breaks, the first few
// of them described in a sentence each.

import type { Piece, Sentence, Subject } from './sentences.ts'

/** The promises of the design that a log and its rows can show. I8 needs the clients' records. */
export const promises = {
  I1: 'never more winners, nor rows, than the quantity',
  I2: 'every winner has its row, every row its winner',
  I3: 'one coupon per user',
  I4: 'slots from 1 without a hole, in the order of the log',
  I5: 'no answer ever changed',
  I6: 'nobody was refused while coupons were to be had',
  I7: 'a replay gives the same rows, codes, coupons and events',
  I9: 'nobody won before the opening, and nobody was too early after it',
  I15: 'coupons are held and spent only as their terms allow',
} as const
/** Of the orders, which an audit of one coupon leaves out. */
export const ordersPromises = {
  I10: 'every order ends confirmed, cancelled or returned, by legal steps only',
  I11: 'stock is never below zero, and adds up to what was supplied',
  I12: 'money adds up: paid exactly once if confirmed, not at all if cancelled or returned',
  I13: 'a coupon is used exactly if one confirmed or living order, or redemption, has it',
  I14: 'every record is handled, waiting or a dead letter, and the counts add up',
} as const
export type Invariant = keyof typeof promises | keyof typeof ordersPromises

type Of = { couponId?: string; orderId?: string }
/** `what`: what the text is about; absent: the coupon, where there is one. */
export type About = Of & { what?: Subject }
export type Difference = Of & { invariant: Invariant; text: string }
export type Findings = {
  add(invariant: Invariant, about: About, text: Sentence): void
  count(invariant: Invariant): number
  total(): number
  first(): Difference[]
  /** Adds what was found elsewhere, behind what was found here. */
  take(found: Found): void
  found(): Found
}
/** As it goes from thread to thread. */
export type Found = { counts: ReadonlyMap<Invariant, number>; first: readonly Difference[] }
/** Adds a difference about one thing, which the text does not name. */
export type Broken = (invariant: Invariant, text: Sentence) => void
/** Adds what differs between a row and the log. */
export type Differs = (text: Piece) => void

/** A reader looks at the first few; a lost log can break every row there is. */
export const firstDifferencesMax = 20

export function createFindings(): Findings {
  const counts = new Map<Invariant, number>()
  const first: Difference[] = []
  let total = 0
  return {
    add(invariant, { what, ...of }, sentence) {
      total += 1
      counts.set(invariant, (counts.get(invariant) ?? 0) + 1)
      if (first.length >= firstDifferencesMax) return
      const subject = what ?? of.couponId
      const text = subject === undefined ? sentence : `${subject}: ${sentence}`
      first.push({ invariant, ...of, text })
    },
    count: (invariant) => counts.get(invariant) ?? 0,
    total: () => total,
    first: () => [...first],
    take(found) {
      for (const [invariant, count] of found.counts) {
        total += count
        counts.set(invariant, (counts.get(invariant) ?? 0) + count)
      }
      first.push(...found.first.slice(0, firstDifferencesMax - first.length))
    },
    found: () => ({ counts, first }),
  }
}

export function brokenOrder(findings: Findings, orderId: string): Broken {
  return (invariant, text) => findings.add(invariant, { orderId, what: `order ${orderId}` }, text)
}

type RecordAt = `record ${number} of partition ${number}`

export function recordAt({ partition, offset }: { partition: number; offset: number }): RecordAt {
  return `record ${offset} of partition ${partition}`
}
