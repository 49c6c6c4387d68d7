// The key set of an identity provider, behind a URL or in a file. What comes is bounded while it
// comes. A redirect is not followed: it may lead to whoever wants to be believed. No reason holds
// anything of what was answered.

import { open } from 'node:fs/promises'
import { Pool } from 'undici'
import { PortError } from '../ports/port-error.ts'
import { type KeySetSource, keySetBytesMax } from '../ports/tokens.ts'

/** http or https. */
export function keySetAt(url: string): KeySetSource {
  const { origin, pathname, search } = new URL(url)
  const pool = new Pool(origin, { connections: 1, maxResponseSize: keySetBytesMax })
  return {
    async read(signal) {
      const headers = { accept: 'application/jwk-set+json, application/json' }
      try {
        const asked = { method: 'GET', path: `${pathname}${search}`, headers, signal } as const
        const { statusCode, body } = await pool.request(asked)
        if (statusCode === 200) return await body.text()
        // An answer that is left unread tells its end as an error.
        body.on('error', () => {}).destroy()
        throw unavailable(`answered ${statusCode}`)
      } catch (error) {
        if (error instanceof PortError) throw error
        if (signal.aborted) throw unavailable('has not answered in time', error)
        throw unavailable(reasons.get(codeOf(error)) ?? `cannot be asked (${codeOf(error)})`, error)
      }
    },
    close: () => pool.destroy(),
  }
}

export function keySetIn(path: string): KeySetSource {
  return {
    async read() {
      try {
        const file = await open(path)
        try {
          const bytes = Buffer.alloc(keySetBytesMax + 1)
          const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
          if (bytesRead <= keySetBytesMax) return bytes.toString('utf8', 0, bytesRead)
        } finally {
          await file.close()
        }
      } catch (error) {
        throw unavailable(`cannot be read (${codeOf(error)})`, error)
      }
      throw unavailable(tooLong)
    },
    close: async () => {},
  }
}

function unavailable(reason: string, cause?: unknown): PortError {
  return new PortError('keys_unavailable', reason, { cause, retryable: true })
}

const tooLong = `is longer than ${keySetBytesMax / 1024} KiB`

const reasons = new Map([
  ['ECONNREFUSED', 'cannot be reached: nobody listens there'],
  ['ENOTFOUND', 'cannot be reached: its host name is not known'],
  ['EAI_AGAIN', 'cannot be reached: its host name cannot be looked up'],
  ['UND_ERR_CONNECT_TIMEOUT', 'cannot be reached: connecting timed out'],
  ['UND_ERR_SOCKET', 'ended the connection before its answer'],
  ['ECONNRESET', 'ended the connection before its answer'],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', tooLong],
])

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' ? code : 'for no known reason'
}
