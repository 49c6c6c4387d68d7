// Asks a running service on behalf of the command line: one call, one answer, one deadline.
// Never retries: whether asking again is safe is for the caller to say.

import { jsonObject, problemSlug } from './answers.ts'
import {
  type Attempt,
  answerBytesMax,
  type Request,
  startHttpClient,
  timedOut,
  tooLong,
} from './http-client.ts'

export type ServiceCall = Omit<Request, 'signal'> & {
  /** `http://host:port`, without a slash at the end. */
  url: string
  /** Milliseconds; `answerMsMax` where absent. */
  deadlineMs?: number
  /** `answerBytesMax` where absent. */
  bytesMax?: number
}
export type ServiceAnswer = {
  status: number
  etag?: string
  body: Readonly<Record<string, unknown>>
}

/** No answer of a firstcome service: nobody is there, it took too long, or it is another one. */
export class ServiceError extends Error {
  readonly code: 'unreachable' | 'no_answer' | 'not_firstcome'
  /** Whether the call may have had its effect all the same. */
  readonly effect: 'none' | 'unknown'
  readonly retryable = true

  constructor(code: ServiceError['code'], message: string) {
    super(message)
    this.name = 'ServiceError'
    this.code = code
    this.effect = code === 'unreachable' ? 'none' : 'unknown'
  }
}

/** A person waits: the service answers within a few seconds or says that it has not yet. */
export const answerMsMax = 15_000

export async function callService(call: ServiceCall): Promise<ServiceAnswer> {
  const { url, deadlineMs = answerMsMax, bytesMax = answerBytesMax, ...request } = call
  const options = { url: new URL(url), connections: 1, requestMsMax: deadlineMs, bytesMax }
  const http = startHttpClient(options)
  try {
    const attempt = await http.send({ ...request, signal: AbortSignal.timeout(deadlineMs) })
    if (attempt.kind !== 'answered') throw failed(attempt, { url, deadlineMs, bytesMax })
    const { status, headers } = attempt
    const body = jsonObject(attempt.body)
    if (body !== null)
      return { status, body, ...(headers.etag === undefined ? {} : { etag: headers.etag }) }
    const message = `${url} answered ${status} without JSON: is it a firstcome service?`
    throw new ServiceError('not_firstcome', message)
  } finally {
    await http.close()
  }
}

function failed(
  { kind, reason }: Exclude<Attempt, { kind: 'answered' }>,
  { url, deadlineMs, bytesMax }: { url: string; deadlineMs: number; bytesMax: number },
): ServiceError {
  if (kind === 'refused') {
    const why = reason === 'nobody listens there' ? 'connection refused' : reason
    return new ServiceError('unreachable', `nothing answers at ${url} (${why})`)
  }
  if (reason === timedOut) {
    const message = `${url} did not answer within ${deadlineMs / 1000} s`
    return new ServiceError('no_answer', message)
  }
  if (reason === tooLong) {
    return new ServiceError('not_firstcome', `the answer is longer than ${bytesMax} bytes`)
  }
  return new ServiceError('no_answer', `the call to ${url} failed (${reason})`)
}

export type Problem = NonNullable<ReturnType<typeof problemOf>>

/** The parts of a problem (RFC 9457) that people should see; null for any other answer. */
export function problemOf({ status, body }: ServiceAnswer) {
  if (status < 400) return null
  const errors: unknown[] = Array.isArray(body.errors) ? body.errors : []
  return {
    slug: problemSlug(body),
    title: text(body.title),
    detail: text(body.detail),
    errors: errors.flatMap((error) => {
      if (typeof error !== 'object' || error === null) return []
      const { path, message } = error as Record<string, unknown>
      return [{ path: text(path), message: text(message) }]
    }),
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
