// Asks a running service on behalf of the command line: one call, one answer, one deadline.
// Never retries: whether asking again is safe is for the caller to say. Follows no redirects, so
// that a token goes nowhere but to the address that was given.

import { request } from 'undici'

export type ServiceCall = {
  method: 'GET' | 'POST'
  /** `http://host:port`, without a slash at the end. */
  url: string
  path: string
  token?: string
  body?: object
  headers?: Readonly<Record<string, string>>
  /** Milliseconds; `answerMsMax` where absent. */
  deadlineMs?: number
  /** `answerBytesMax` where absent. */
  bytesMax?: number
}
export type ServiceAnswer = { status: number; body: Readonly<Record<string, unknown>> }

/** No answer of a firstcome service: nobody is there, it took too long, or it is another one. */
export class ServiceError extends Error {
  readonly code: 'unreachable' | 'no_answer' | 'not_firstcome'
  /** Whether the call may have had its effect all the same. */
  readonly effect: 'none' | 'unknown'
  readonly retryable = true

  constructor(code: ServiceError['code'], message: string, options: ServiceErrorOptions) {
    super(message, { cause: options.cause })
    this.name = 'ServiceError'
    this.code = code
    this.effect = options.effect
  }
}
type ServiceErrorOptions = { effect: 'none' | 'unknown'; cause?: unknown }

/** A person waits: the service answers within a few seconds or says that it has not yet. */
export const answerMsMax = 15_000
/** A page of coupons is far smaller; anything longer is not from firstcome. */
export const answerBytesMax = 4 * 1024 * 1024

export async function callService(call: ServiceCall): Promise<ServiceAnswer> {
  const deadlineMs = call.deadlineMs ?? answerMsMax
  const signal = AbortSignal.timeout(deadlineMs)
  let status = 0
  let answer: string
  try {
    const response = await request(`${call.url}${call.path}`, {
      method: call.method,
      headers: headersOf(call),
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal,
    })
    status = response.statusCode
    answer = await readText(response.body, call.bytesMax ?? answerBytesMax)
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause
    if (signal.aborted) {
      const message = `${call.url} did not answer within ${deadlineMs / 1000} s`
      throw new ServiceError('no_answer', message, { effect: 'unknown', cause })
    }
    throw failed(call.url, cause)
  }
  return { status, body: parsed({ url: call.url, status, text: answer }) }
}

/** The parts of a problem (RFC 9457) that people should see; null for any other answer. */
export function problemOf({ status, body }: ServiceAnswer): Problem | null {
  if (status < 400) return null
  const errors: unknown[] = Array.isArray(body.errors) ? body.errors : []
  return {
    slug: text(body.type).replace(/^.*\/problems\//, ''),
    title: text(body.title),
    detail: text(body.detail),
    errors: errors.flatMap((error) => {
      if (typeof error !== 'object' || error === null) return []
      const { path, message } = error as Record<string, unknown>
      return [{ path: text(path), message: text(message) }]
    }),
  }
}
export type Problem = {
  slug: string
  title: string
  detail: string
  errors: { path: string; message: string }[]
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function headersOf(call: ServiceCall): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json', ...call.headers }
  if (call.token !== undefined) headers.authorization = `Bearer ${call.token}`
  if (call.body !== undefined) headers['content-type'] = 'application/json'
  return headers
}

async function readText(body: AsyncIterable<Buffer>, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > bytesMax) {
      const message = `the answer is longer than ${bytesMax} bytes`
      throw new ServiceError('not_firstcome', message, { effect: 'unknown' })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Before a connection stands nothing can have been asked. */
function failed(url: string, cause: unknown): ServiceError {
  const { code = '', message = String(cause) } = innermost(cause)
  const reason = connectFailures[code]
  if (reason !== undefined) {
    const nobody = `nothing answers at ${url} (${reason})`
    return new ServiceError('unreachable', nobody, { effect: 'none', cause })
  }
  const broken = `the call to ${url} failed (${message})`
  return new ServiceError('no_answer', broken, { effect: 'unknown', cause })
}

const connectFailures: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name cannot be looked up now',
  EHOSTUNREACH: 'no way to the host',
  ENETUNREACH: 'no way to the network',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
}

/** Several addresses tried give an AggregateError, with one error for each. */
function innermost(cause: unknown): { code?: string; message?: string } {
  if (cause instanceof AggregateError && cause.errors.length > 0) return innermost(cause.errors[0])
  return cause instanceof Error ? cause : {}
}

function parsed(answer: { url: string; status: number; text: string }): ServiceAnswer['body'] {
  try {
    const body: unknown = JSON.parse(answer.text)
    if (typeof body === 'object' && body !== null) return body as ServiceAnswer['body']
  } catch {
    // Told below, as for JSON that is no object.
  }
  const message = `${answer.url} answered ${answer.status} without JSON: is it a firstcome service?`
  throw new ServiceError('not_firstcome', message, { effect: 'unknown' })
}
