// Which issued coupons were revoked. A revoke takes the coupon of one winner, or of all who have
// won by then; who wins later is not touched, and nobody's slot is given to another. Whether a
// coupon had been spent before is no matter of the claims log: what was used stays used.

/** Both are meant as well. */
export type Slots = { from: number; to: number }

/** One command that was done, as its record says, and where that stands. Times are ms UTC. */
export type Revocation = {
  commandId: string
  by: string
  reason: string
  /** Whose; null: of all who had won. */
  userId: string | null
  offset: number
  appendedAt: number
  /** Among these slots are all that it took and no other had taken before; null: there was none. */
  taken: Slots | null
}

export type Revocations = {
  /** Every slot up to it is revoked. */
  through: number
  /** Above it, those that are revoked as well. */
  slots: Set<number>
  /** All that were done, by command id: one that is repeated changes nothing. */
  commands: Map<string, Revocation>
  /** Where the last one stands in the log; -1: there is none. */
  last: number
}

export function noRevocations(): Revocations {
  return { through: 0, slots: new Set(), commands: new Map(), last: -1 }
}

export function isRevoked({ through, slots }: Revocations, slot: number): boolean {
  return slot <= through || slots.has(slot)
}

/** How many issued coupons are revoked. */
export function revokedCount({ through, slots }: Revocations): number {
  return through + slots.size
}

/** What a revoke takes that no other has taken: of one winner, or of the first `winners`. */
export function takenBy(
  revocations: Revocations,
  { slot, winners }: { slot: number | null; winners: number },
): Slots | null {
  if (slot !== null) return isRevoked(revocations, slot) ? null : { from: slot, to: slot }
  if (revokedCount(revocations) >= winners) return null
  return { from: revocations.through + 1, to: winners }
}

/** In the order of the log. */
export function addRevocation(revocations: Revocations, one: Revocation): void {
  revocations.commands.set(one.commandId, one)
  revocations.last = one.offset
  if (one.taken === null) return
  if (one.userId === null) {
    revocations.through = one.taken.to
    revocations.slots.clear()
  } else revocations.slots.add(one.taken.to)
}

/** In the order of the log. */
export function revocationsOf(all: Iterable<Revocation>): Revocations {
  const revocations = noRevocations()
  for (const one of all) addRevocation(revocations, one)
  return revocations
}

export function copyOf({ slots, commands, ...rest }: Revocations): Revocations {
  return { ...rest, slots: new Set(slots), commands: new Map(commands) }
}
