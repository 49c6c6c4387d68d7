// A whole sale from its leaves alone: which outcome and slot each claim must have by the leaves
// before it, and which acts the operator may have done then. It decides as `decide` does and shares
// nothing with it: whoever checks a service should not run the code of that service. What only the
// service knows (whose token is of the audience, which command was repeated) is taken as it says.

import { quantityMax } from '../coupons/quantity.ts'
import { formatInstant } from '../time.ts'
import type { Leaf, LeafOutcome } from './read-leaf.ts'
import { type Told, told } from './told.ts'

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
  /** What the operator did and what time did. */
  acts: Told[]
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
export function takeLeaf(sale: Sale, leaf: Leaf): Told | null {
  const isFirst = sale.status === 'absent'
  if (isFirst !== (leaf.kind === 'created')) {
    return told(isFirst ? 'noCreation' : 'createdTwice')
  }
  const before = sale.at
  const wentBack = leaf.at < before
  sale.at = Math.max(before, leaf.at)
  if (!isFirst) passTime(sale, leaf)
  const fault = leaf.kind === 'claim' ? takeClaim(sale, leaf) : takeAct(sale, leaf)
  if (!wentBack) return fault
  return told('timeWentBack', { from: formatInstant(before), to: formatInstant(leaf.at) })
}

/** By the log's clock, which is the time of the leaves. */
function passTime(sale: Sale, { n }: Leaf): void {
  if (sale.status === 'scheduled' && sale.at >= sale.opensAt) {
    sale.status = 'open'
    tell(sale, told('opened', { at: formatInstant(sale.opensAt), n }))
  }
  if (sale.status !== 'closed' && sale.at >= sale.closesAt) {
    sale.status = 'closed'
    tell(sale, told('closedByTime', { at: formatInstant(sale.closesAt), n }))
  }
}

function takeClaim(sale: Sale, leaf: Leaf & { kind: 'claim' }): Told | null {
  const { who, outcome, slot } = leaf
  const before = sale.winners.get(who)
  const due = dueOutcome(sale, before)
  const next = sale.winners.size + 1
  sale.claims[outcome] += 1
  if (outcome === 'issued' && before === undefined) sale.winners.set(who, slot ?? next)
  if (outcome === 'not_eligible' && sale.hasAudience && isUndecided(due)) return null
  if (outcome !== due) {
    if (outcome === 'issued') return wrongWin(sale, due, who)
    return told('otherOutcome', { who, outcome, due })
  }
  const dueSlot = due === 'issued' ? next : before
  if (slot === undefined || slot === dueSlot) return null
  return told('otherSlot', { who, slot, due: dueSlot ?? 0 })
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

function wrongWin(sale: Sale, due: LeafOutcome, who: string): Told {
  switch (due) {
    case 'already_issued':
      return told('winsTwice', { who, slot: sale.winners.get(who) ?? 0 })
    case 'closed':
      return told('winsLate', { who })
    case 'not_open':
      return told('winsEarly', { who, opensAt: formatInstant(sale.opensAt) })
    case 'paused':
      return told('winsWhilePaused', { who })
    default:
      return told('winsBeyond', { who, quantity: sale.quantity })
  }
}

function takeAct(sale: Sale, leaf: Exclude<Leaf, { kind: 'claim' }>): Told | null {
  if (leaf.kind === 'ignored') {
    sale.ignored += 1
    return null
  }
  const fault = wrongAct(sale, leaf)
  const act = applyAct(sale, leaf)
  tell(sale, told('act', { n: leaf.n, at: formatInstant(leaf.at), act }))
  if (leaf.kind === 'created') passTime(sale, leaf)
  return fault
}

type Act = Exclude<Leaf, { kind: 'claim' | 'ignored' }>

/** An act that the fold would have refused, or that changes nothing. */
function wrongAct(sale: Sale, leaf: Act): Told | null {
  const { status, paused, quantity, winners } = sale
  const isClosed = status === 'closed'
  switch (leaf.kind) {
    case 'created':
      return null
    case 'restocked':
      if (isClosed) return told('restocksLate')
      return quantity + leaf.add > quantityMax ? told('restocksBeyond', { max: quantityMax }) : null
    case 'paused':
      if (isClosed) return told('pausesLate')
      return paused ? told('pausesTwice') : null
    case 'resumed':
      if (isClosed) return told('resumesLate')
      return paused ? null : told('resumesTwice')
    case 'closed':
      return isClosed ? told('closesTwice') : null
    case 'edited':
      return wrongEdit(sale, leaf)
    case 'revoked':
      if (leaf.who === undefined || winners.has(leaf.who)) return null
      return told('revokesNobody', { who: leaf.who })
  }
}

function wrongEdit(sale: Sale, { at, opensAt, closesAt }: Leaf & { kind: 'edited' }): Told | null {
  if (sale.status === 'closed') return told('editsLate')
  if (opensAt !== undefined && sale.status !== 'scheduled') {
    return told('movesOpening', { opensAt: formatInstant(opensAt) })
  }
  const closes = closesAt ?? sale.closesAt
  if (closes > Math.max(opensAt ?? sale.opensAt, at)) return null
  return told('closesAmiss', { closesAt: formatInstant(closes) })
}

/** What was done. */
function applyAct(sale: Sale, leaf: Act): Told {
  switch (leaf.kind) {
    case 'created':
      return create(sale, leaf)
    case 'restocked':
      sale.quantity += leaf.add
      return told('restocked', { add: leaf.add, quantity: sale.quantity })
    case 'paused':
    case 'resumed':
      sale.paused = leaf.kind === 'paused'
      return told(leaf.kind)
    case 'closed':
      sale.status = 'closed'
      return told('closed')
    case 'edited':
      return edit(sale, leaf)
    case 'revoked':
      return leaf.who === undefined ? told('revokedAll') : told('revokedOne', { who: leaf.who })
  }
}

function create(sale: Sale, leaf: Leaf & { kind: 'created' }): Told {
  const { at, name, quantity, hasAudience, opensAt = at, closesAt = sale.closesAt } = leaf
  Object.assign(sale, { status: 'scheduled', name, quantity, hasAudience, opensAt, closesAt })
  const closes = Number.isFinite(closesAt) ? formatInstant(closesAt) : told('notByItself')
  return told('created', { quantity, opensAt: formatInstant(opensAt), closesAt: closes })
}

function edit(sale: Sale, { name, opensAt, closesAt }: Leaf & { kind: 'edited' }): Told {
  const edits: Told[] = []
  if (name !== undefined) {
    sale.name = name
    edits.push(told('editedName', { name: JSON.stringify(name) }))
  }
  if (opensAt !== undefined) {
    sale.opensAt = opensAt
    edits.push(told('editedOpening', { at: formatInstant(opensAt) }))
  }
  if (closesAt !== undefined) {
    sale.closesAt = closesAt
    edits.push(told('editedClose', { at: formatInstant(closesAt) }))
  }
  return told('edited', { edits })
}

function tell(sale: Sale, act: Told): void {
  if (sale.acts.length < actsToldMax) sale.acts.push(act)
  else sale.actsLeftOut += 1
}
