// The records of the dead letters' topic. Whatever `deadLetterEntry` writes is read: one that
// nobody understands would become a dead letter itself.

import { commandFields } from '../coupons/messages.ts'
import { anyText, flag, like, object, texts, whole } from '../field.ts'
import { decoderOf, type MessageOf, record } from '../record.ts'
import { deadLettersTopic, type Origin, originFields, reasonCharactersMax } from './retries.ts'

/** Consumer, topic, partition and offset: see `deadLetterId`. */
export const deadLetterIdPattern = '^[a-z-]{1,32}\\.[A-Za-z0-9._-]{1,249}\\.\\d{1,10}\\.\\d{1,16}$'
export const consumerPattern = '^[a-z-]{1,32}$'

/** The longest record of ours has 6 KB; a page of letters to re-drive stays some megabytes. */
export const letterValueBytesMax = 64 * 1024
/** Keys of ours are shorter; brokers take keys and headers of any length up to the record's. */
export const letterKeyCharactersMax = 1_000
/** Names and values together, in characters. */
export const letterHeadersCharactersMax = 8_000
const timesMax = 1_000_000

const letterId = like(deadLetterIdPattern, 'The letter: who could not handle which record.')

export const deadLetters = {
  topic: deadLettersTopic,
  key: 'deadLetterId',
  records: {
    'dead_letter.buried': record({
      writer: { field: 'consumer' },
      says: 'A consumer could not handle a record, or not understand it. It waits for an operator.',
      fields: {
        deadLetterId: letterId,
        consumer: like(consumerPattern, 'Who could not handle it.'),
        origin: object(originFields, 'Where the record stood first.'),
        key: anyText(`The record's key, up to ${thousands(letterKeyCharactersMax)} characters.`),
        value: like(
          '^[A-Za-z0-9+/]*={0,2}$',
          `Its bytes in base64, up to ${thousands(letterValueBytesMax)} bytes.`,
        ),
        headers: texts(
          'Its headers, without those of the retry topics; names and values together up to ' +
            `${thousands(letterHeadersCharactersMax)} characters.`,
        ),
        reason: anyText(
          `Why, for people, up to ${reasonCharactersMax} characters. Says what was cut off, if ` +
            'something was.',
        ),
        attempts: whole(
          timesMax,
          'How often it was tried since it was read first, or last re-driven.',
        ),
        redrivable: flag('Whether trying again can make sense: not for bytes that are no record.'),
        redrives: whole(timesMax, 'How often it had been re-driven before.'),
      },
      // Tells a second dead letter of one record from a repeated record.
      idField: 'redrives',
      rule: {
        says:
          '`deadLetterId` is `consumer`, then `origin.topic` without its leading `firstcome.`, ' +
          '`origin.partition` and `origin.offset`, with a dot between each.',
        holds: (letter) => letter.deadLetterId === deadLetterId(letter.consumer, letter.origin),
      },
    }),
    'dead_letter.redriven': record({
      writer: 'api',
      says: 'An operator has it tried again, from `firstcome.retries-1s`.',
      fields: { deadLetterId: letterId, ...commandFields },
    }),
    'dead_letter.discarded': record({
      writer: 'api',
      says: 'An operator has decided that nothing is done about it.',
      fields: { deadLetterId: letterId, ...commandFields },
    }),
  },
}

type DeadLetters = typeof deadLetters
export type DeadLetterMessage = MessageOf<DeadLetters>
export type DeadLetterAdded = MessageOf<DeadLetters, 'dead_letter.buried'>
export type DeadLetterCommand = Exclude<DeadLetterMessage, DeadLetterAdded>

export const decodeDeadLetterMessage = decoderOf(deadLetters)

/** Safe in an address: consumer, topic, partition and offset, as in `stock-step.orders.3.17`. */
export function deadLetterId(consumer: string, { topic, partition, offset }: Origin): string {
  return `${consumer}.${topic.replace(/^firstcome\./, '')}.${partition}.${offset}`
}

function thousands(value: number): string {
  return value.toLocaleString('en')
}
