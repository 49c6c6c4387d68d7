// A wait between two tries, which ends at once when there will be no other.

import type { Clock } from '../../ports/clock.ts'

export type Pause = { clock: Clock; ms: number; ended: Promise<void> }

export async function pause({ clock, ms, ended }: Pause): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(ms, resolve)
  await Promise.race([promise, ended])
  cancel()
}
