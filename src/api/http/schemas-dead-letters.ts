// The shapes of the calls for dead letters; see schemas.ts.

import { Type } from 'typebox'
import { consumerPattern, deadLetterIdPattern } from '../../domain/orders/dead-letter-messages.ts'
import { lettersPerCallMax } from '../orders/redrive-many.ts'
import { closed, Instant, pageItemsMax } from './schemas.ts'

const DeadLetterId = Type.String({
  pattern: deadLetterIdPattern,
  examples: ['stock-step.orders.3.17'],
  description: 'Who could not handle it, and its topic, partition and offset.',
})
const Consumer = Type.String({ pattern: consumerPattern, examples: ['stock-step'] })
const Status = Type.Enum(['waiting', 'redriven', 'discarded'], { type: 'string' })

export const DeadLetterPath = closed({ deadLetterId: DeadLetterId })
export const DeadLetterQuery = closed({
  limit: Type.Integer({ minimum: 1, maximum: pageItemsMax, default: 50 }),
  after: Type.Optional(DeadLetterId),
  status: Type.Optional(Status),
  consumer: Type.Optional(Consumer),
})
export const RedriveMany = Type.Object(
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
    additionalProperties: false,
    dependentSchemas: {
      ids: { not: { anyOf: [{ required: ['consumer'] }, { required: ['after'] }] } },
    },
  },
)

const summary = {
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
    { description: 'The record that could not be handled.' },
  ),
  key: Type.String(),
  reason: Type.String({ description: 'Why, the last time.' }),
  attempts: Type.Integer({ description: 'How often it was tried in all.' }),
  redrives: Type.Integer({ description: 'How often it was re-driven.' }),
  redrivable: Type.Boolean(),
  buriedAt: Instant,
  acts: Type.Array(
    Type.Object({
      act: Type.Enum(['redriven', 'discarded'], { type: 'string' }),
      by: Type.String(),
      at: Instant,
      reason: Type.String({ description: 'Why it was a dead letter then.' }),
    }),
    { description: 'What operators did about it, in order.' },
  ),
}
export const DeadLetterPage = Type.Object({
  deadLetters: Type.Array(Type.Object(summary)),
  next: Type.Optional(DeadLetterId),
})
export const WholeDeadLetter = closed({
  ...summary,
  headers: Type.Record(Type.String(), Type.String()),
  value: Type.String({ description: 'The bytes in base64.' }),
  text: Type.Optional(Type.String({ description: 'The same, where they are UTF-8.' })),
})
export const RedrivenMany = Type.Object({
  redriven: Type.Integer(),
  unchanged: Type.Integer({ description: 'Re-driven before.' }),
  discarded: Type.Integer({ description: 'Discarded before, and not re-driven.' }),
  notRedrivable: Type.Integer(),
  unknown: Type.Integer({ description: 'There is no such letter.' }),
  pending: Type.Integer({ description: 'Not carried out in time: to be asked for again.' }),
  next: Type.Optional(
    Type.String({ description: 'The `after` of the next call: there may be more.' }),
  ),
})
