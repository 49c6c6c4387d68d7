// Runs one load on a shop, given as JSON on standard input, and prints its result as one line of
// JSON. Requests are built before the first one leaves; waits by timers, since the servers need
// the processors too.

import { readFileSync } from 'node:fs'
import { signToken } from '../../../src/client/tokens.ts'
import { type LoadOptions, runLoad } from '../../load/raw-client.ts'
import {
  type OrderLoad,
  type OrderLoadResult,
  price,
  productIdOf,
  topUpAmount,
} from './order-load.ts'

const confirmedText = '"status":"confirmed"'

const load = JSON.parse(readFileSync(0, 'utf8')) as OrderLoad
const { port, secret, what, users, couponId, connections, ratePerSecond } = load
const redemptionIds: string[] = []
const operator = tokenOf('bench', true)
const requests = Array.from({ length: users.count }, (_, n) => requestOf(n))
let confirmed = 0
const options: LoadOptions = {
  port,
  connections,
  requests: (n) => requests[n] ?? null,
  spins: false,
  onAnswer({ n, body }) {
    if (body.includes(confirmedText)) confirmed += 1
    if (what === 'reserves') redemptionIds[n] = redemptionIn(body)
  },
}
if (ratePerSecond !== undefined) options.ratePerSecond = ratePerSecond
const result: OrderLoadResult = { ...(await runLoad(options)), confirmed, redemptionIds }
process.stdout.write(`${JSON.stringify(result)}\n`)

function tokenOf(sub: string, isOperator: boolean): string {
  return signToken({
    secret,
    sub,
    operator: isOperator,
    expiresInSeconds: 3600,
    now: Date.now(),
  })
}

function requestOf(n: number): Buffer {
  const user = `${users.prefix}${n}`
  switch (what) {
    case 'claims':
      return post(`/coupons/${couponId}/claims`, { token: tokenOf(user, false) })
    case 'top-ups':
      return post(`/wallets/${user}/top-ups`, { token: operator, body: { amount: topUpAmount } })
    case 'orders': {
      const lines = [{ productId: productIdOf(n), quantity: 1 }]
      return post('/orders', { token: tokenOf(user, false), body: { lines, couponId } })
    }
    case 'reserves': {
      const body = { couponId, userId: user, reference: user, subtotal: price }
      return post('/redemptions', { token: operator, body, key: user })
    }
    case 'uses':
      return post(`/redemptions/${load.redemptionIds?.[n]}/use`, { token: operator })
  }
}

function redemptionIn(body: Buffer): string {
  return /"redemptionId":"([^"]+)"/.exec(body.toString())?.[1] ?? ''
}

type Posted = { token: string; body?: object; key?: string }

function post(path: string, { token, body, key = 'once' }: Posted): Buffer {
  const text = body === undefined ? '' : JSON.stringify(body)
  const lines = [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    `authorization: Bearer ${token}`,
    `idempotency-key: ${key}`,
    ...(body === undefined ? [] : ['content-type: application/json']),
    `content-length: ${Buffer.byteLength(text)}`,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${text}`)
}
