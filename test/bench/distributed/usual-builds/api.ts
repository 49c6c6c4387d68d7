// The HTTP server of a usual build: ours, with the same hooks and checks before a claim is decided
// and answers of the same length. Only what decides is theirs. Prints its address, and stops on
// SIGTERM.

import { randomUUIDv7 } from 'node:crypto'
import { systemClock } from '../../../../src/adapters/clock-system.ts'
import type { ClaimService } from '../../../../src/api/claims/claim-answers.ts'
import { callerOf } from '../../../../src/api/http/auth.ts'
import { sendProblem } from '../../../../src/api/http/problems/problems.ts'
import { CouponPath, issuedClaimRef, NoBody } from '../../../../src/api/http/schemas.ts'
import type { ServerParts } from '../../../../src/api/http/server-parts.ts'
import { startServer } from '../../../../src/api/server.ts'
import { noOrders } from '../../../models/no-orders.ts'
import { startCounter } from './counter.ts'
import { startRowLock } from './row-lock.ts'
import { startSortedSet } from './sorted-set.ts'
import type { UsualBuild } from './usual-build.ts'

const {
  USUAL_POSTGRES_URL: postgresUrl = '',
  USUAL_REDIS_URL: redisUrl = '',
  USUAL_KAFKA_BROKERS: brokers = '',
  USUAL_JWT_SECRET: jwtSecret = '',
} = process.env

const jsonType = 'application/json; charset=utf-8'
const builds: Record<string, () => UsualBuild | Promise<UsualBuild>> = {
  'row-lock': () => startRowLock(postgresUrl),
  'sorted-set': () => startSortedSet({ postgresUrl, redisUrl }),
  counter: () => startCounter({ postgresUrl, redisUrl, brokers }),
}
const build = await builds[process.argv[2] ?? '']?.()
if (build === undefined) throw new Error(`which of ${Object.keys(builds).join(', ')}?`)
const usual = build

const addClaims: ServerParts['extraRoutes'] = (app, hooks) => {
  app.post<{ Params: { couponId: string } }>(
    '/usual/:couponId/claims',
    {
      onRequest: hooks.user,
      schema: {
        params: CouponPath,
        body: NoBody,
        response: { 200: issuedClaimRef, 201: issuedClaimRef },
        hide: true,
      },
    },
    async (request, reply) => {
      const { couponId } = request.params
      const { userId } = callerOf(request)
      const answer = await usual.claim(couponId, userId)
      if (answer.told === 'sold-out') return sendProblem(reply, 'sold-out')
      if (answer.told === 'again') {
        return reply.code(200).type(jsonType).send('{"outcome":"again"}')
      }
      const body = issuedBody({ couponId, userId, slot: answer.slot })
      return reply.code(201).type(jsonType).send(body)
    },
  )
}

const server = await startServer({
  claims: noClaims(),
  orders: noOrders,
  store: () => null,
  clock: systemClock(),
  newId: randomUUIDv7,
  metricsText: async () => '',
  settings: {
    host: '127.0.0.1',
    port: 0,
    jwtSecret,
    userRateMax: 0,
    operatorRateMax: 0,
    addressRateMax: 0,
  },
  extraRoutes: addClaims,
})
process.once('SIGTERM', () => void server.close().then(() => usual.close()))
process.stdout.write(`${JSON.stringify({ url: server.address })}\n`)

function issuedBody(won: { couponId: string; userId: string; slot: number }): string {
  return (
    `{"outcome":"issued","couponId":"${won.couponId}","userId":"${won.userId}",` +
    `"claimId":"${randomUUIDv7()}","slot":${won.slot},"code":"7T4M9QK2XW1CZ",` +
    '"log":{"partition":1,"offset":123456,"appendedAt":"2026-05-01T09:00:00.000Z"}}'
  )
}

/** The calls of our own service are there, and nobody calls them. */
function noClaims(): ClaimService {
  const none = (): never => {
    throw new Error('a usual build has no such call')
  }
  return {
    claim: none,
    mine: none,
    command: none,
    coupon: none,
    find: none,
    acts: () => [],
    coupons: none,
    readUpTo: () => 0,
    logTime: () => Date.now(),
    readiness: () => ({ ready: true, reasons: [] }),
  }
}
