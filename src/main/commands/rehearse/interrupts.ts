// Ctrl-C while a command has something to take away: the first one asks it to end, a second one
// ends it at once. Also as the first process of a container, where a signal alone does nothing.

import { exitCodes } from '../../context.ts'

export type Interrupts = { signal: AbortSignal; close(): void }

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function onInterrupt(): Interrupts {
  const controller = new AbortController()
  function interrupted(): void {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted)
    controller.abort()
  }
  for (const name of signals) process.on(name, interrupted)
  return {
    signal: controller.signal,
    close() {
      for (const name of signals) process.off(name, interrupted)
    },
  }
}
