// Operators' calls for dead letters: what could not be handled, why, and what to do about it.

import type { FastifyReply } from 'fastify'
import { callerOf } from '../http/auth.ts'
import { callOptions } from '../http/call.ts'
import { countsJson, letterJson, letterSummaryJson } from '../http/dead-letter-json.ts'
import {
  DeadLetterPage,
  DeadLetterPath,
  DeadLetterQuery,
  RedriveMany,
  RedrivenMany,
  WholeDeadLetter,
} from '../http/dead-letter-schemas.ts'
import { outcomes, sendProblem, sendUnavailable } from '../http/problems.ts'
import { NoBody, pendingRef } from '../http/schemas.ts'
import type { Api, RouteParts } from '../http/server-parts.ts'
import type { LetterAct, LetterAnswer } from '../orders/dead-letter-service.ts'
import type { OrdersUnavailable } from '../orders/order-answers.ts'

export function addDeadLetterRoutes(app: Api, parts: RouteParts): void {
  addList(app, parts)
  addShow(app, parts)
  addRedriveMany(app, parts)
  addAct(app, parts, 'redrive')
  addAct(app, parts, 'discard')
}

function addList(app: Api, { deadLetters, hooks, limits }: RouteParts): void {
  app.get(
    '/dead-letters',
    {
      ...callOptions(hooks, { caller: 'operator', problems: [] }),
      handlerTimeout: limits.storeWaitMsMax,
      schema: {
        tags: ['operators'],
        operationId: 'listDeadLetters',
        summary: 'Records that could not be handled, in the order of their ids',
        querystring: DeadLetterQuery,
        response: { 200: DeadLetterPage },
      },
    },
    async (request, reply) => {
      const { limit } = request.query
      const letters = await deadLetters.list(request.query)
      if (!Array.isArray(letters)) return unavailable(reply, letters)
      const last = letters.length < limit ? undefined : letters.at(-1)
      const next = last === undefined ? {} : { next: last.id }
      return { deadLetters: letters.map(letterSummaryJson), ...next }
    },
  )
}

function addShow(app: Api, { deadLetters, hooks, limits }: RouteParts): void {
  app.get(
    '/dead-letters/:deadLetterId',
    {
      ...callOptions(hooks, { caller: 'operator', problems: ['unknown-dead-letter'] }),
      handlerTimeout: limits.storeWaitMsMax,
      schema: {
        tags: ['operators'],
        operationId: 'getDeadLetter',
        summary: 'Show a dead letter whole: its bytes, its headers and what was done about it',
        params: DeadLetterPath,
        response: { 200: WholeDeadLetter },
      },
    },
    async (request, reply) => {
      const letter = await deadLetters.find(request.params.deadLetterId)
      if (letter === null) {
        sendProblem(reply, 'unknown-dead-letter')
        return reply
      }
      return 'kind' in letter ? unavailable(reply, letter) : letterJson(letter)
    },
  )
}

function addRedriveMany(app: Api, { deadLetters, hooks }: RouteParts): void {
  app.post(
    '/dead-letters/redrive',
    {
      ...callOptions(hooks, { caller: 'operator', problems: [] }),
      bodyLimit: idsBytesMax,
      schema: {
        tags: ['operators'],
        operationId: 'redriveDeadLetters',
        summary: 'Try many again: these ids, or as many of those that wait as one call takes',
        description: 'Where `next` is answered there may be more: ask again with it as `after`.',
        body: RedriveMany,
        response: { 200: RedrivenMany, 202: RedrivenMany },
      },
    },
    async (request, reply) => {
      const { userId: by } = callerOf(request)
      const answer = await deadLetters.redriveMany({ ...request.body, by })
      if (answer.kind === 'unavailable') return unavailable(reply, answer)
      const { counts, next } = answer
      reply.code(counts.pending > 0 ? 202 : 200)
      return { ...countsJson(counts), ...(next === undefined ? {} : { next }) }
    },
  )
}

/** As many ids as one call takes, each longer than any that we make. */
const idsBytesMax = 16 * 1024

function addAct(app: Api, { deadLetters, hooks }: RouteParts, act: LetterAct): void {
  const conflict = outcomes.deadLetter.conflict[act]
  const own = act === 'redrive' ? (['not-redrivable'] as const) : []
  app.post(
    `/dead-letters/:deadLetterId/${act}`,
    {
      ...callOptions(hooks, {
        caller: 'operator',
        problems: ['unknown-dead-letter', conflict, ...own],
      }),
      schema: {
        tags: ['operators'],
        operationId: `${act}DeadLetter`,
        summary: summaries[act],
        params: DeadLetterPath,
        body: NoBody,
        response: { 200: WholeDeadLetter, 202: pendingRef },
      },
    },
    async (request, reply) => {
      const { deadLetterId: id } = request.params
      const answer = await deadLetters.act({ act, id, by: callerOf(request).userId })
      sendAnswer(reply, { act, id, answer })
      return reply
    },
  )
}

const summaries = {
  redrive: 'Try the record again; twice in a row changes nothing',
  discard: 'Give the record up for good; twice changes nothing',
}

type Answered = { act: LetterAct; id: string; answer: LetterAnswer }

function sendAnswer(reply: FastifyReply, { act, id, answer }: Answered): void {
  if (answer.kind === 'unavailable') return sendUnavailable(reply, answer)
  if (answer.kind === 'pending') {
    reply.code(outcomes.deadLetter.pending).header('location', `/dead-letters/${id}`)
    reply.send({ outcome: 'pending' })
    return
  }
  const outcome = outcomes.deadLetter[answer.outcome]
  if (typeof outcome === 'object') return sendProblem(reply, outcome[act])
  if (typeof outcome === 'string') return sendProblem(reply, outcome)
  if (answer.letter === null) throw new Error(`${act} was done to no dead letter`)
  reply.code(outcome).send(letterJson(answer.letter))
}

function unavailable(reply: FastifyReply, refused: OrdersUnavailable): FastifyReply {
  sendUnavailable(reply, refused)
  return reply
}
