// The `dead-letters` commands and their help. What they do is in commands/dead-letters.ts.

import { Argument, InvalidArgumentError } from 'commander'
import { consumerPattern, deadLetterIdPattern } from '../../domain/orders/dead-letter-messages.ts'
import { type DeclaredCommand, option, timedCallOptions } from './declared-command.ts'
import { parseCount } from './option-values.ts'

const load = () => import('../commands/dead-letters.ts')

const list: DeclaredCommand = {
  summary: 'List dead letters in the order of their ids.',
  examples: [
    'dead-letters list',
    'dead-letters list --status waiting --consumer payment-step',
    'dead-letters list --limit 200 --after stock-step.orders.3.17 --json',
  ],
  takes: [
    option('--status <status>', 'only these').choices(['waiting', 'redriven', 'discarded']),
    option('--consumer <name>', 'only those that this consumer could not handle', parseConsumer),
    option('--limit <number>', 'how many, at most 200 (50)', parseCount),
    option('--after <id>', 'go on behind this one', parseLetterId),
    ...timedCallOptions,
  ],
  load: async () => (await load()).runList,
}

const show: DeclaredCommand = {
  summary: 'Show a dead letter: its record, why it failed, and what was done about it.',
  examples: [
    'dead-letters show stock-step.orders.3.17',
    'dead-letters show issuer.claims.0.42 --json',
  ],
  takes: [new Argument('<id>', 'its id').argParser(parseLetterId), ...timedCallOptions],
  load: async () => (await load()).runShow,
}

const redrive: DeclaredCommand = {
  summary: 'Try records again. Twice in a row changes nothing.',
  examples: [
    'dead-letters redrive stock-step.orders.3.17',
    'dead-letters redrive --all',
    'dead-letters redrive --all --consumer payment-step',
  ],
  notes: `
The consumer takes the record up within seconds. If it fails again it waits again, with all that
was done. Bytes that are no record cannot be re-driven: discard them.`,
  takes: [
    new Argument('[ids...]', 'their ids').argParser(collectLetterIds),
    option('--all', 'all that wait, but for those that cannot be re-driven'),
    option('--consumer <name>', 'of --all, those of this consumer', parseConsumer),
    ...timedCallOptions,
  ],
  load: async () => (await load()).runRedrive,
}

const discard: DeclaredCommand = {
  summary: 'Give records up for good; they can still be listed and shown.',
  examples: [
    'dead-letters discard issuer.claims.0.42',
    'dead-letters discard issuer.claims.0.42 issuer.claims.0.43',
  ],
  takes: [new Argument('<ids...>', 'their ids').argParser(collectLetterIds), ...timedCallOptions],
  load: async () => (await load()).runDiscard,
}

export const deadLetters: DeclaredCommand = {
  summary: 'See the records that could not be handled, and try them again or give them up.',
  examples: [
    'dead-letters list --status waiting',
    'dead-letters show stock-step.orders.3.17',
    'dead-letters redrive --all --consumer payment-step',
  ],
  notes: `
A record becomes a dead letter when its consumer failed three times, or cannot read it. Its id
says who could not handle it, and its topic, partition and offset. Who did what about it, and
when, is kept with it.`,
  below: { list, show, redrive, discard },
}

function collectLetterIds(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), parseLetterId(text)]
}

function parseLetterId(text: string): string {
  if (new RegExp(deadLetterIdPattern).test(text)) return text
  throw new InvalidArgumentError(
    'An id is consumer.topic.partition.offset: stock-step.orders.3.17.',
  )
}

function parseConsumer(text: string): string {
  if (new RegExp(consumerPattern).test(text)) return text
  throw new InvalidArgumentError('A consumer is named like payment-step or issuer.')
}
