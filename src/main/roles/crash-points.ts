// The crash points of an API node, for tests only, as decorators of what it is made of: its log,
// its gate, its claim service, its server. docs/crash-points.md lists them all.

import type { FastifyInstance } from 'fastify'
import type { ClaimService } from '../../api/claims/claim-answers.ts'
import { claimsTopic, decodeMessage } from '../../domain/coupons/messages.ts'
import { ordersTopic } from '../../domain/orders/messages.ts'
import type { Gate } from '../../ports/gate.ts'
import type { Log, LogEntry } from '../../ports/log.ts'
import type { Faults } from './test-faults.ts'

type CrashPoint = NonNullable<Faults['crashPoint']>

/** K5: before an append, for each claim in it; K6: once for all. K25: orders are stored. */
export function crashingLog(log: Log, crashPoint: CrashPoint): Log {
  return {
    ...log,
    async append(topic, entries) {
      const claims = topic === claimsTopic ? entries.filter(isClaim) : []
      for (const _ of claims) crashPoint('K5')
      if (claims.length > 0) crashPoint('K6')
      const places = await log.append(topic, entries)
      if (topic === ordersTopic) crashPoint('K25')
      return places
    },
  }
}

/** K2: before the gate, for each claim; K3: the gate is asked; K4: its reply is there. */
export function crashingGate(gate: Gate, crashPoint: CrashPoint): Gate {
  return {
    ...gate,
    isHere() {
      crashPoint('K2')
      return gate.isHere()
    },
    async ask(claims) {
      const asked = gate.ask(claims)
      crashPoint('K3')
      const verdicts = await asked
      crashPoint('K4')
      return verdicts
    },
  }
}

/** K8: the log has decided a claim that waited for it, and it is not answered yet. */
export function crashingClaims<Service extends ClaimService>(
  claims: Service,
  crashPoint: CrashPoint,
): Service {
  return {
    ...claims,
    async claim(couponId, userId) {
      const answer = await claims.claim(couponId, userId)
      const isNew = answer.kind === 'issued' ? answer.first : 'record' in answer
      if (isNew) crashPoint('K8')
      return answer
    },
  }
}

/** K9: half of a winner's answer has left; K10: all of it. */
export function crashWhileAnswering(app: FastifyInstance, crashPoint: CrashPoint): void {
  app.addHook('onSend', async (request, reply) => {
    if (reply.statusCode !== 201 || !request.url.endsWith('/claims')) return
    crashPoint('K9', () => request.raw.socket.write('HTTP/1.1 201 Created\r\ncontent-ty'))
  })
  app.addHook('onResponse', async (request, reply) => {
    if (reply.statusCode === 201 && request.url.endsWith('/claims')) crashPoint('K10')
  })
}

function isClaim({ value }: LogEntry): boolean {
  const decoded = decodeMessage(value)
  return decoded.kind === 'message' && decoded.message.type === 'coupon.claimed'
}
