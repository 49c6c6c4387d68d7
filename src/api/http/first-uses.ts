// What a call needs and takes long to make, as the code of its schemas. All of it together takes a
// quarter of a second, for which no start waits; and what is not made yet when a request comes is
// made for that one. It is made soon after the start, a piece in each turn of the event loop, so
// that no request holds up the others with it.

import { setImmediate as nextTurn } from 'node:timers/promises'

export type FirstUses = {
  /** Of what `make` gives, which is made once. */
  of<Made>(make: () => Made): () => Made
  /** Makes what nobody has used yet. */
  makeAll(): Promise<void>
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
    async makeAll() {
      for (const use of all) {
        await nextTurn()
        use()
      }
    },
  }
}
