// One Idempotency-Key makes one thing, also where two ask for different ones at the same moment:
// who asks takes the key before the record is sent, at this node and among all. What the log says
// of a key stays as it is; this is for the moments in which no record does. While the nodes cannot
// be asked, each goes on by itself.

import { type Clock, within } from '../../ports/clock.ts'
import type { GivenKey, GivenKeys } from '../../ports/given-keys.ts'
import { PortError } from '../../ports/port-error.ts'
import { Latest } from '../latest.ts'

export type OneThingParts = {
  clock: Clock
  /** null while SQL is not up. Absent: this is the only node. */
  shared?: (() => GivenKeys | null) | undefined
  /** Nobody could be asked; it is done all the same. */
  onAway?: ((error: PortError) => void) | undefined
}
type Taken = { givenFor: string; takers: number }

/** What operators make in the seconds until a record is read. */
const keysMax = 10_000
/** An operator is not kept waiting by a database that is not there. */
const askMsMax = 1_000

export class OneThing {
  private readonly parts: OneThingParts
  private readonly taken = new Latest<string, Taken>(keysMax)

  constructor(parts: OneThingParts) {
    this.parts = parts
  }

  get size(): number {
    return this.taken.size
  }

  /**
   * null: the key was given for something else. `make` answers without a status where certainly
   * nothing was made.
   */
  async make<Answer extends object>(
    given: GivenKey,
    make: () => Promise<Answer>,
  ): Promise<Answer | null> {
    if (!(await this.take(given))) return null
    const answer = await make()
    if (!('status' in answer)) await this.giveBack(given)
    return answer
  }

  private async take(given: GivenKey): Promise<boolean> {
    const { key, givenFor } = given
    const known = this.taken.use(key) ?? { givenFor, takers: 0 }
    if (known.takers > 0 && known.givenFor !== givenFor) return false
    this.taken.set(key, { givenFor, takers: known.takers + 1 })
    if ((await this.ask((shared) => shared.take(given))) !== false) return true
    this.giveBackHere(given)
    return false
  }

  private async giveBack(given: GivenKey): Promise<void> {
    this.giveBackHere(given)
    await this.ask((shared) => shared.giveBack(given))
  }

  private giveBackHere({ key, givenFor }: GivenKey): void {
    const known = this.taken.get(key)
    if (known?.givenFor === givenFor) known.takers -= 1
  }

  /** null: nobody can be asked, or not in time. */
  private async ask<Said>(question: (shared: GivenKeys) => Promise<Said>): Promise<Said | null> {
    const { clock, shared, onAway } = this.parts
    const there = shared?.() ?? null
    if (there === null) return null
    const late = () => {
      throw new PortError('store_unavailable', 'has not answered in time', { retryable: true })
    }
    try {
      return await within({ clock, ms: askMsMax, late }, question(there))
    } catch (error) {
      if (!(error instanceof PortError)) throw error
      onAway?.(error)
      return null
    }
  }
}
