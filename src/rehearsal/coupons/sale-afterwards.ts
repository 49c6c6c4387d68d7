// What a service that was stormed says afterwards, held against what everyone was told: what they
// have, what they see, how the coupon counts, its rows and its events. Checks of sale-promises.ts.

import { count, counted } from '../figures.ts'
import type { NotJudged } from '../promises.ts'
import type { CouponHeld, RowSeen } from '../service.ts'
import {
  holdersSince,
  type Mine,
  type ReadCase,
  sameIssued,
  sameWin,
  shownDiscount,
  shownIssued,
} from './sale-evidence.ts'

export function yesIsKept({ askers }: ReadCase, breaches: string[]): string {
  let winners = 0
  for (const { userId, yeses, mine } of askers) {
    const [yes] = yeses
    if (yes === undefined) continue
    winners += 1
    if (mine.kind !== 'issued') {
      breaches.push(`${userId} was told slot ${yes.slot}, then ${saidNow(mine)}`)
    } else if (!sameIssued(yes, mine)) {
      breaches.push(`${userId} was told ${shownIssued(yes)}, then ${shownIssued(mine)}`)
    } else if (mine.userId !== userId) {
      breaches.push(`${userId} was given the coupon of ${mine.userId}`)
    }
  }
  return `${count(winners - breaches.length)} of ${count(winners)} have it`
}

function saidNow(mine: Mine): string {
  if (mine.kind === 'none') return 'not to have won'
  return mine.kind === 'unknown' ? `nothing definite (${mine.reason})` : mine.kind.replace('_', ' ')
}

export function noIsKept({ before, after, askers }: ReadCase, breaches: string[]): string {
  const refusal = after.quantity === before.quantity ? 'wasRefused' : 'wasRefusedLast'
  const refused = askers.filter((asker) => asker[refusal])
  for (const { userId, holds } of refused) {
    if (holds !== null) breaches.push(`${userId} was told no, yet holds slot ${holds.slot}`)
  }
  return `${count(refused.length - breaches.length)} told no have none`
}

export function countsTheSame(sale: ReadCase, breaches: string[]): string {
  const { asked, before, after, holders } = sale
  if (asked !== null && after.issued !== holders.length) {
    breaches.push(`it says ${count(after.issued)} issued, the users hold ${count(holders.length)}`)
  }
  const known = before.issued + holdersSince(sale).length
  if (asked === null && after.issued < known) {
    breaches.push(`it says ${count(after.issued)} issued, at least ${count(known)} are`)
  }
  if (after.remaining !== after.quantity - after.issued) {
    breaches.push(`${count(after.remaining)} remaining of ${count(after.quantity)}`)
  }
  return `${count(after.issued)} issued, ${count(after.remaining)} remaining`
}

/** The same slots, codes and claims, in rows 1…n of the coupon without a hole. */
export function rowsAgree({ rows, asked, holders }: ReadCase, breaches: string[]): string {
  if ('missing' in rows) {
    breaches.push(rows.missing)
    return 'not to be had'
  }

  breaches.push(...misnumbered(rows))
  const byUser = new Map<string, RowSeen>()
  for (const row of rows) {
    const other = byUser.get(row.userId)
    if (other === undefined) byUser.set(row.userId, row)
    else breaches.push(`${row.userId} has two rows, slots ${other.slot} and ${row.slot}`)
  }
  let agreeing = 0
  for (const { userId, holds } of holders) {
    const row = byUser.get(userId)
    byUser.delete(userId)
    if (row === undefined) {
      breaches.push(`${userId} holds slot ${holds.slot}, but has no row`)
    } else if (!sameWin(row, holds)) {
      breaches.push(`${userId} holds ${shownIssued(holds)}, the row says ${shownIssued(row)}`)
    } else {
      agreeing += 1
    }
  }
  if (asked !== null) {
    for (const { userId, slot } of byUser.values()) {
      breaches.push(`slot ${slot} has a row for ${userId}, who was never told so`)
    }
  }
  const others = asked !== null ? '' : ` here, ${count(rows.length)} in all`
  return `${count(agreeing)} of ${count(holders.length)} rows${others}`
}

/** Rows come in the order of their slots. */
function* misnumbered(rows: readonly RowSeen[]): Iterable<string> {
  let expected = 1
  for (const { slot } of rows) {
    if (slot < expected) yield `slot ${slot} has more than one row`
    else if (slot === expected + 1) yield `slot ${expected} has no row`
    else if (slot > expected) yield `slots ${expected}…${slot - 1} have no row`
    expected = Math.max(expected, slot + 1)
  }
}

/** By /me/coupons: who won sees this coupon once, as it was told; nobody else sees it. */
export function usersSeeIt(sale: ReadCase, breaches: string[]): string {
  const { askers, asked, after, spent } = sale
  const { name, discount = null } = asked ?? after
  const terms = { name, discount }
  const offer = shownOffer(terms)
  let agreeing = 0
  for (const { userId, holds, held } of askers) {
    if ('missing' in held) {
      breaches.push(`the coupons of ${userId} cannot be read: ${held.missing}`)
      continue
    }
    const seen = held.value.filter(({ couponId }) => couponId === after.couponId)
    const isSame = ({ slot, code, status, orderId, ...shown }: CouponHeld) => {
      const isWon = slot === holds?.slot && code === holds.code
      const isUnused = status === 'unused' && orderId === null
      return isWon && shownOffer(shown) === offer && (spent || isUnused)
    }
    if (seen.length === (holds === null ? 0 : 1) && seen.every(isSame)) {
      agreeing += seen.length
      continue
    }
    const told = holds === null ? 'none' : shownHeld({ ...holds, ...terms, ...unused })
    const shown = seen.map((coupon) => shownHeld(coupon)).join(' and ') || 'none'
    breaches.push(`${userId} has ${told}, sees ${shown}`)
  }
  return `${count(agreeing)} see theirs, nobody another one`
}

function shownOffer({ name, discount }: Pick<CouponHeld, 'name' | 'discount'>): string {
  return `${JSON.stringify(name)}, ${shownDiscount(discount)}`
}

const unused = { status: 'unused', orderId: null }

function shownHeld(coupon: Omit<CouponHeld, 'couponId'>): string {
  const { slot, code, status, orderId, ...terms } = coupon
  const by = orderId === null ? '' : ` by ${orderId}`
  const standing = status === 'unused' ? '' : `, ${status}${by}`
  return `slot ${slot} (code ${code}) of ${shownOffer(terms)}${standing}`
}

/** An event for each, as it was told; the same one may come again. */
export function winsArePublished(sale: ReadCase, breaches: string[]): string | NotJudged {
  const { events, asked } = sale
  if ('notJudged' in events) return events
  if ('missing' in events) {
    breaches.push(events.missing)
    return 'not to be had'
  }
  const since = holdersSince(sale)
  const bySlot = Map.groupBy(events, ({ slot }) => slot)
  for (const { userId, holds } of since) {
    const published = bySlot.get(holds.slot) ?? []
    bySlot.delete(holds.slot)
    if (published.length === 0) breaches.push(`slot ${holds.slot} of ${userId} was not published`)
    for (const event of published) {
      if (event.userId === userId && sameWin(event, holds)) continue
      const said = `${event.userId}, ${shownIssued(event)}`
      breaches.push(`${userId} holds ${shownIssued(holds)}, published was ${said}`)
    }
  }
  for (const slot of asked === null ? [] : bySlot.keys()) {
    breaches.push(`slot ${slot} was published, and belongs to nobody`)
  }
  return `${counted(events.length, 'event')} of ${counted(since.length, 'win')}`
}
