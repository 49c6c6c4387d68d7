// A file of a running service, as text, piece by piece: it may be longer than what is kept in
// memory of any other answer.

import { Pool } from 'undici'
import { jsonObject } from './answers.ts'
import { type ServiceAnswer, ServiceError } from './service-client.ts'

export type Download = {
  /** `http://host:port`, without a slash at the end. */
  url: string
  path: string
  token: string | undefined
  /** Until it begins, and between two pieces, ms. */
  waitMsMax: number
  /** Gets each piece. */
  take: (text: string) => void | Promise<void>
}

/** Null when all of it was taken; else what the service said instead. */
export async function download(asked: Download): Promise<ServiceAnswer | null> {
  const { url, path, token, waitMsMax, take } = asked
  const pool = new Pool(url, { headersTimeout: waitMsMax, bodyTimeout: waitMsMax })
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  try {
    const answer = await pool.request({ method: 'GET', path, headers })
    if (answer.statusCode !== 200) {
      return { status: answer.statusCode, body: jsonObject(await answer.body.text()) ?? {} }
    }
    // What marks it as UTF-8 is for whoever reads the file.
    const texts = new TextDecoder('utf-8', { ignoreBOM: true })
    for await (const bytes of answer.body)
      await take(texts.decode(bytes as Buffer, { stream: true }))
    await take(texts.decode())
    return null
  } catch (error) {
    throw failed(error, url)
  } finally {
    await pool.destroy()
  }
}

function failed(error: unknown, url: string): ServiceError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error)
  if (code === 'ECONNREFUSED') {
    return new ServiceError('unreachable', `nothing answers at ${url} (connection refused)`)
  }
  return new ServiceError('no_answer', `the file from ${url} broke off (${code})`)
}
