// The records of the dead letters' topic.

import { Type } from 'typebox'
import {
  type DeadLetterCommand,
  type DeadLetterMessage,
  deadLetterId,
} from '../../src/domain/orders/dead-letter.ts'
import {
  burialEntry,
  letterCommandEntry,
  letterHeadersCharactersMax,
  letterKeyCharactersMax,
  letterValueBytesMax,
} from '../../src/domain/orders/dead-letter-records.ts'
import {
  consumerPattern,
  deadLetterIdPattern,
  decodeDeadLetterMessage,
} from '../../src/domain/orders/decode-dead-letters.ts'
import { entryOf } from '../../src/domain/orders/records.ts'
import { type Origin, reasonCharactersMax } from '../../src/domain/orders/retries.ts'
import * as field from './fields.ts'
import type { Entry, RecordType, Rule, Wire } from './record-type.ts'

const thousands = (count: number) => count.toLocaleString('en')
const letterId = Type.String({
  pattern: deadLetterIdPattern,
  description: 'The letter: who could not handle which record.',
})
const origin = Type.Object(
  {
    topic: Type.String({ pattern: '^[A-Za-z0-9._-]{1,249}$', description: 'In which topic.' }),
    partition: field.whole(2_147_483_647, 'In which partition.'),
    offset: field.offset('At which offset.'),
    appendedAt: field.offset('When it was appended: milliseconds since 1970 UTC.'),
  },
  { description: 'Where the record stood first.' },
)
const letterHeaders = Type.Unsafe<Record<string, string>>({
  type: 'object',
  additionalProperties: field.plainText(),
  propertyNames: field.plainText(),
  description:
    'Its headers, without those of the retry topics; names and values together up to ' +
    `${thousands(letterHeadersCharactersMax)} characters.`,
})

const placed = entryOf({
  type: 'order.placed',
  orderId: 'q5nq1mC0o5cZ7QkTn9m9h0XbJ0V3v9Y2xw1W8vB2a4E',
  userId: 'ann',
  lines: [{ productId: 'cup', quantity: 1 }],
  timeLimitMs: 30_000,
})
const place = { topic: 'firstcome.orders', partition: 3, offset: 17, appendedAt: 1777626000012 }

const buried: RecordType = {
  schema: field.recordSchema(
    'dead_letter.buried',
    'A consumer could not handle a record, or not understand it. It waits for an operator.',
    {
      deadLetterId: letterId,
      consumer: Type.String({ pattern: consumerPattern, description: 'Who could not handle it.' }),
      origin,
      key: field.plainText(
        `The record's key, up to ${thousands(letterKeyCharactersMax)} characters.`,
      ),
      value: Type.String({
        pattern: '^[A-Za-z0-9+/]*={0,2}$',
        description: `Its bytes in base64, up to ${thousands(letterValueBytesMax)} bytes.`,
      }),
      headers: letterHeaders,
      reason: field.plainText(
        `Why, for people, up to ${reasonCharactersMax} characters. Says what was cut off, if ` +
          'something was.',
      ),
      attempts: field.whole(
        1_000_000,
        'How often it was tried since it was read first, or last re-driven.',
      ),
      redrivable: Type.Boolean({
        description: 'Whether trying again can make sense: not for bytes that are no record.',
      }),
      redrives: field.whole(1_000_000, 'How often it had been re-driven before.'),
    },
  ),
  rules: [idFits()],
  writer: '{consumer}',
  key: 'deadLetterId',
  eventId: 'dead_letter.buried/{deadLetterId}/{redrives}',
  example: burialEntry({
    consumer: 'stock-step',
    record: placed,
    origin: place,
    reason: 'the database does not answer',
    attempts: 3,
    redrivable: true,
    redrives: 0,
  }).entry,
  again,
}

export const deadLetterRecords: readonly RecordType[] = [
  buried,
  commanded('dead_letter.redriven', 'An operator has it tried again, from `firstcome.retries-1s`.'),
  commanded('dead_letter.discarded', 'An operator has decided that nothing is done about it.'),
]

function commanded(type: DeadLetterCommand['type'], says: string): RecordType {
  const fields = { deadLetterId: letterId, by: field.by, commandId: field.commandId }
  return {
    schema: field.recordSchema(type, says, fields),
    rules: [field.identifiersFit],
    writer: 'api',
    key: 'deadLetterId',
    eventId: `${type}/{deadLetterId}/{commandId}`,
    example: letterCommandEntry({
      type,
      deadLetterId: deadLetterId('stock-step', place),
      by: 'operator',
      commandId: 'operator:again-1',
    }).entry,
    again,
  }
}

function again(value: Buffer): Entry | null {
  const decoded = decodeDeadLetterMessage(value)
  return decoded.kind === 'message' ? writtenAgain(decoded.message) : null
}

/** A burial as it was read: `burialEntry` makes one from a record, and cuts it. */
function writtenAgain(message: DeadLetterMessage): Entry {
  if (message.type !== 'dead_letter.buried') return letterCommandEntry(message).entry
  return { key: message.deadLetterId, value: Buffer.from(JSON.stringify({ ...message, v: 1 })) }
}

function idFits(): Rule {
  const idOf = (wire: Wire) => deadLetterId(String(wire.consumer), wire.origin as Origin)
  return {
    says:
      '`deadLetterId` is `consumer`, then `origin.topic` without its leading `firstcome.`, ' +
      '`origin.partition` and `origin.offset`, with a dot between each.',
    holds: (wire) => wire.deadLetterId === idOf(wire),
    mend: (wire) => ({ ...wire, deadLetterId: idOf(wire) }),
  }
}
