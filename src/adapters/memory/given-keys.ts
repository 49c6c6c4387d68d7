// What Idempotency-Keys were given for, in memory, for tests: as in SQL, but for as long as it is
// there.

import type { GivenKeys } from '../../ports/given-keys.ts'

export function createGivenKeysMemory(): GivenKeys {
  const taken = new Map<string, { givenFor: string; takers: number }>()
  return {
    async take({ key, givenFor }) {
      const known = taken.get(key) ?? { givenFor, takers: 0 }
      if (known.takers > 0 && known.givenFor !== givenFor) return false
      taken.set(key, { givenFor, takers: known.takers + 1 })
      return true
    },
    async giveBack({ key, givenFor }) {
      const known = taken.get(key)
      if (known?.givenFor === givenFor && known.takers > 0) known.takers -= 1
    },
  }
}
