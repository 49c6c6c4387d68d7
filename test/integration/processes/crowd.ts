// People who claim over real HTTP, and the ledger of what each was told. A time-out, a reset or a
// 5xx is 'unknown' in it, never a no.

import assert from 'node:assert/strict'
import { type Dispatcher, Pool } from 'undici'
import type { ServiceProcess } from './service-process.ts'

/** An answer that takes longer is unknown; the service itself answers 'pending' long before. */
const answerWaitMsMax = 20_000

export type Told = {
  /** 'issued', the slug of a problem ('sold-out', …), 'pending' or 'unknown'. */
  outcome: string
  status: number
  slot?: number
  code?: string
  claimId?: string
  offset?: number
  /** Milliseconds UTC by the log's clock; only where a record decided. */
  appendedAt?: number
  /** Milliseconds UTC by the asker's clock, when the answer was here. */
  at: number
}
export type CouponRequest = {
  couponId: string
  quantity: number
  name?: string
  opensAt?: string
}

export class Crowd {
  private readonly service: Pick<ServiceProcess, 'token'>
  private readonly tokens = new Map<string, string>()
  private pool: Pool
  /** By user, in the order of the answers. */
  readonly ledger = new Map<string, Told[]>()

  constructor(service: Pick<ServiceProcess, 'token' | 'url'>, connections = 256) {
    this.service = service
    this.pool = new Pool(service.url, {
      connections,
      headersTimeout: answerWaitMsMax,
      bodyTimeout: answerWaitMsMax,
    })
  }

  /** After a restart on another port. */
  async moveTo(url: string, connections = 256): Promise<void> {
    const before = this.pool
    this.pool = new Pool(url, { connections, headersTimeout: answerWaitMsMax })
    await before.destroy()
  }

  async create(coupon: CouponRequest): Promise<void> {
    const body = JSON.stringify({ name: coupon.couponId, ...coupon })
    const { status, text } = await this.call('POST', '/coupons', { user: 'operator', body })
    assert.ok(status === 201 || status === 200, text)
  }

  async command(path: string, body?: object): Promise<{ status: number; text: string }> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    return this.call('POST', path, { user: 'operator', ...sent })
  }

  async claim(couponId: string, user: string): Promise<Told> {
    const told = await this.tell('POST', `/coupons/${couponId}/claims`, user)
    const answers = this.ledger.get(user)
    if (answers === undefined) this.ledger.set(user, [told])
    else answers.push(told)
    return told
  }

  mine(couponId: string, user: string): Promise<Told> {
    return this.tell('GET', `/coupons/${couponId}/claims/mine`, user)
  }

  async get(path: string, user?: string): Promise<{ status: number; text: string }> {
    return this.call('GET', path, user === undefined ? {} : { user })
  }

  async close(): Promise<void> {
    await this.pool.destroy()
  }

  private async tell(method: 'GET' | 'POST', path: string, user: string): Promise<Told> {
    try {
      const { status, text } = await this.call(method, path, { user })
      return readAnswer(status, text)
    } catch {
      return { outcome: 'unknown', status: 0, at: Date.now() }
    }
  }

  private async call(
    method: Dispatcher.HttpMethod,
    path: string,
    { user, body }: { user?: string; body?: string },
  ): Promise<{ status: number; text: string }> {
    const headers: Record<string, string> = {}
    if (user !== undefined) headers.authorization = `Bearer ${this.token(user)}`
    if (body !== undefined) headers['content-type'] = 'application/json'
    const request = { method, path, headers, ...(body === undefined ? {} : { body }) }
    const answer = await this.pool.request(request)
    return { status: answer.statusCode, text: await answer.body.text() }
  }

  private token(user: string): string {
    const known = this.tokens.get(user)
    if (known !== undefined) return known
    const token = this.service.token(user, user === 'operator')
    this.tokens.set(user, token)
    return token
  }
}

type AnswerBody = {
  outcome?: string
  type?: string
  slot?: number
  code?: string
  claimId?: string
  log?: { offset: number; appendedAt: string }
}

function readAnswer(status: number, text: string): Told {
  const at = Date.now()
  if (status >= 500) return { outcome: 'unknown', status, at }
  const body = JSON.parse(text) as AnswerBody
  const outcome = body.outcome ?? body.type?.replace('/problems/', '') ?? 'unknown'
  const told: Told = { outcome, status, at }
  if (body.slot !== undefined) told.slot = body.slot
  if (body.code !== undefined) told.code = body.code
  if (body.claimId !== undefined) told.claimId = body.claimId
  if (body.log !== undefined) {
    told.offset = body.log.offset
    told.appendedAt = Date.parse(body.log.appendedAt)
  }
  return told
}

/** `prefix-0` … `prefix-(count − 1)`. */
export function users(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}-${n}`)
}

export function countOutcomes(answers: readonly Told[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { outcome } of answers) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}
