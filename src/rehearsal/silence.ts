// Ends a rehearsal whose service has fallen silent, or that somebody has interrupted: from then on
// nothing is sent any more. Silence is counted while answers are waited for, not while nothing is
// asked; and by a timer, because a request to a service that hangs takes longer than it may.

import type { HttpClient } from '../client/http-client.ts'
import { type Clock, every } from '../ports/clock.ts'
import { RehearsalError } from './rehearsal-error.ts'

export type Watched = Pick<HttpClient, 'send'> & {
  /** Rejects with the RehearsalError of the end; never resolves. */
  ended: Promise<never>
  close(): void
}
type Watching = { clock: Clock; silenceMsMax: number; signal?: AbortSignal | undefined }

const lookMs = 100

export function watchSilence(
  http: Pick<HttpClient, 'send'>,
  { clock, silenceMsMax, signal }: Watching,
): Watched {
  const { promise: ended, reject } = Promise.withResolvers<never>()
  // Who has ended without waiting for it has nothing to catch.
  ended.catch(() => {})
  let end: RehearsalError | null = null
  let inFlight = 0
  let silentSince: number | null = null
  let reason = 'no answer yet'

  function endWith(error: RehearsalError): void {
    end ??= error
    reject(end)
  }
  function look(): void {
    const silentMs = silentSince === null ? 0 : clock.monotonic() - silentSince
    if (silentMs <= silenceMsMax) return
    const seconds = Math.round(silentMs / 1000)
    const message = `the service has not answered for ${seconds} s (${reason})`
    endWith(new RehearsalError('unreachable', message))
  }
  function interrupt(): void {
    endWith(new RehearsalError('interrupted', 'interrupted'))
  }
  const stopLooking = every(clock, lookMs, look)
  if (signal?.aborted === true) interrupt()
  signal?.addEventListener('abort', interrupt)

  return {
    ended,
    async send(request) {
      if (end !== null) throw end
      inFlight += 1
      silentSince ??= clock.monotonic()
      const attempt = await http.send(request)
      inFlight -= 1
      if (attempt.kind !== 'answered') reason = attempt.reason
      else silentSince = inFlight > 0 ? clock.monotonic() : null
      return attempt
    },
    close() {
      stopLooking()
      signal?.removeEventListener('abort', interrupt)
    },
  }
}
