// Waits for what a role cannot start without, and says so: at once when it first fails, and then
// again and again. It waits for ever, since who starts first is nobody's mistake; only a failure
// that waiting cannot cure ends it, or a requested stop.

import type { Logger } from 'pino'
import { type Clock, every, sleep } from '../../ports/clock.ts'
import { PortError } from '../../ports/port-error.ts'
import { unlessStopped } from './stops.ts'

export type Waiting = {
  clock: Clock
  logger: Pick<Logger, 'warn' | 'info'>
  signal: AbortSignal
  /** What a start waits for; null: it goes on. For whoever asks in the meantime. */
  onWaiting?: ((what: string | null) => void) | undefined
}

/** Long enough for a log to stay readable, short enough for whoever watches a start. */
export const sayEveryMs = 10_000
/** A start goes on soon after what it waits for is there. */
const askEveryMs = 500

/** `what`: as people call it, as in "waiting for Kafka". */
export async function waitFor<T>(
  { clock, logger, signal, onWaiting = () => {} }: Waiting,
  what: string,
  ask: () => Promise<T>,
): Promise<T> {
  const startedAt = clock.monotonic()
  let reason = 'it has not answered yet'
  let said = false
  const cancel = every(clock, sayEveryMs, say)

  function say(): void {
    said = true
    const seconds = Math.round((clock.monotonic() - startedAt) / 1000)
    logger.warn({ seconds, reason }, `waiting for ${what}`)
  }

  try {
    for (;;) {
      try {
        const answer = await unlessStopped(signal, ask())
        if (said) logger.info(`${what} is there`)
        onWaiting(null)
        return answer
      } catch (error) {
        if (!(error instanceof PortError) || !error.retryable) throw error
        reason = error.message
        if (!said) say()
        onWaiting(what)
      }
      await unlessStopped(signal, sleep(clock, askEveryMs))
    }
  } finally {
    cancel()
  }
}

/** What a role would log, as lines for people: for commands that end by themselves. */
export function plainLogger(err: (text: string) => void): Waiting['logger'] {
  return lineLogger((line) => err(`firstcome: ${line}\n`))
}

/** What would be logged, in one line. */
export function lineLogger(tell: (line: string) => void): Waiting['logger'] {
  const say = (first: unknown, text?: string) => {
    const { reason } = (typeof first === 'object' ? first : {}) as { reason?: string }
    tell(`${text ?? String(first)}${reason === undefined ? '' : `: ${reason}`}`)
  }
  return { warn: say, info: say }
}
