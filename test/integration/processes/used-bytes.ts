// What this process keeps in memory, without what nobody can reach any more.

import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What is compiled, or closed in the background, comes and goes; what is kept is always there. */
const looks = 4

export async function usedBytes(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const seen: number[] = []
  while (seen.length < looks) {
    await setImmediate()
    collectGarbage()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    seen.push(heapUsed + arrayBuffers)
  }
  return Math.min(...seen)
}
