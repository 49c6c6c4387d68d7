// Operators' calls for many dead letters at once: how many wait and why, and the same done about
// all of those that were named.

import { Type } from 'typebox'
import { callerOf } from '../../http/auth.ts'
import { type Answer, ok, type Route, readStore, route } from '../../http/route.ts'
import { closed } from '../../http/schemas.ts'
import type { RouteParts } from '../../http/server-parts.ts'
import {
  discardMany,
  type LetterCounts,
  lettersPerCallMax,
  type ManyAnswer,
  redriveMany,
} from '../../orders/many-letters.ts'
import { Consumer, DeadLetterId, LetterReason } from './shapes.ts'

/** Looked at in one call; more need no exact numbers. */
const lettersCountedMax = 10_000
/** As many as people look through; letters of one fault have one reason, as a rule. */
const groupsMax = 100

/** As many ids as one call takes, each longer than any that we make. */
const idsBytesMax = 16 * 1024

const idsOf = (description: string) =>
  Type.Array(DeadLetterId, { minItems: 1, maxItems: lettersPerCallMax, description })
const DiscardMany = closed({ ids: idsOf('These alone.') }, { title: 'DiscardMany' })
const RedriveMany = Type.Object(
  {
    ids: Type.Optional(idsOf('These, whatever waits besides; without it, those that wait.')),
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

const leftFields = {
  unknown: Type.Integer({ description: 'There is no such letter.' }),
  pending: Type.Integer({ description: 'Not carried out in time: to be asked for again.' }),
}
const RedrivenMany = Type.Object(
  {
    redriven: Type.Integer(),
    unchanged: Type.Integer({ description: 'Re-driven before.' }),
    discarded: Type.Integer({ description: 'Discarded before, and not re-driven.' }),
    notRedrivable: Type.Integer(),
    ...leftFields,
    next: Type.Optional(
      Type.String({ description: 'The `after` of the next call: there may be more.' }),
    ),
  },
  { title: 'RedrivenMany' },
)
const DiscardedMany = Type.Object(
  {
    discarded: Type.Integer(),
    unchanged: Type.Integer({ description: 'Discarded before.' }),
    redriven: Type.Integer({ description: 'Re-driven before, and not discarded.' }),
    ...leftFields,
  },
  { title: 'DiscardedMany' },
)
const LetterGroups = Type.Object(
  {
    groups: Type.Array(
      Type.Object(
        {
          consumer: Consumer,
          reason: LetterReason,
          count: Type.Integer(),
          redrivable: Type.Integer({ description: 'Of those, how many can be re-driven.' }),
        },
        { title: 'LetterGroup' },
      ),
    ),
    more: Type.Boolean({
      description: 'More wait than were counted, or for more reasons than are listed.',
    }),
  },
  { title: 'LetterGroups' },
)

/** Before those of one letter, whose id nobody else has. */
export function manyLettersRoutes(parts: RouteParts): Route[] {
  return [groupsRoute(parts), redriveRoute(parts), discardRoute(parts)]
}

function groupsRoute({ orders }: RouteParts): Route {
  return route({
    call: 'GET /dead-letters/groups',
    caller: 'viewer',
    readsStore: true,
    operationId: 'groupDeadLetters',
    summary: 'How many dead letters wait, by consumer and reason, the most first',
    answers: { 200: LetterGroups },
    answer: () =>
      readStore(orders.reader(), async (reader) => {
        const bounds = { lettersMax: lettersCountedMax, groupsMax: groupsMax + 1 }
        const groups = await reader.deadLetterGroups(bounds)
        const counted = groups.reduce((sum, { count }) => sum + count, 0)
        const more = groups.length > groupsMax || counted >= lettersCountedMax
        return ok({ groups: groups.slice(0, groupsMax), more })
      }),
  })
}

function redriveRoute({ orders, newId }: RouteParts): Route {
  return route({
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
      return manyAnswer(answer, (counts) => ({
        redriven: counts.done,
        unchanged: counts.unchanged,
        discarded: counts.conflict,
        notRedrivable: counts.not_redrivable,
        unknown: counts.unknown_letter,
        pending: counts.pending,
      }))
    },
  })
}

function discardRoute({ orders, newId }: RouteParts): Route {
  return route({
    call: 'POST /dead-letters/discard',
    caller: 'operator',
    bodyBytesMax: idsBytesMax,
    operationId: 'discardDeadLetters',
    summary: 'Give many up for good: these, and no others',
    body: DiscardMany,
    answers: { 200: DiscardedMany, 202: DiscardedMany },
    async answer(request) {
      const { userId: by } = callerOf(request)
      const answer = await discardMany({ orders, newId }, { by, ids: request.body.ids })
      return manyAnswer(answer, ({ done, unchanged, conflict, unknown_letter, pending }) => {
        return { discarded: done, unchanged, redriven: conflict, unknown: unknown_letter, pending }
      })
    },
  })
}

function manyAnswer(answer: ManyAnswer, show: (counts: LetterCounts) => object): Answer {
  if (answer.kind === 'unavailable') return answer
  const { counts, next } = answer
  return { status: counts.pending > 0 ? 202 : 200, body: { ...show(counts), next } }
}
