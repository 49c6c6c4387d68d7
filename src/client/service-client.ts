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
  const { url, deadlineMs, bytesMax, ...request } = call
  const calls = startServiceCalls({ url, deadlineMs, bytesMax })
  try {
    const { status, headers, body: given } = await calls.call(request)
    const body = jsonOf(given, { url, status })
    return { status, body, ...(headers.etag === undefined ? {} : { etag: headers.etag }) }
  } finally {
    await calls.close()
  }
}

/** Many calls over one connection, or as many as are named. */
export type ServiceCalls = {
  /** Resolves to any answer there is, its body as it came. */
  call(request: Omit<Request, 'signal'>): Promise<Answered>
  close(): Promise<void>
}
type Answered = Extract<Attempt, { kind: 'answered' }>

export function startServiceCalls(
  options: Pick<ServiceCall, 'url'> & {
    [Name in 'deadlineMs' | 'bytesMax' | 'connections']?: number | undefined
  },
): ServiceCalls {
  const { url, deadlineMs = answerMsMax, bytesMax = answerBytesMax, connections = 1 } = options
  const http = startHttpClient({
    url: new URL(url),
    connections,
    requestMsMax: deadlineMs,
    bytesMax,
  })
  return {
    async call(request) {
      const attempt = await http.send({ ...request, signal: AbortSignal.timeout(deadlineMs) })
      if (attempt.kind === 'answered') return attempt
      throw failed(attempt, { url, deadlineMs, bytesMax })
    },
    close: http.close,
  }
}

export function jsonOf(
  given: string,
  { url, status }: { url: string; status: number },
): ServiceAnswer['body'] {
  const body = jsonObject(given)
  if (body !== null) return body
  const message = `${url} answered ${status} without JSON: is it a firstcome service?`
  throw new ServiceError('not_firstcome', message)
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
