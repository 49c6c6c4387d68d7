// When the service was last heard. A service that restarts is waited for; one that stays silent
// ends the rehearsal instead of turning every ask into a time-out, one after another.

import type { Clock } from '../ports/clock.ts'

export class RehearsalError extends Error {
  readonly code: 'unreachable' | 'refused'
  readonly retryable: boolean

  constructor(code: RehearsalError['code'], message: string) {
    super(message)
    this.name = 'RehearsalError'
    this.code = code
    this.retryable = code === 'unreachable'
  }
}

export type Hearing = {
  /** Notes what one request came to; throws once nothing was heard for too long. */
  note(reply: { heard: boolean; reason: string } | null): void
}

/** Ten times what a restart with a full log takes. */
export const silenceMsMax = 30_000

export function startHearing(clock: Clock, silenceMs: number = silenceMsMax): Hearing {
  let heardAt = clock.now()
  return {
    note(reply) {
      const now = clock.now()
      if (reply === null || reply.heard) heardAt = now
      else if (now - heardAt > silenceMs) {
        const seconds = Math.round((now - heardAt) / 1000)
        const message = `nothing was heard of the service for ${seconds} s (${reply.reason})`
        throw new RehearsalError('unreachable', message)
      }
    },
  }
}
