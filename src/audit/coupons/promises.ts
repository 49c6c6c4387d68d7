// Judges what the fold decided without asking `decide`: a ledger of its own for each coupon,
// small enough to be seen to be right. So a mistake in the rules' code shows here, and not only
// where two readers of the log disagree.

import type { Command, Decision, Place } from '../../domain/coupons/decide.ts'
import {
  type Audience,
  type ControlMessage,
  type CouponClaimed,
  type CouponCreated,
  type CouponEdited,
  type CouponRevoked,
} from '../../domain/coupons/messages.ts'
import { quantityMax } from '../../domain/coupons/quantity.ts'
import { revokedCount } from '../../domain/coupons/revocations.ts'
import type { Coupon, Issued } from '../../domain/coupons/state.ts'
import { type Broken, type Findings, type Invariant, recordAt } from '../findings.ts'
import type { Piece } from '../sentences.ts'
import { SlotsByUser } from './since/slots-by-user.ts'

export type PromiseChecks = {
  /** In the order of the partition. */
  check(command: Command, outcome: Outcome): void
  /** Compares the sums with those of the fold. */
  finish(coupons: ReadonlyMap<string, Coupon>): void
  /** What it knows of a coupon now, but for who has won; undefined: there is none. */
  copyOf(couponId: string): LedgerWithoutSlots | undefined
  /** Of who has won. */
  slotOf(couponId: string, userId: string): number | undefined
}
export type LedgerWithoutSlots = Omit<Ledger, 'slots'>

type Outcome = Decision['outcome']
export type Ledger = {
  couponId: string
  quantity: number
  audience: Audience | undefined
  isRehearsal: boolean
  opensAt: number
  closesAt: number
  opened: boolean
  closed: boolean
  paused: boolean
  /** Where the last act that took effect stands. */
  lastAct: number
  /** Restocks, pauses and resumes that took effect, and closes that expected a state. */
  commands: Set<string>
  /** Revokes that took effect. */
  revokes: Set<string>
  /** Users whose coupon was revoked. */
  revoked: Set<string>
  /** The slot of each user who won. */
  slots: SlotsByUser
}

/** `known`: of records that were checked before. */
export function createPromiseChecks(
  findings: Findings,
  known: Iterable<Ledger> = [],
): PromiseChecks {
  const ledgers = new Map([...known].map((ledger) => [ledger.couponId, ledger]))

  function check(command: Command, outcome: Outcome): void {
    const { message, appendedAt } = command
    const ledger = ledgers.get(message.couponId) ?? null
    if (ledger === null) {
      if (message.type === 'coupon.created') ledgers.set(message.couponId, open(message, command))
      else checkUnknown(command, outcome.kind)
      return
    }
    ledger.opened ||= appendedAt >= ledger.opensAt
    ledger.closed ||= appendedAt >= ledger.closesAt
    if (message.type !== 'coupon.claimed') control(ledger, message, command)
    else checkClaim(ledger, { ...command, message }, outcome)
  }

  function checkUnknown({ message, ...place }: Command, kind: string): void {
    if (kind === 'unknown_coupon') return
    const { couponId } = message
    const ended = `ended ${kind}, but ${couponId} had not been created` as const
    findings.add('I5', { couponId, what: recordAt(place) }, ended)
  }

  function checkClaim(ledger: Ledger, command: Command<CouponClaimed>, outcome: Outcome): void {
    const held = ledger.slots.get(command.message.userId)
    const { couponId } = ledger
    const broken: Broken = (invariant, text) => {
      findings.add(invariant, { couponId, what: recordAt(command) }, text)
    }
    if (outcome.kind === 'issued') {
      checkWin({ ledger, command, held, broken }, outcome.issued)
      ledger.slots.set(command.message.userId, outcome.issued.slot)
    } else checkNoWin({ ledger, command, held, broken }, outcome)
  }

  return {
    check,
    finish(coupons) {
      for (const { couponId, quantity, winners, revocations, lastAct } of coupons.values()) {
        const ledger = ledgers.get(couponId)
        const differs = (invariant: Invariant, fold: Piece, log: number | string) => {
          findings.add(invariant, { couponId }, `the fold has ${fold}, the log ${log}`)
        }
        if (ledger?.quantity !== quantity) {
          differs('I1', `quantity ${quantity}`, ledger?.quantity ?? 'none')
        }
        if (ledger?.slots.size !== winners.size) {
          differs('I4', `${winners.size} winners`, ledger?.slots.size ?? 0)
        }
        const revoked = revokedCount(revocations)
        if (ledger?.revoked.size !== revoked) {
          differs('I15', `${revoked} revoked`, ledger?.revoked.size ?? 0)
        }
        if (ledger?.lastAct !== lastAct) {
          differs('I7', `its last act at ${lastAct}`, `at ${ledger?.lastAct ?? 'none'}`)
        }
      }
    },
    copyOf(couponId) {
      const ledger = ledgers.get(couponId)
      return ledger && copyOf(ledger)
    },
    slotOf: (couponId, userId) => ledgers.get(couponId)?.slots.get(userId),
  }
}

function copyOf(all: Ledger): LedgerWithoutSlots {
  const { slots: _, ...ledger } = all
  const { commands, revokes, revoked } = ledger
  const acts = { commands: new Set(commands), revokes: new Set(revokes) }
  return { ...ledger, ...acts, revoked: new Set(revoked) }
}

/** `held`: the slot that the user had before. */
type Claim = {
  ledger: Ledger
  command: Command<CouponClaimed>
  held: number | undefined
  broken: Broken
}

function checkWin({ ledger, command, held, broken }: Claim, issued: Issued): void {
  const { userId, claimId, audience } = command.message
  const { slot } = issued
  const won = `${userId} won slot ${slot} of ${ledger.couponId}` as const
  if (held !== undefined) broken('I3', `${won}, but had slot ${held}`)
  if (ledger.slots.size >= ledger.quantity) broken('I1', `${won}, but ${standing(ledger)}`)
  const next = ledger.slots.size + 1
  if (slot !== next) broken('I4', `${won}, but the next slot was ${next}`)
  if (!ledger.opened) broken('I9', `${won} before it had opened`)
  if (ledger.paused || ledger.closed) broken('I9', `${won}, but ${standing(ledger)}`)
  if (!isFor(ledger, audience)) broken('I15', `${won}, which is for others`)
  const own = issued.claimId === claimId && issued.offset === command.offset
  if (!own || issued.appendedAt !== command.appendedAt) {
    broken('I4', `${won} with another record's claim id, place or time`)
  }
}

function checkNoWin({ ledger, command, held, broken }: Claim, outcome: Outcome): void {
  const { userId } = command.message
  if ('issued' in outcome) {
    const { slot } = outcome.issued
    if (slot === held) return
    broken('I5', `${userId} was told slot ${slot}, but has ${held ?? 'none'}`)
    return
  }
  const told = `${userId} was told ${outcome.kind}` as const
  if (held !== undefined) broken('I5', `${told}, but has slot ${held}`)
  if (outcome.kind === 'not_open') {
    if (ledger.opened) broken('I9', `${told}, but ${ledger.couponId} had opened`)
  } else if (!refusable({ ledger, command }, outcome.kind))
    broken('I6', `${told}, but ${standing(ledger)}`)
}

function open({ couponId, terms }: CouponCreated, { offset, appendedAt }: Place): Ledger {
  const opensAt = terms.opensAt ?? appendedAt
  const closesAt = terms.closesAt ?? Number.POSITIVE_INFINITY
  return {
    couponId,
    quantity: terms.quantity,
    audience: terms.audience,
    isRehearsal: terms.rehearsal === true,
    opensAt,
    closesAt,
    opened: appendedAt >= opensAt,
    closed: appendedAt >= closesAt,
    paused: false,
    lastAct: offset,
    commands: new Set(),
    revokes: new Set(),
    revoked: new Set(),
    slots: new SlotsByUser(),
  }
}

function control(ledger: Ledger, message: ControlMessage, { offset, appendedAt }: Place): void {
  if (message.type === 'coupon.created') return
  const { commandId, expected } = message
  const isPlainClose = message.type === 'coupon.closed' && expected === undefined
  if (!isPlainClose && hasDone(ledger, commandId)) return
  if (expected !== undefined && expected !== ledger.lastAct) return
  if (message.type === 'coupon.revoked') {
    if (ledger.isRehearsal && ledger.closed) return
    if (revoke(ledger, message)) ledger.lastAct = offset
    return
  }
  if (ledger.closed) return
  if (message.type === 'coupon.restocked') {
    if (ledger.quantity + message.add > quantityMax) return
    ledger.quantity += message.add
  } else if (message.type === 'coupon.edited') {
    if (!edited(ledger, message, appendedAt)) return
  } else if (message.type === 'coupon.closed') ledger.closed = true
  else ledger.paused = message.type === 'coupon.paused'
  ledger.lastAct = offset
  if (!isPlainClose) ledger.commands.add(commandId)
}

/** False where the user has none. Whoever won later keeps it. */
function revoke(ledger: Ledger, { commandId, userId }: CouponRevoked): boolean {
  const { slots, revokes, revoked } = ledger
  if (userId !== undefined && !slots.has(userId)) return false
  revokes.add(commandId)
  for (const one of userId === undefined ? slots.keys() : [userId]) revoked.add(one)
  return true
}

function hasDone({ commands, revokes }: Ledger, commandId: string): boolean {
  return commands.has(commandId) || revokes.has(commandId)
}

/** False where it came too late. */
function edited(ledger: Ledger, edit: CouponEdited, appendedAt: number): boolean {
  const { opensAt = ledger.opensAt, closesAt = ledger.closesAt } = edit
  if (edit.opensAt !== undefined && ledger.opened) return false
  if (closesAt <= opensAt || closesAt <= appendedAt) return false
  Object.assign(ledger, { opensAt, closesAt })
  return true
}

/** Whether the log gives this reason to refuse who has not won. */
function refusable(
  { ledger, command }: Pick<Claim, 'ledger' | 'command'>,
  kind: Outcome['kind'],
): boolean {
  if (kind === 'closed') return ledger.closed
  if (kind === 'paused') return ledger.paused
  if (kind === 'not_eligible') return !isFor(ledger, command.message.audience)
  return kind === 'sold_out' && ledger.slots.size >= ledger.quantity
}

function isFor({ audience }: Ledger, value: string | undefined): boolean {
  return audience === undefined || audience.values.some((one) => one === value)
}

type Standing = `${string} was ${Piece}, with ${number} of ${number} issued`

function standing({ couponId, closed, paused, slots, quantity }: Ledger): Standing {
  const status: Piece = closed ? 'closed' : paused ? 'paused' : 'not closed nor paused'
  return `${couponId} was ${status}, with ${slots.size} of ${quantity} issued`
}
