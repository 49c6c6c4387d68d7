// Operators' calls for dead letters: what could not be handled, why, and what to do about it.

import { isUtf8 } from 'node:buffer'
import { Type } from 'typebox'
import type { DeadLetter, DeadLetterSummary } from '../../domain/orders/dead-letter.ts'
import { consumerPattern, deadLetterIdPattern } from '../../domain/orders/dead-letter-messages.ts'
import { formatInstant } from '../../domain/time.ts'
import { callerOf } from '../http/auth.ts'
import { orderCommandAnswer } from '../http/command-answers.ts'
import { conflictOf } from '../http/problems/problems.ts'
import { lastOfFull, ok, type Route, readStore, route } from '../http/route.ts'
import { closed, Instant, NoBody, oneOf, pageItemsMax, pendingRef } from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'
import { type LetterCounts, lettersPerCallMax, redriveMany } from '../orders/redrive-many.ts'

const DeadLetterId = Type.String({
  pattern: deadLetterIdPattern,
  examples: ['stock-step.orders.3.17'],
  description: 'Who could not handle it, and its topic, partition and offset.',
})
const Consumer = Type.String({ pattern: consumerPattern, examples: ['stock-step'] })
const Status = oneOf(['waiting', 'redriven', 'discarded'])

const DeadLetterPath = closed({ deadLetterId: DeadLetterId })
const DeadLetterQuery = closed({
  limit: Type.Integer({ minimum: 1, maximum: pageItemsMax, default: 50 }),
  after: Type.Optional(DeadLetterId),
  status: Type.Optional(Status),
  consumer: Type.Optional(Consumer),
})
const RedriveMany = Type.Object(
  {
    ids: Type.Optional(
      Type.Array(DeadLetterId, {
        minItems: 1,
        maxItems: lettersPerCallMax,
        description: 'These, whatever waits besides; without it, those that wait.',
      }),
    ),
    consumer: Type.Optional(Consumer),
    after: Type.Optional(DeadLetterId),
  },
  {
    title: 'RedriveMany',
    additionalProperties: false,
    dependentSchemas: {
      ids: { properties: { consumer: false, after: false } },
    },
  },
)

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
const RedrivenMany = Type.Object(
  {
    redriven: Type.Integer(),
    unchanged: Type.Integer({ description: 'Re-driven before.' }),
    discarded: Type.Integer({ description: 'Discarded before, and not re-driven.' }),
    notRedrivable: Type.Integer(),
    unknown: Type.Integer({ description: 'There is no such letter.' }),
    pending: Type.Integer({ description: 'Not carried out in time: to be asked for again.' }),
    next: Type.Optional(
      Type.String({ description: 'The `after` of the next call: there may be more.' }),
    ),
  },
  { title: 'RedrivenMany' },
)

export function deadLetterRoutes(parts: RouteParts): Route[] {
  const { orders, newId } = parts
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
    route({
      call: 'POST /dead-letters/redrive',
      caller: 'operator',
      bodyBytesMax: idsBytesMax,
      operationId: 'redriveDeadLetters',
      summary: 'Try many again: these ids, or as many of those that wait as one call takes',
      description: 'Where `next` is answered there may be more: ask again with it as `after`.',
      body: RedriveMany,
      answers: { 200: RedrivenMany, 202: RedrivenMany },
      async answer(request) {
        const { userId: by } = callerOf(request)
        const answer = await redriveMany({ orders, newId }, { ...request.body, by })
        if (answer.kind === 'unavailable') return answer
        const { counts, next } = answer
        return { status: counts.pending > 0 ? 202 : 200, body: { ...countsJson(counts), next } }
      },
    }),
    ...calls.map((call) => actRoute(parts, call)),
  ]
}

/** As many ids as one call takes, each longer than any that we make. */
const idsBytesMax = 16 * 1024

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

function countsJson(counts: LetterCounts) {
  return {
    redriven: counts.done,
    unchanged: counts.unchanged,
    discarded: counts.conflict,
    notRedrivable: counts.not_redrivable,
    unknown: counts.unknown_letter,
    pending: counts.pending,
  }
}
