// What docs/messages.md says of the retry topics: records of other topics, with headers more.

import { entryOf } from '../../src/domain/orders/records.ts'
import {
  attemptsMax,
  reasonCharactersMax,
  retryDelaysMs,
  retryHeaders,
  retryTopics,
} from '../../src/domain/orders/retries.ts'
import type { Entry } from './examples.ts'

/** By header name, in the order in which they are written. */
export const retryHeaderTexts: Readonly<Record<string, string>> = {
  'firstcome-consumer': 'Who could not handle it. The topics are shared: others pass it by.',
  'firstcome-attempts': 'How many attempts have failed since it was read first, or last re-driven.',
  'firstcome-origin':
    'Where it stood first: topic, partition, offset and append time (milliseconds since 1970 ' +
    'UTC), with a space between each.',
  'firstcome-reason': `Why the last attempt failed, up to ${reasonCharactersMax} characters.`,
  'firstcome-redrives': 'How often an operator has had it tried again.',
}

const waits = retryDelaysMs.map((ms) => `${ms / 1_000} s`)

export const retryTopicLines: readonly string[] = [
  `## ${retryTopics.join(' and ')}`,
  `Where records wait that could not be handled, ${waits.join(' and ')} long, before they are ` +
    `tried again: ${attemptsMax} attempts in all, then the record becomes a dead letter. There ` +
    'is nothing here for other teams: each record stands in its own topic too. Key, value and ' +
    'headers are those of the record, and these headers are added:',
  [
    '| header | what |',
    '| --- | --- |',
    ...Object.entries(retryHeaderTexts).map(([name, says]) => `| \`${name}\` | ${says} |`),
  ].join('\n'),
]

export function retryExample(): Entry {
  const record = entryOf({
    type: 'order.payment_due',
    orderId: 'q5nq1mC0o5cZ7QkTn9m9h0XbJ0V3v9Y2xw1W8vB2a4E',
    userId: 'ann',
    subtotal: 25_000,
    discount: 2_500,
    total: 22_500,
  })
  const note = retryHeaders({
    consumer: 'payment-step',
    attempts: 1,
    origin: { topic: 'firstcome.orders', partition: 3, offset: 18, appendedAt: 1777626000150 },
    reason: 'the payment provider did not answer',
    redrives: 0,
  })
  return { ...record, headers: { ...record.headers, ...note } }
}
