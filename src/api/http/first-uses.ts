// What a call needs and takes long to make, as the code of its schemas. All of it together takes a
// quarter of a second, for which no start waits; and what is not made yet when a request comes is
// made for that one. It is made once calls are answered, a piece now and then, so that those who
// come first are answered meanwhile, and no request holds up the others with it.

import { type Clock, sleep } from '../../ports/clock.ts'

const pauseMs = 20

export type FirstUses = {
  /** Of what `make` gives, which is made once. */
  of<Made>(make: () => Made): () => Made
  /** Makes what nobody has used yet, until `signal` is aborted. */
  makeAll(clock: Clock, signal: AbortSignal): Promise<void>
}

export function createFirstUses(): FirstUses {
  const all: (() => unknown)[] = []
  return {
    of<Made>(make: () => Made) {
      let made: { it: Made } | undefined
      const use = () => {
        made ??= { it: make() }
        return made.it
      }
      all.push(use)
      return use
    },
    async makeAll(clock, signal) {
      for (const use of all) {
        await sleep(clock, pauseMs, signal)
        if (signal.aborted) return
        use()
      }
    },
  }
}
