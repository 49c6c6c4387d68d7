// Operators' calls for dead letters: what could not be handled, why, and what to do about it.

import { isUtf8 } from 'node:buffer'
import type { DeadLetter, DeadLetterSummary } from '../../domain/orders/dead-letter.ts'
import { formatInstant } from '../../domain/time.ts'
import { callerOf } from '../http/auth.ts'
import { orderCommandAnswer } from '../http/command-answers.ts'
import { conflictOf } from '../http/problems.ts'
import { lastOfFull, ok, type Route, readStore, route } from '../http/route.ts'
import { NoBody, pendingRef } from '../http/schemas.ts'
import {
  DeadLetterPage,
  DeadLetterPath,
  DeadLetterQuery,
  RedriveMany,
  RedrivenMany,
  WholeDeadLetter,
} from '../http/schemas-dead-letters.ts'
import type { RouteParts } from '../http/server-parts.ts'
import { type LetterCounts, redriveMany } from '../orders/redrive-many.ts'

export function deadLetterRoutes(parts: RouteParts): Route[] {
  const { orders, newId } = parts
  return [
    route({
      call: 'GET /dead-letters',
      caller: 'operator',
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
      caller: 'operator',
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
