// People who claim over real HTTP, and the ledger of what each was told. A time-out, a reset or a
// 5xx is 'unknown' in it, never a no.

import assert from 'node:assert/strict'
import { type Node, NodeConnection } from './node-connection.ts'

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
  /** Milliseconds of the asker's monotonic clock, when the answer was here. */
  at: number
}
export type CouponRequest = {
  couponId: string
  quantity: number
  name?: string
  opensAt?: string
}

export class Crowd {
  private readonly connection: NodeConnection
  /** By user, in the order of the answers. */
  readonly ledger = new Map<string, Told[]>()

  constructor(node: Node, connections = 256) {
    this.connection = new NodeConnection(node, connections)
  }

  /** After a restart on another port. */
  moveTo(node: Node): Promise<void> {
    return this.connection.moveTo(node)
  }

  async create(coupon: CouponRequest, key?: string): Promise<void> {
    const json = { name: coupon.couponId, ...coupon }
    const asked = { json, ...(key !== undefined && { key }) }
    const { status, text } = await this.connection.call('POST /coupons', asked)
    assert.ok(status === 201 || status === 200, text)
  }

  /** As the operator where no user is given. */
  command(path: string, json?: object, as?: string): Promise<{ status: number; text: string }> {
    return this.connection.call(`POST ${path}`, { json, ...(as !== undefined && { as }) })
  }

  edit(couponId: string, json: object): Promise<{ status: number; text: string }> {
    return this.connection.call(`PATCH /coupons/${couponId}`, { json })
  }

  async claim(couponId: string, user: string): Promise<Told> {
    const told = await this.ask(`POST /coupons/${couponId}/claims`, user)
    const answers = this.ledger.get(user)
    if (answers === undefined) this.ledger.set(user, [told])
    else answers.push(told)
    return told
  }

  mine(couponId: string, user: string): Promise<Told> {
    return this.ask(`GET /coupons/${couponId}/claims/mine`, user)
  }

  get(path: string, user: string | null = null): Promise<{ status: number; text: string }> {
    return this.connection.call(`GET ${path}`, { as: user })
  }

  close(): Promise<void> {
    return this.connection.close()
  }

  private async ask(line: string, user: string): Promise<Told> {
    try {
      const { status, text } = await this.connection.call(line, { as: user })
      return readAnswer(status, text)
    } catch {
      return { outcome: 'unknown', status: 0, at: performance.now() }
    }
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
  const at = performance.now()
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
