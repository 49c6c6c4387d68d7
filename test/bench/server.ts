// The server that the benchmark measures: the embedded service as it is, with one more call that
// does all the claim call does, its hooks and its schema included, but answers a constant.
// Prints its address once it is ready, and stops on SIGTERM.

import { pino } from 'pino'
import { environment, readSettings } from '../../src/config.ts'
import { startEmbedded } from '../../src/main/start.ts'
import { callOptions } from '../../src/services/api/call.ts'
import { CouponPath, issuedClaimRef, NoBody } from '../../src/services/api/schemas.ts'
import type { ServerParts } from '../../src/services/api/server-parts.ts'

/** As long as the answer of a winner. */
const constantAnswer = JSON.stringify({
  outcome: 'issued',
  couponId: 'bench-constant',
  userId: 'user-12345',
  claimId: '01996b1f-5f8d-7c3a-9a51-6d0c3b7ad0f1',
  slot: 12345,
  code: '7T4M9QK2XW1CZ',
  log: { partition: 1, offset: 123456, appendedAt: '2026-05-01T09:00:00.000Z' },
})

const addConstantRoute: ServerParts['extraRoutes'] = (app, hooks) => {
  const schema = {
    params: CouponPath,
    body: NoBody,
    response: { 201: issuedClaimRef },
    hide: true,
  }
  app.post(
    '/coupons/:couponId/constant',
    { ...callOptions(hooks, { caller: 'user', problems: [] }), schema },
    (_request, reply) => {
      reply.code(201).type('application/json; charset=utf-8').send(constantAnswer)
    },
  )
}

const read = readSettings(environment())
if (!read.ok) throw new Error(read.mistakes.join('\n'))
const running = await startEmbedded({
  settings: read.settings,
  logger: pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true })),
  onFatal(error) {
    throw error
  },
  extraRoutes: addConstantRoute,
})
process.once('SIGTERM', () => void running.close())
process.stdout.write(`${JSON.stringify({ url: running.url })}\n`)
