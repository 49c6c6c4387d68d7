// A whole sale from its leaves alone: which outcome and slot each claim must have by the leaves
// before it, and which acts the operator may have done then. It decides as `decide` does and shares
// nothing with it: whoever checks a service should not run the code of that service. What only the
// service knows (whose token is of the audience, which command was repeated) is taken as it says.

import { quantityMax } from '../coupons/messages.ts'
import { formatInstant } from '../time.ts'
import type { Leaf, LeafOutcome } from './read-leaf.ts'

export type Sale = {
  status: 'absent' | 'scheduled' | 'open' | 'closed'
  name: string
  quantity: number
  opensAt: number
  closesAt: number
  paused: boolean
  hasAudience: boolean
  /** The time of the last leaf, ms UTC. */
  at: number
  /** Slot by `who`. */
  winners: Map<string, number>
  claims: Record<LeafOutcome, number>
  ignored: number
  /** What the operator did and what time did, in words. */
  acts: string[]
  actsLeftOut: number
}

/** More are counted only; every one of them is checked. */
const actsToldMax = 200

export function newSale(): Sale {
  return {
    status: 'absent',
    name: '',
    quantity: 0,
    paused: false,
    hasAudience: false,
    at: 0,
    opensAt: Number.POSITIVE_INFINITY,
    closesAt: Number.POSITIVE_INFINITY,
    winners: new Map(),
    claims: {
      issued: 0,
      already_issued: 0,
      closed: 0,
      not_open: 0,
      paused: 0,
      not_eligible: 0,
      sold_out: 0,
    },
    ignored: 0,
    acts: [],
    actsLeftOut: 0,
  }
}

/** Takes the next leaf and says what is wrong with it; null: nothing. Changes the sale in place. */
export function takeLeaf(sale: Sale, leaf: Leaf): string | null {
  const isFirst = sale.status === 'absent'
  if (isFirst !== (leaf.kind === 'created')) {
    return isFirst ? 'is the first and creates no coupon' : 'creates the coupon a second time'
  }
  const before = sale.at
  const wentBack = leaf.at < before
  sale.at = Math.max(before, leaf.at)
  if (!isFirst) passTime(sale, leaf)
  const fault = leaf.kind === 'claim' ? takeClaim(sale, leaf) : takeAct(sale, leaf)
  if (!wentBack) return fault
  return `goes back in time, from ${formatInstant(before)} to ${formatInstant(leaf.at)}`
}

/** By the log's clock, which is the time of the leaves. */
function passTime(sale: Sale, { n }: Leaf): void {
  if (sale.status === 'scheduled' && sale.at >= sale.opensAt) {
    sale.status = 'open'
    tell(sale, `opened at ${formatInstant(sale.opensAt)}: entry ${n} is the first after it`)
  }
  if (sale.status !== 'closed' && sale.at >= sale.closesAt) {
    sale.status = 'closed'
    tell(
      sale,
      `closed by time at ${formatInstant(sale.closesAt)}: entry ${n} is the first after it`,
    )
  }
}

function takeClaim(sale: Sale, leaf: Leaf & { kind: 'claim' }): string | null {
  const { who, outcome, slot } = leaf
  const before = sale.winners.get(who)
  const due = dueOutcome(sale, before)
  const next = sale.winners.size + 1
  sale.claims[outcome] += 1
  if (outcome === 'issued' && before === undefined) sale.winners.set(who, slot ?? next)
  if (outcome === 'not_eligible' && sale.hasAudience && isUndecided(due)) return null
  if (outcome !== due) {
    if (outcome === 'issued') return `${who} wins ${wrongWin(sale, due, before)}`
    return `${who} is told ${outcome} where the entries before it make ${due}`
  }
  const dueSlot = due === 'issued' ? next : before
  if (slot === undefined || slot === dueSlot) return null
  return `${who} has slot ${slot} where the entries before it make ${dueSlot}`
}

/** The outcome in its order of precedence; whether somebody is eligible is left open. */
function dueOutcome(sale: Sale, slot: number | undefined): LeafOutcome {
  if (slot !== undefined) return 'already_issued'
  if (sale.status === 'closed') return 'closed'
  if (sale.status === 'scheduled') return 'not_open'
  if (sale.paused) return 'paused'
  return sale.winners.size >= sale.quantity ? 'sold_out' : 'issued'
}

const isUndecided = (due: LeafOutcome) => due === 'issued' || due === 'sold_out'

function wrongWin(sale: Sale, due: LeafOutcome, before: number | undefined): string {
  switch (due) {
    case 'already_issued':
      return `a second time: it has slot ${before}`
    case 'closed':
      return 'after the close'
    case 'not_open':
      return `before the opening at ${formatInstant(sale.opensAt)}`
    case 'paused':
      return 'while the coupon was paused'
    default:
      return `beyond the quantity of ${sale.quantity}`
  }
}

function takeAct(sale: Sale, leaf: Exclude<Leaf, { kind: 'claim' }>): string | null {
  if (leaf.kind === 'ignored') {
    sale.ignored += 1
    return null
  }
  const fault = wrongAct(sale, leaf)
  const told = applyAct(sale, leaf)
  tell(sale, `entry ${leaf.n}, ${formatInstant(leaf.at)}: ${told}`)
  if (leaf.kind === 'created') passTime(sale, leaf)
  return fault
}

type Act = Exclude<Leaf, { kind: 'claim' | 'ignored' }>

/** An act that the fold would have refused, or that changes nothing. */
function wrongAct(sale: Sale, leaf: Act): string | null {
  const { status, paused, quantity, winners } = sale
  const isClosed = status === 'closed'
  switch (leaf.kind) {
    case 'created':
      return null
    case 'restocked':
      if (isClosed) return 'restocks after the close'
      return quantity + leaf.add > quantityMax ? `restocks beyond ${quantityMax}` : null
    case 'paused':
    case 'resumed':
      if (isClosed) return `is "${leaf.kind}" after the close`
      return paused === (leaf.kind === 'paused') ? `is "${leaf.kind}" and changes nothing` : null
    case 'closed':
      return isClosed ? 'closes what was closed' : null
    case 'edited':
      return wrongEdit(sale, leaf)
    case 'revoked':
      if (leaf.who === undefined || winners.has(leaf.who)) return null
      return `revokes ${leaf.who}, which has won nothing`
  }
}

function wrongEdit(
  sale: Sale,
  { at, opensAt, closesAt }: Leaf & { kind: 'edited' },
): string | null {
  if (sale.status === 'closed') return 'edits after the close'
  if (opensAt !== undefined && sale.status !== 'scheduled') {
    return `moves the opening to ${formatInstant(opensAt)} after it has opened`
  }
  const closes = closesAt ?? sale.closesAt
  if (closes > Math.max(opensAt ?? sale.opensAt, at)) return null
  return `leaves the close at ${formatInstant(closes)}, which is not after the opening and itself`
}

/** What was done, in words. */
function applyAct(sale: Sale, leaf: Act): string {
  switch (leaf.kind) {
    case 'created':
      return create(sale, leaf)
    case 'restocked':
      sale.quantity += leaf.add
      return `restocked by ${leaf.add}, ${sale.quantity} in all`
    case 'paused':
    case 'resumed':
      sale.paused = leaf.kind === 'paused'
      return leaf.kind
    case 'closed':
      sale.status = 'closed'
      return 'closed by the operator'
    case 'edited':
      return edit(sale, leaf)
    case 'revoked':
      return leaf.who === undefined ? 'revoked all that were issued' : `revoked that of ${leaf.who}`
  }
}

function create(sale: Sale, leaf: Leaf & { kind: 'created' }): string {
  const { at, name, quantity, hasAudience, opensAt = at, closesAt = sale.closesAt } = leaf
  Object.assign(sale, { status: 'scheduled', name, quantity, hasAudience, opensAt, closesAt })
  const closes = Number.isFinite(closesAt) ? formatInstant(closesAt) : 'not by itself'
  return `created with ${quantity}, opens ${formatInstant(opensAt)}, closes ${closes}`
}

function edit(sale: Sale, { name, opensAt, closesAt }: Leaf & { kind: 'edited' }): string {
  const told: string[] = []
  if (name !== undefined) {
    sale.name = name
    told.push(`the name is ${JSON.stringify(name)}`)
  }
  if (opensAt !== undefined) {
    sale.opensAt = opensAt
    told.push(`it opens ${formatInstant(opensAt)}`)
  }
  if (closesAt !== undefined) {
    sale.closesAt = closesAt
    told.push(`it closes ${formatInstant(closesAt)}`)
  }
  return `edited: ${told.join(', ')}`
}

function tell(sale: Sale, act: string): void {
  if (sale.acts.length < actsToldMax) sale.acts.push(act)
  else sale.actsLeftOut += 1
}
