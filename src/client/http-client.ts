// Requests over a bounded number of kept connections, and what came of each as a value: an
// answer, 'refused' (certainly not sent) or 'lost' (sent, perhaps; nobody knows). Never throws
// for what the network or the service does. Leaves out: retrying, and what an answer means.

import { type Dispatcher, Pool } from 'undici'

export type Request = {
  method: 'GET' | 'POST'
  /** Below the service's URL, from '/' on. */
  path: string
  token?: string
  idempotencyKey?: string
  body?: string
}
export type Attempt =
  | { kind: 'answered'; status: number; headers: ResponseHeaders; body: string }
  | { kind: 'refused' | 'lost'; reason: string }
export type ResponseHeaders = { retryAfter?: string; location?: string }
export type HttpClient = {
  send(request: Request): Promise<Attempt>
  close(): Promise<void>
}
export type HttpClientOptions = {
  url: URL
  connections: number
  requestMsMax: number
}

/** A page of 1,000 rows has 300 KB; whatever is longer is no answer of this service. */
export const responseBytesMax = 4 * 1024 * 1024

export function startHttpClient(options: HttpClientOptions): HttpClient {
  const { url, connections, requestMsMax } = options
  const prefix = url.pathname.replace(/\/+$/, '')
  const pool = new Pool(url.origin, {
    connections,
    connectTimeout: requestMsMax,
    headersTimeout: requestMsMax,
    bodyTimeout: requestMsMax,
    maxResponseSize: responseBytesMax,
    // Outlives the pauses of a rehearsal; the service ends idle connections by its own limit.
    keepAliveTimeout: 30_000,
  })

  return {
    send(request) {
      const headers: Record<string, string> = {}
      if (request.token !== undefined) headers.authorization = `Bearer ${request.token}`
      if (request.body !== undefined) headers['content-type'] = 'application/json'
      if (request.idempotencyKey !== undefined) {
        headers['idempotency-key'] = request.idempotencyKey
      }
      const dispatched: Dispatcher.DispatchOptions = {
        method: request.method,
        path: `${prefix}${request.path}`,
        headers,
        body: request.body ?? null,
      }
      return new Promise((resolve) => {
        pool.dispatch(dispatched, new Receiver(resolve))
      })
    },
    close: () => pool.destroy(),
  }
}

/** Collects one answer. A class, because undici calls its methods by name. */
class Receiver implements Dispatcher.DispatchHandler {
  readonly #resolve: (attempt: Attempt) => void
  readonly #chunks: Buffer[] = []
  #status = 0
  #headers: ResponseHeaders = {}

  constructor(resolve: (attempt: Attempt) => void) {
    this.#resolve = resolve
  }

  onRequestStart(): void {
    // undici insists on this method.
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    const { location } = headers
    const retryAfter = headers['retry-after']
    this.#status = status
    if (typeof retryAfter === 'string') this.#headers.retryAfter = retryAfter
    if (typeof location === 'string') this.#headers.location = location
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    const [first = Buffer.alloc(0)] = this.#chunks
    const body = this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : first
    this.#resolve({
      kind: 'answered',
      status: this.#status,
      headers: this.#headers,
      body: body.toString(),
    })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const code = codeOf(error)
    const reason = reasons.get(code) ?? code
    this.#resolve({ kind: notSent.has(code) ? 'refused' : 'lost', reason })
  }
}

/** Errors that come before a request can have been written. */
const notSent = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])
const reasons = new Map([
  ['ECONNREFUSED', 'nobody listens there'],
  ['EHOSTUNREACH', 'the host cannot be reached'],
  ['ENETUNREACH', 'the network cannot be reached'],
  ['ENOTFOUND', 'the host name is not known'],
  ['EAI_AGAIN', 'the host name cannot be looked up'],
  ['UND_ERR_CONNECT_TIMEOUT', 'connecting timed out'],
  ['UND_ERR_HEADERS_TIMEOUT', 'timed out'],
  ['UND_ERR_BODY_TIMEOUT', 'timed out'],
  ['UND_ERR_SOCKET', 'cut off'],
  ['ECONNRESET', 'cut off'],
  ['EPIPE', 'cut off'],
])

function codeOf(error: Error & { code?: unknown; errors?: unknown }): string {
  if (typeof error.code === 'string') return error.code
  // Several addresses were tried, and each failed.
  const [first] = Array.isArray(error.errors) ? (error.errors as unknown[]) : []
  return first instanceof Error ? codeOf(first) : error.message
}
