// A witness behind HTTP, asked one question at a time by whoever asks; each has its own time.

import { Pool } from 'undici'
import type { VerifierKey } from '../domain/proof/signed-note.ts'
import type { Witness } from '../ports/witness.ts'

/** A witness that takes longer is away, as far as this question goes. */
const questionMsMax = 3_000
/** A few cosignatures; what is longer comes from somebody else. */
const answerBytesMax = 64 * 1024

export type WitnessHttp = Witness & { close(): Promise<void> }

/** `url`: what stands before `/add-checkpoint`. `questionsMax`: at once. */
export function createWitnessHttp(
  key: VerifierKey,
  { url, questionsMax }: { url: string; questionsMax: number },
): WitnessHttp {
  const { origin, pathname } = new URL(url)
  const pool = new Pool(origin, {
    connections: questionsMax,
    connectTimeout: questionMsMax,
    maxResponseSize: answerBytesMax,
  })
  const path = `${pathname.replace(/\/+$/, '')}/add-checkpoint`
  return {
    key,
    async ask(body, signal) {
      const timeout = AbortSignal.timeout(questionMsMax)
      try {
        const answer = await pool.request({
          method: 'POST',
          path,
          headers: { 'content-type': 'text/plain; charset=utf-8' },
          body,
          signal: AbortSignal.any([timeout, signal]),
        })
        return { status: answer.statusCode, text: await answer.body.text() }
      } catch (cause) {
        const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
        const why = timeout.aborted ? `has not answered within ${questionMsMax} ms` : undefined
        throw new Error(why ?? `cannot be asked (${code})`, { cause })
      }
    },
    close: () => pool.destroy(),
  }
}
