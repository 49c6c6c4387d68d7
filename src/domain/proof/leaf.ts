// Which leaf a record of the claims log is: what everyone may read of it. Derived from what the
// fold made of the record, so that every reader of the log finds the same leaves. Which fields are
// public is said here once, by name; whatever else a record has stays out.

import { type Command, type Decision, statusAt } from '../coupons/decide.ts'
import { applyCommand, type Fold } from '../coupons/fold.ts'
import { type ControlMessage, encodeMessage } from '../coupons/messages.ts'
import type { Coupon } from '../coupons/state.ts'
import { formatInstant } from '../time.ts'
import { canonicalJson } from './canonical-json.ts'

/** What of control records is public: of a user only `who`, of an operator nothing. */
const publicFields = [
  'rules',
  'name',
  'quantity',
  'discount',
  'opensAt',
  'closesAt',
  'minimum',
  'validUntil',
  'validDays',
  'audience',
  'add',
  'all',
]

export type LeafParts = {
  fold: Fold
  /** What stands for a user of this coupon. */
  whoOf(userId: string): string
  /** The leaves of this coupon so far, and the time of the last one (ms UTC). */
  before: { size: number; at: number }
}
/** `leaf` is null for a record of a coupon that there is not. */
export type AppliedLeaf = { decision: Decision; leaf: { text: string; at: number } | null }

/** Applies a record to the fold, and says which leaf it is. */
export function applyAsLeaf(command: Command, { fold, whoOf, before }: LeafParts): AppliedLeaf {
  const { message, appendedAt } = command
  const seen = seenOf(fold.coupons.get(message.couponId), appendedAt)
  const decision = applyCommand(fold, command)
  if (!fold.coupons.has(message.couponId)) return { decision, leaf: null }
  // A log may step back; what it has opened or closed stays so, and so does the time of a leaf.
  const at = Math.max(appendedAt, before.at)
  const kind = message.type === 'coupon.claimed' ? 'claim' : message.type.replace('coupon.', '')
  const own =
    message.type === 'coupon.claimed'
      ? { who: whoOf(message.userId), ...claimFields(decision) }
      : (controlFields(message, { seen, decision, whoOf }) ?? { ignored: true })
  const text = canonicalJson({ n: before.size, at: formatInstant(at), kind, ...own })
  return { decision, leaf: { text, at } }
}

function claimFields({ outcome }: Decision): object {
  return 'issued' in outcome
    ? { outcome: outcome.kind, slot: outcome.issued.slot }
    : { outcome: outcome.kind }
}

/** What a coupon was before a record; the fold changes it in place. */
type Seen = { passed: number; paused: boolean; name?: string; opensAt?: string; closesAt?: string }

function seenOf(coupon: Coupon | undefined, appendedAt: number): Seen {
  if (coupon === undefined) return { passed: 0, paused: false }
  const { paused, name, opensAt, closesAt, status } = coupon
  return {
    // How many events are those of time alone.
    passed: statusAt(coupon, appendedAt) === status ? 0 : 1,
    paused,
    name,
    opensAt: formatInstant(opensAt),
    ...(Number.isFinite(closesAt) ? { closesAt: formatInstant(closesAt) } : {}),
  }
}

type Controlled = { seen: Seen; decision: Decision } & Pick<LeafParts, 'whoOf'>

/** Null: it was refused, or it changes nothing. */
function controlFields(message: ControlMessage, { seen, decision, whoOf }: Controlled) {
  const isCreated = decision.events[0]?.type === 'created'
  if (!isCreated && decision.events.length <= seen.passed) return null
  const last = decision.events.at(-1)
  if (last?.type === 'revoked' && last.revocation.taken === null) return null
  if (message.type === 'coupon.paused' && seen.paused) return null
  if (message.type === 'coupon.resumed' && !seen.paused) return null
  const wire = JSON.parse(encodeMessage(message).toString()) as Readonly<Record<string, unknown>>
  const shown = publicFieldsOf(wire, whoOf)
  return wire.type === 'coupon.edited' ? changedFields(shown, seen) : shown
}

/** What everyone may read of a control record. */
export function publicFieldsOf(
  wire: Readonly<Record<string, unknown>>,
  whoOf: LeafParts['whoOf'],
): Record<string, unknown> {
  const { userId } = wire
  const shown: Record<string, unknown> = typeof userId === 'string' ? { who: whoOf(userId) } : {}
  for (const name of publicFields) if (wire[name] !== undefined) shown[name] = wire[name]
  return shown
}

/** Null: nothing. */
export function changedFields(
  shown: Readonly<Record<string, unknown>>,
  seen: Readonly<Record<string, unknown>>,
): Record<string, unknown> | null {
  const changed = Object.entries(shown).filter(([name, value]) => value !== seen[name])
  return changed.length === 0 ? null : Object.fromEntries(changed)
}
