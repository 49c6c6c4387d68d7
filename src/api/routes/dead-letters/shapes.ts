// What names dead letters, in every call about them.

import { Type } from 'typebox'
import {
  consumerPattern,
  deadLetterIdPattern,
} from '../../../domain/orders/dead-letter-messages.ts'
import { reasonCharactersMax } from '../../../domain/orders/retries.ts'

export const DeadLetterId = Type.String({
  pattern: deadLetterIdPattern,
  examples: ['stock-step.orders.3.17'],
  description: 'Who could not handle it, and its topic, partition and offset.',
})
export const Consumer = Type.String({ pattern: consumerPattern, examples: ['stock-step'] })
export const LetterReason = Type.String({
  maxLength: reasonCharactersMax,
  description: 'Why, the last time, word by word.',
})
