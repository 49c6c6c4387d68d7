// Requests over a bounded number of kept connections, and what came of each as a value: an
// answer, 'refused' (certainly not sent) or 'lost' (perhaps sent; nobody knows). Never throws
// for what the network or the service does, and follows no redirects, so that a token goes nowhere
// but to the address that was given. Leaves out: retrying, and what an answer means.

import { Pool } from 'undici'

export type Request = {
  method: 'GET' | 'POST' | 'PATCH'
  /** Below the service's URL, from '/' on. */
  path: string
  token?: string | undefined
  idempotencyKey?: string
  /** The ETag of a preview: the call is done on that state alone. */
  ifMatch?: string | undefined
  /** Sent as JSON. */
  body?: object
  /** Ends the request, wherever it is. */
  signal?: AbortSignal
}
export type Attempt =
  | { kind: 'answered'; status: number; headers: ResponseHeaders; body: string }
  | { kind: 'refused' | 'lost'; reason: string }
export type ResponseHeaders = { retryAfter?: string; location?: string; etag?: string }
export type HttpClient = {
  send(request: Request): Promise<Attempt>
  close(): Promise<void>
}
export type HttpClientOptions = {
  url: URL
  connections: number
  /** For connecting, then until an answer begins, then between two parts of it. */
  requestMsMax: number
  bytesMax?: number | undefined
}

/** A page of 1,000 rows has 300 KB; whatever is longer is no answer of this service. */
export const answerBytesMax = 4 * 1024 * 1024
/** A host that takes longer is not there. */
const connectMsMax = 10_000

export function startHttpClient(options: HttpClientOptions): HttpClient {
  const { url, connections, requestMsMax, bytesMax = answerBytesMax } = options
  const prefix = url.pathname.replace(/\/+$/, '')
  const pool = new Pool(url.origin, {
    connections,
    connectTimeout: Math.min(requestMsMax, connectMsMax),
    headersTimeout: requestMsMax,
    bodyTimeout: requestMsMax,
    maxResponseSize: bytesMax,
    // Outlives the pauses of a rehearsal; the service ends idle connections by its own limit.
    keepAliveTimeout: 30_000,
  })
  return {
    async send(request) {
      try {
        const answer = await pool.request({
          method: request.method,
          path: `${prefix}${request.path}`,
          headers: headersOf(request),
          body: request.body === undefined ? null : JSON.stringify(request.body),
          signal: request.signal ?? null,
        })
        const { location, etag, 'retry-after': retryAfter } = answer.headers
        return {
          kind: 'answered',
          status: answer.statusCode,
          headers: {
            ...(typeof retryAfter === 'string' ? { retryAfter } : {}),
            ...(typeof location === 'string' ? { location } : {}),
            ...(typeof etag === 'string' ? { etag } : {}),
          },
          body: await answer.body.text(),
        }
      } catch (error) {
        const code = codeOf(error)
        return failures.get(code) ?? lost(code)
      }
    },
    close: () => pool.destroy(),
  }
}

function headersOf(request: Request): Record<string, string> {
  const { token, body, idempotencyKey, ifMatch } = request
  return {
    accept: 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
  }
}

export const timedOut = 'timed out'
export const tooLong = 'the answer is too long'

type Failure = Exclude<Attempt, { kind: 'answered' }>
const lost = (reason: string): Failure => ({ kind: 'lost', reason })
/** Errors that come before a request can have been written. */
const notSent = (reason: string): Failure => ({ kind: 'refused', reason })
/** By the code of the error. */
const failures = new Map([
  ['ECONNREFUSED', notSent('nobody listens there')],
  ['EHOSTUNREACH', notSent('the host cannot be reached')],
  ['ENETUNREACH', notSent('the network cannot be reached')],
  ['ENOTFOUND', notSent('the host name is not known')],
  ['EAI_AGAIN', notSent('the host name cannot be looked up')],
  ['UND_ERR_CONNECT_TIMEOUT', notSent('connecting timed out')],
  ['UND_ERR_HEADERS_TIMEOUT', lost(timedOut)],
  ['UND_ERR_BODY_TIMEOUT', lost(timedOut)],
  ['TimeoutError', lost(timedOut)],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', lost(tooLong)],
  ['UND_ERR_SOCKET', lost('cut off')],
  ['ECONNRESET', lost('cut off')],
  ['EPIPE', lost('cut off')],
])

function codeOf(error: unknown): string {
  // Several addresses were tried, and each failed.
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return error.name
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
