// The crash points of API nodes, issuers and the consumers of orders, for tests only, as decorators
// of their logs, gate, stores and server, and of what they do. docs/crash-points.md lists them all.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { ClaimService } from '../../api/claims/claim-answers.ts'
import type { AnyWork, Item } from '../../consumer/consumer-work.ts'
import { claimsTopic, couponEventsTopic, decodeMessage } from '../../domain/coupons/messages.ts'
import type { DeadLetterMessage } from '../../domain/orders/dead-letter-messages.ts'
import { type OrdersRecord, ordersTopic } from '../../domain/orders/messages.ts'
import { keyOf } from '../../domain/orders/records.ts'
import { deadLettersTopic, retryTopics } from '../../domain/orders/retries.ts'
import type { Gate } from '../../ports/gate.ts'
import type { Log, LogEntry } from '../../ports/log.ts'
import type { ConsumerName, OrderStore } from '../../ports/orders.ts'
import type { Payments } from '../../ports/payments.ts'
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
    async claim(couponId, userId, asking) {
      const answer = await claims.claim(couponId, userId, asking)
      const isNew = answer.kind === 'issued' ? answer.first : 'record' in answer
      if (isNew) crashPoint('K8')
      return answer
    },
  }
}

/** K9: half of a winner's answer has left; K10: all of it. */
export function crashWhileAnswering({ server }: FastifyInstance, crashPoint: CrashPoint): void {
  // Below fastify, which does not see every claim.
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!request.url?.endsWith('/claims')) return
    const end = response.end.bind(response)
    const half = () => request.socket.write('HTTP/1.1 201 Created\r\ncontent-ty')
    Object.assign(response, {
      end(...args: unknown[]): unknown {
        if (response.statusCode === 201) crashPoint('K9', half)
        return Reflect.apply(end, response, args)
      },
    })
    response.once('finish', () => {
      if (response.statusCode === 201) crashPoint('K10')
    })
  })
}

function isClaim({ value }: LogEntry): boolean {
  const decoded = decodeMessage(value)
  return decoded.kind === 'message' && decoded.message.type === 'coupon.claimed'
}

/** K15: a batch is read; K20: rows are committed, their events not published; K21: published. */
export function crashingIssuerLog(log: Log, crashPoint: CrashPoint): Log {
  return {
    ...log,
    tail: (options) => {
      if (options.topic !== claimsTopic) return log.tail(options)
      return log.tail({
        ...options,
        onBatch(batch) {
          crashPoint('K15')
          return options.onBatch(batch)
        },
      })
    },
    append(topic, entries) {
      if (topic === couponEventsTopic) crashPoint('K20')
      return log.append(topic, entries)
    },
    async join(options) {
      const membership = await log.join(options)
      return {
        ...membership,
        commit(next) {
          if (options.topic === claimsTopic) crashPoint('K21')
          return membership.commit(next)
        },
      }
    },
  }
}

type ConsumerParts = { work: AnyWork; log: Log }

/**
 * K22: a record is forwarded; K23: dead-lettered. K26: what follows from a batch is committed, not
 * published; K27, for re-drives K24: published. `record KEY`: a record is about to be handled.
 */
export function crashingConsumer({ work, log }: ConsumerParts, crashPoint: CrashPoint) {
  const whileAppending: Log = {
    ...log,
    async append(topic, entries) {
      const { before, after } = pointsOf(work.name, topic)
      if (before !== undefined) crashPoint(before)
      const places = await log.append(topic, entries)
      crashPoint(after)
      return places
    },
  }
  const crashingWork: AnyWork = {
    ...work,
    decide(items, loaded) {
      for (const { message } of items as Item<OrdersRecord | DeadLetterMessage>[]) {
        crashPoint(`record ${'deadLetterId' in message ? message.deadLetterId : keyOf(message)}`)
      }
      return work.decide(items, loaded)
    },
  }
  return { work: crashingWork, log: whileAppending }
}

function pointsOf(consumer: ConsumerName, topic: string): { before?: string; after: string } {
  if (topic === deadLettersTopic) return { after: 'K23' }
  if (consumer === 'dead-letters') return { before: 'K26', after: 'K24' }
  const isRetry = retryTopics.some((one) => one === topic)
  return isRetry ? { after: 'K22' } : { before: 'K26', after: 'K27' }
}

/** K28, twice an undoing: stored, and not yet asked for; done, and not yet stored. */
export function crashingPayments(payments: Payments, crashPoint: CrashPoint): Payments {
  return {
    ...payments,
    async ask(questions, withinMs) {
      const undoes = questions.some(({ kind }) => kind === 'undo')
      if (undoes) crashPoint('K28')
      const answers = await payments.ask(questions, withinMs)
      if (undoes) crashPoint('K28')
      return answers
    },
  }
}

/** K29: orders are timed out, and their ends are not published. */
export function crashingOrderStore(store: OrderStore, crashPoint: CrashPoint): OrderStore {
  return {
    ...store,
    async unannounced(query) {
      const ended = await store.unannounced(query)
      if (ended.length > 0) crashPoint('K29')
      return ended
    },
  }
}
