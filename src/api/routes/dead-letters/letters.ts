// Operators' calls for dead letters one by one: what could not be handled, why, and what to do
// about it.

import { isUtf8 } from 'node:buffer'
import { Type } from 'typebox'
import type { DeadLetter, DeadLetterSummary } from '../../../domain/orders/dead-letter.ts'
import { formatInstant } from '../../../domain/time.ts'
import { callerOf } from '../../http/auth.ts'
import { orderCommandAnswer } from '../../http/command-answers.ts'
import { conflictOf } from '../../http/problems/problems.ts'
import { lastOfFull, ok, type Route, readStore, route } from '../../http/route.ts'
import { closed, Instant, NoBody, oneOf, pageItemsMax, pendingRef } from '../../http/schemas.ts'
import type { RouteParts } from '../../http/server-parts.ts'
import { Consumer, DeadLetterId, LetterReason } from './shapes.ts'

const Status = oneOf(['waiting', 'redriven', 'discarded'])

const DeadLetterPath = closed({ deadLetterId: DeadLetterId })
const DeadLetterQuery = closed({
  limit: Type.Integer({ minimum: 1, maximum: pageItemsMax, default: 50 }),
  after: Type.Optional(DeadLetterId),
  status: Type.Optional(Status),
  consumer: Type.Optional(Consumer),
  reason: Type.Optional(LetterReason),
})
const summaryFields = {
  deadLetterId: DeadLetterId,
  consumer: Consumer,
  status: Status,
  origin: Type.Object(
    {
      topic: Type.String(),
      partition: Type.Integer(),
      offset: Type.Integer(),
      appendedAt: Instant,
    },
    { title: 'LetterOrigin', description: 'The record that could not be handled.' },
  ),
  key: Type.String(),
  reason: Type.String({ description: 'Why, the last time.' }),
  attempts: Type.Integer({ description: 'How often it was tried in all.' }),
  redrives: Type.Integer({ description: 'How often it was re-driven.' }),
  redrivable: Type.Boolean(),
  buriedAt: Instant,
  acts: Type.Array(
    Type.Object(
      {
        act: oneOf(['redriven', 'discarded']),
        by: Type.String(),
        at: Instant,
        reason: Type.String({ description: 'Why it was a dead letter then.' }),
      },
      { title: 'LetterAct' },
    ),
    { description: 'What operators did about it, in order.' },
  ),
}
const DeadLetterPage = Type.Object(
  {
    deadLetters: Type.Array(Type.Object(summaryFields, { title: 'DeadLetterSummary' })),
    next: Type.Optional(DeadLetterId),
  },
  { title: 'DeadLetterPage' },
)
const WholeDeadLetter = closed(
  {
    ...summaryFields,
    headers: Type.Record(Type.String(), Type.String()),
    value: Type.String({ description: 'The bytes in base64.' }),
    text: Type.Optional(Type.String({ description: 'The same, where they are UTF-8.' })),
  },
  { title: 'DeadLetter' },
)
export function deadLetterRoutes(parts: RouteParts): Route[] {
  const { orders } = parts
  return [
    route({
      call: 'GET /dead-letters',
      caller: 'viewer',
      readsStore: true,
      operationId: 'listDeadLetters',
      summary: 'Records that could not be handled, in the order of their ids',
      query: DeadLetterQuery,
      answers: { 200: DeadLetterPage },
      answer: ({ query }) =>
        readStore(orders.reader(), async (reader) => {
          const letters = await reader.deadLetters(query)
          const next = lastOfFull(letters, query.limit)?.id
          return ok({ deadLetters: letters.map(letterSummaryJson), next })
        }),
    }),
    route({
      call: 'GET /dead-letters/:deadLetterId',
      caller: 'viewer',
      problems: ['unknown-dead-letter'],
      readsStore: true,
      operationId: 'getDeadLetter',
      summary: 'Show a dead letter whole: its bytes, its headers and what was done about it',
      params: DeadLetterPath,
      answers: { 200: WholeDeadLetter },
      answer: ({ params }) =>
        readStore(orders.reader(), async (reader) => {
          const letter = await reader.deadLetter(params.deadLetterId)
          return letter === null ? { problem: 'unknown-dead-letter' } : ok(letterJson(letter))
        }),
    }),
    ...calls.map((call) => actRoute(parts, call)),
  ]
}

const calls = [
  [
    'redrive',
    'dead_letter.redriven',
    'Try the record again; twice in a row changes nothing',
    ['not-redrivable'],
  ],
  ['discard', 'dead_letter.discarded', 'Give the record up for good; twice changes nothing', []],
] as const

type Call = (typeof calls)[number]

function actRoute(parts: RouteParts, [verb, type, summary, problems]: Call): Route {
  return route({
    call: `POST /dead-letters/:deadLetterId/${verb}`,
    caller: 'operator',
    problems: ['unknown-dead-letter', conflictOf(type), ...problems],
    operationId: `${verb}DeadLetter`,
    summary,
    params: DeadLetterPath,
    body: NoBody,
    answers: { 200: WholeDeadLetter, 202: pendingRef },
    answer(request) {
      const { deadLetterId } = request.params
      const by = callerOf(request).userId
      return orderCommandAnswer(parts, {
        message: { type, deadLetterId, by, commandId: parts.newId() },
        location: `/dead-letters/${deadLetterId}`,
        async show(reader) {
          const letter = await reader.deadLetter(deadLetterId)
          return letter && letterJson(letter)
        },
      })
    },
  })
}

function letterSummaryJson({ id: deadLetterId, origin, acts, ...letter }: DeadLetterSummary) {
  return {
    deadLetterId,
    ...letter,
    origin: { ...origin, appendedAt: formatInstant(origin.appendedAt) },
    buriedAt: formatInstant(letter.buriedAt),
    acts: acts.map(({ act, by, at, reason }) => ({ act, by, at: formatInstant(at), reason })),
  }
}

function letterJson({ headers, value, ...summary }: DeadLetter) {
  const bytes = Buffer.from(value, 'base64')
  const text = isUtf8(bytes) ? { text: bytes.toString() } : {}
  return { ...letterSummaryJson(summary), headers, value, ...text }
}
