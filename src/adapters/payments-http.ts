// A payment provider behind HTTP, as docs/payments.md asks for it. What leaves open what happened
// (no answer, an answer lost on its way, a server's error, an answer without sense) is asked
// again with the same key until the time is over, and is then given up as unknown. Nothing is
// guessed, and no reason holds the token or what the provider wrote.

import { Pool } from 'undici'
import type { PaymentRefusal } from '../domain/orders/messages.ts'
import { backOff, type Clock, sleep } from '../ports/clock.ts'
import type { PaymentFailure, Payments } from '../ports/payments.ts'
import { createSlots, type Slots } from '../ports/slots.ts'

export type PaymentsHttpParts = {
  /** http or https; calls go to paths below its own. */
  url: string
  token?: string | undefined
  clock: Clock
  requestMsMax?: number | undefined
  requestsMax?: number | undefined
}

/** A provider that takes longer answers the next request. A setting. */
export const paymentRequestMsMax = 3_000
/** As many as one provider may be asked at once: more only wait there. A setting. */
export const paymentRequestsMax = 64
/** An attempt lasts a request and a little more, and so long that a provider may be restarted. */
const attemptMsMin = 4_000
const attemptRestMs = 1_000
/** An answer has less than a hundred bytes; what is longer comes from somebody else. */
export const paymentAnswerBytesMax = 16 * 1024
/** Between the requests about one payment; doubled each time, so an outage is no storm. */
const retryWaitMsMin = 100
const retryWaitMsMax = 1_000
/** What the last request of all is left: a provider may be back just before the time is over. */
const lastRequestMs = 100
/** Less time than this is not worth a request: its answer could not arrive. */
const requestMsMin = 10

type Question = Parameters<Payments['ask']>[0][number]
type Answer = Exclude<Awaited<ReturnType<Payments['ask']>>[number], PaymentFailure>
/** open: what happened is unknown, or nothing did; asking again with the same key may tell. */
type Attempt = Answer | Open | { kind: 'rejected'; reason: string }
/** In doubt: the provider may have done it, and its answer was lost. */
type Open = { kind: 'open'; reason: string; inDoubt: boolean }

export function createPaymentsHttp(parts: PaymentsHttpParts): Payments {
  const { url, token, clock } = parts
  const { requestMsMax = paymentRequestMsMax, requestsMax = paymentRequestsMax } = parts
  const { origin, pathname } = new URL(url)
  const pool = new Pool(origin, {
    connections: requestsMax,
    connectTimeout: requestMsMax,
    maxResponseSize: paymentAnswerBytesMax,
  })
  const closing = new AbortController()
  const signal = closing.signal
  const client: Client = { pool, clock, closing: signal, path: pathname, headers: {}, requestMsMax }
  if (token !== undefined) client.headers.authorization = `Bearer ${token}`
  return {
    ask(questions, withinMs) {
      const slots = createSlots(requestsMax)
      const deadline = clock.monotonic() + withinMs
      return Promise.all(questions.map((question) => settle(client, question, { slots, deadline })))
    },
    losesAnswers: true,
    limits: {
      questionsPerCallMax: 1,
      callsAtOnceMax: requestsMax,
      answerMsMax: Math.max(attemptMsMin, requestMsMax + attemptRestMs),
    },
    async close() {
      closing.abort()
      await pool.destroy()
    },
  }
}

type Client = {
  pool: Pool
  clock: Clock
  closing: AbortSignal
  /** Of the provider's URL. */
  path: string
  headers: Record<string, string>
  requestMsMax: number
}
type Limits = { slots: Slots; deadline: number }

/** Asks about one payment until that is settled or the time is over. */
async function settle(
  client: Client,
  question: Question,
  { slots, deadline }: Limits,
): Promise<Answer | PaymentFailure> {
  const { clock, closing, requestMsMax } = client
  let reason = 'was not asked in time: too many payments wait'
  let doubt: { inDoubt?: true } = {}
  const waits = backOff(retryWaitMsMin, retryWaitMsMax)
  for (;;) {
    const attempt = await slots.run(async (): Promise<Attempt | null> => {
      const leftMs = Math.min(deadline - clock.monotonic(), requestMsMax)
      return leftMs < requestMsMin || closing.aborted ? null : request(client, question, leftMs)
    })
    if (attempt !== null) {
      if (attempt.kind === 'refused') return { ...attempt, ...doubt }
      if (attempt.kind !== 'open' && attempt.kind !== 'rejected') return attempt
      reason = attempt.reason
      if (attempt.kind === 'open' && attempt.inDoubt) doubt = { inDoubt: true }
    }
    const pauseMs = Math.min(waits.next(), deadline - clock.monotonic() - lastRequestMs)
    const isOver = pauseMs < retryWaitMsMin || closing.aborted
    if (attempt === null || attempt.kind === 'rejected' || isOver) {
      return { kind: 'failed', reason: `the payment provider ${reason}`, ...doubt }
    }
    await sleep(clock, pauseMs, closing)
  }
}

async function request(client: Client, question: Question, withinMs: number): Promise<Attempt> {
  const { kind, payment } = question
  const { orderId, userId, amount } = payment
  // Not undici's own time-outs, which are exact to a second, and start anew with every byte.
  const timeout = AbortSignal.timeout(Math.ceil(withinMs))
  try {
    const { statusCode, body } = await client.pool.request({
      method: 'POST',
      path: `${client.path.replace(/\/+$/, '')}/${kind}s`,
      headers: {
        ...client.headers,
        'content-type': 'application/json',
        accept: 'application/json',
        'idempotency-key': `${kind}-${orderId}`,
      },
      body: JSON.stringify({ orderId, userId, amount }),
      signal: AbortSignal.any([timeout, client.closing]),
    })
    const text = await body.text()
    const isSuccess = statusCode >= 200 && statusCode < 300
    return isSuccess ? answerOf(question, text) : failureOf(statusCode)
  } catch (error) {
    // Whoever asks after a close takes each question that was open for one in doubt.
    if (client.closing.aborted) return open('was not waited for', false)
    if (timeout.aborted) return open(`has not answered within ${Math.ceil(withinMs)} ms`)
    const code = codeOf(error)
    const away = unreached.get(code)
    if (away !== undefined) return open(`cannot be reached${away}`, false)
    return open(reasons.get(code) ?? `could not be asked (${code})`)
  }
}

function failureOf(statusCode: number): Attempt {
  const reason = `answered ${statusCode}`
  const isFinal = statusCode >= 400 && statusCode < 500 && statusCode !== 429
  return isFinal ? { kind: 'rejected', reason } : open(reason, statusCode >= 500)
}

const refusals: readonly PaymentRefusal[] = ['insufficient_funds', 'payment_declined']

function answerOf({ kind, payment }: Question, text: string): Attempt {
  const { status, reason, refunded, orderId } = fieldsOf(text)
  // Where an answer says whose it is, one that slipped onto another connection is found out.
  const isOurs = orderId === undefined || orderId === payment.orderId
  if (!isOurs) return open('gave an answer about another order')
  if (kind === 'undo') {
    // All or nothing was captured, so all or nothing comes back.
    const isWhole = refunded === 0 || refunded === payment.amount
    if (status === 'undone' && isWhole) return { kind: 'undone', refunded }
  } else {
    const refusal = refusals.find((known) => known === reason)
    if (status === 'captured') return { kind: 'captured' }
    if (status === 'refused' && refusal !== undefined) return { kind: 'refused', reason: refusal }
  }
  return open('gave an answer that makes no sense')
}

type Fields = { status?: unknown; reason?: unknown; refunded?: unknown; orderId?: unknown }

function fieldsOf(text: string): Fields {
  try {
    return Object(JSON.parse(text)) as Fields
  } catch {
    return {}
  }
}

function open(reason: string, inDoubt = true): Open {
  return { kind: 'open', reason, inDoubt }
}

/** It has heard nothing, so it has done nothing. */
const unreached = new Map([
  ['ECONNREFUSED', ': nobody listens there'],
  ['EHOSTUNREACH', ''],
  ['ENETUNREACH', ''],
  ['ENOTFOUND', ': its host name is not known'],
  ['EAI_AGAIN', ': its host name cannot be looked up'],
  ['UND_ERR_CONNECT_TIMEOUT', ': connecting timed out'],
])
const reasons = new Map([
  ['UND_ERR_SOCKET', 'ended the connection before its answer'],
  ['ECONNRESET', 'ended the connection before its answer'],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'gave an answer that is too long'],
])

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' ? code : 'for no known reason'
}
