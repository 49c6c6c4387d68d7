// Why a rehearsal cannot go on. A service that restarts is waited for; one that stays silent ends
// the rehearsal instead of turning every attempt into a time-out, one after another.

import type { HttpClient } from '../client/http-client.ts'
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

/** The same client; its requests reject once nothing has been answered for so long. */
export function endingInSilence(
  http: HttpClient,
  { clock, silenceMsMax }: { clock: Clock; silenceMsMax: number },
): HttpClient {
  let answeredAt = clock.now()
  return {
    ...http,
    async send(request) {
      const attempt = await http.send(request)
      const now = clock.now()
      if (attempt.kind === 'answered') answeredAt = now
      else if (now - answeredAt > silenceMsMax) {
        const seconds = Math.round((now - answeredAt) / 1000)
        const message = `the service has not answered for ${seconds} s (${attempt.reason})`
        throw new RehearsalError('unreachable', message)
      }
      return attempt
    },
  }
}
