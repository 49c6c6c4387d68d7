// Which coupon an operator's Idempotency-Key was given for: asked with it for another one, nothing
// is made. It follows from the log, so every node knows it, also after a restart. What is not read
// yet, whoever has taken the key knows.

import type { ControlOutcome } from '../../domain/coupons/decide.ts'
import type { ControlMessage } from '../../domain/coupons/messages.ts'

const prefix = 'create:'

/** The command id of a coupon that is created with a key. */
export function keyedCreateId(keyId: string): string {
  return prefix + keyId
}

export class KeyedCreates {
  /** By command id; one for each coupon that was created with a key. */
  private readonly couponIds = new Map<string, string>()

  decided(message: ControlMessage, { kind }: ControlOutcome): void {
    if (!isKeyedCreate(message) || (kind !== 'created' && kind !== 'unchanged')) return
    const { commandId, couponId } = message
    if (!this.couponIds.has(commandId)) this.couponIds.set(commandId, couponId)
  }

  get size(): number {
    return this.couponIds.size
  }

  /** Command id and coupon, in the order in which they were learned. */
  slice(from: number, through: number): [string, string][] {
    return this.couponIds.entries().take(through).drop(from).toArray()
  }

  /** What was learned from the log before this start. */
  restore(entries: readonly (readonly [string, string])[]): void {
    for (const [commandId, couponId] of entries) this.couponIds.set(commandId, couponId)
  }

  /** Whether its key has named another coupon, or names one of those under way. */
  isReused(message: ControlMessage, underWay: Iterable<ControlMessage>): boolean {
    if (!isKeyedCreate(message)) return false
    const { commandId, couponId } = message
    const known = this.couponIds.get(commandId)
    if (known !== undefined) return known !== couponId
    for (const other of underWay) {
      if (other.commandId === commandId && other.couponId !== couponId) return true
    }
    return false
  }
}

function isKeyedCreate({ type, commandId }: ControlMessage): boolean {
  return type === 'coupon.created' && commandId.startsWith(prefix)
}
