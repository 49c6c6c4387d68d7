// Codes of the console in one process, which no other has to know.

import type { Clock, Moment } from '../../ports/clock.ts'
import type { ConsoleCodes, ConsoleGrant } from '../../ports/console-codes.ts'

/** Only operators make codes; far more than they can want in a minute. */
const codesMax = 1_000

export function createConsoleCodesMemory(clock: Clock): ConsoleCodes {
  const kept = new Map<string, { grant: ConsoleGrant; until: Moment }>()
  return {
    async keep(code, grant, ms) {
      kept.set(code, { grant, until: clock.monotonic() + ms })
      const [oldest] = kept.keys()
      if (kept.size > codesMax && oldest !== undefined) kept.delete(oldest)
    },
    async take(code) {
      const found = kept.get(code)
      kept.delete(code)
      return found !== undefined && clock.monotonic() < found.until ? found.grant : null
    },
    close: () => kept.clear(),
  }
}
