// Makes docs/messages.md from what the domain declares of its records, and from examples that it
// encodes. The page in the repository is compared with what this makes; after a change of a record
// write it again:
//   node test/messages/page.ts --write

import { writeFileSync } from 'node:fs'
import { claimsTopic } from '../../src/domain/coupons/messages.ts'
import type { Schema } from '../../src/domain/field.ts'
import type { Entry } from './examples.ts'
import type { RecordType } from './record-type.ts'
import { retryExample, retryTopicLines } from './retry-topics.ts'
import { schemaRows } from './schema-rows.ts'
import { topicPages } from './topics.ts'

export const pagePath = new URL('../../docs/messages.md', import.meta.url)

export function messagesPage(): string {
  const topics = topicPages.flatMap(({ topic, about, types }) => {
    return [`## ${topic}`, ...about, ...types.flatMap(typeSection)]
  })
  const retries = [...retryTopicLines, exampleBlock(retryExample())]
  return `${[...opening, topicTable(), ...rules, ...topics, ...retries].join('\n\n')}\n`
}

const opening = [
  '# Messages',
  '<!-- Made by test/messages/page.ts from src/domain. Do not edit: a test compares. -->',
  'This page is for teams that want to read what happens in the shop from Kafka: which topics ' +
    'there are, what stands in them, and how to read them safely. It is about several nodes over ' +
    'Kafka; the embedded service keeps the same topics in files of its own. Only firstcome ' +
    'writes to these topics, so give readers the right to read and no more. Whoever wants ' +
    'something done asks the HTTP API.',
]

const rules = [
  '## What holds for every record',
  [
    '- **Value.** A JSON object in UTF-8. `type` says what it is and `v` is the version of that ' +
      'type, now 1, or 2 where a record has a user that 1 does not know. Ignore fields that you ' +
      'do not know: more may come. Do not guess what a `type` or a `v` means that you do not ' +
      'know: stop, or set it aside and tell somebody. ' +
      '(Only coupon events have neither in their value: their type stands in the headers.)',
    '- **Headers.** [CloudEvents 1.0](https://cloudevents.io) in binary mode: `ce_specversion` ' +
      '(`1.0`), `ce_type`, `ce_source` (who wrote it), `ce_id`, and `content-type` ' +
      '(`application/json`). Coupon events also have `ce_time`. Claims have no headers.',
    '- **When.** The time of a record is its Kafka timestamp, which the broker gives it ' +
      '(LogAppendTime). Times in values are texts in UTC, or milliseconds where their name or ' +
      'description says so.',
    '- **Numbers** are whole, and money is whole minor units of one currency. All are below ' +
      '2^53, so a double holds them exactly.',
    '- **Text** is well-formed Unicode without NUL. Lengths are code points, unless it says ' +
      'otherwise. An **id** of a coupon or a product is 1–63 of `a-z 0-9 -`, and does not begin ' +
      'with `-`. A **time** looks like `2026-05-01T09:00:00.000Z`.',
    '- **Key.** Records with the same key stand in the same partition. It is found from the key ' +
      "as Kafka's Java client does it (murmur2).",
    '- **For ever.** Topics are neither compacted nor cut: a new reader can start at the ' +
      'beginning.',
  ].join('\n'),
  '## How to read them',
  [
    '- **Use a consumer group of your own.** Groups that begin with `firstcome.` are ours.',
    '- **Order** holds within one key, and nowhere else: not between two keys, not between topics.',
    '- **A record may come more than once**: we write again what a crash may have kept from ' +
      'being written, and Kafka delivers again what you had not committed. A repeated record has ' +
      'the same `ce_source` and `ce_id`, and says the same.',
    '- **So drop repeats by `ce_id`.** Store it in the transaction that stores what you did, ' +
      'under a unique constraint; where it is there already, do nothing. It is never used for ' +
      'something else, however old it is, so a repeat may come much later: do not forget ids ' +
      'after a day. Where your effect is a row for each order, the order id as its key does the ' +
      'same work.',
    '- **Of two contents the first counts.** Should a `ce_id` ever come with other content, keep ' +
      'what you have: so do we.',
    '- **Commit after your effect**, never before it.',
  ].join('\n'),
]

function topicTable(): string {
  const rows = topicPages.map(({ topic, types }) => {
    const keys = [...new Set(types.map(({ topic: { key } }) => `\`${key}\``))].join(', ')
    const names = types.map(({ type }) => `\`${type}\``).join(', ')
    return `| [${topic}](#${topic.replaceAll('.', '')}) | ${keys} | ${names} |`
  })
  return ['| topic | key | types |', '| --- | --- | --- |', ...rows].join('\n')
}

function typeSection(type: RecordType): string[] {
  const { schema, rules: own, example } = type
  const also = own.map(({ says }) => `- ${says}`)
  return [
    `### ${type.type}`,
    schema.description ?? '',
    factsOf(type),
    fieldTable(schema),
    ...(also.length > 0 ? [`Besides:\n\n${also.join('\n')}`] : []),
    exampleBlock(example),
  ]
}

function factsOf({ topic, declared: { writer }, eventId }: RecordType): string {
  const source =
    typeof writer === 'string' ? `\`${writer}\`` : `the consumer in \`{${writer.field}}\``
  const id = topic.topic === claimsTopic ? 'none' : `\`${eventId}\``
  return `Written by ${source}. Key: \`${topic.key}\`. \`ce_id\`: ${id}.`
}

function fieldTable(schema: Schema): string {
  const rows = schemaRows(schema).map(({ name, form, isOptional, says }) => {
    return `| \`${name}\` | ${form} | ${isOptional ? 'no' : 'yes'} | ${says} |`
  })
  return ['| field | form | always | what |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function exampleBlock({ key, value, headers = {} }: Entry): string {
  const record = { key, headers, value: JSON.parse(value.toString()) as unknown }
  return `\`\`\`json\n${JSON.stringify(record, null, 2)}\n\`\`\``
}

if (import.meta.main && process.argv.includes('--write')) writeFileSync(pagePath, messagesPage())
