// The `dead-letters` commands and their help. What they do is in commands/dead-letters.ts.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { consumerPattern, deadLetterIdPattern } from '../../domain/orders/dead-letter-messages.ts'
import type { RedriveOptions } from '../commands/dead-letters.ts'
import { CommandError, exitCodes, type Wire } from '../context.ts'
import { parseCount } from './option-values.ts'
import { addCommand, withCallOptions } from './shared-options.ts'

const load = () => import('../commands/dead-letters.ts')

export function addDeadLetterCommands(program: Command, wire: Wire): void {
  const letters = addCommand(program, 'dead-letters', {
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
  })
  wire(withCallOptions(addList(letters)), async () => (await load()).runList)
  wire(withCallOptions(addShow(letters)), async () => (await load()).runShow)
  wire<Partial<RedriveOptions>>(withCallOptions(addRedrive(letters)), async () => {
    const { runRedrive } = await load()
    return ({ ids = [], ...options }, context) => {
      checkRedrive({ ...options, ids })
      return runRedrive({ ...options, ids }, context)
    }
  })
  wire(withCallOptions(addDiscard(letters)), async () => (await load()).runDiscard)
}

function addList(letters: Command): Command {
  const statuses = new Option('--status <status>', 'only these')
  return addCommand(letters, 'list', {
    summary: 'List dead letters in the order of their ids.',
    examples: [
      'dead-letters list',
      'dead-letters list --status waiting --consumer payment-step',
      'dead-letters list --limit 200 --after stock-step.orders.3.17 --json',
    ],
  })
    .addOption(statuses.choices(['waiting', 'redriven', 'discarded']))
    .option('--consumer <name>', 'only those that this consumer could not handle', parseConsumer)
    .option('--limit <number>', 'how many, at most 200 (50)', parseCount)
    .option('--after <id>', 'go on behind this one', parseLetterId)
}

function addShow(letters: Command): Command {
  return addCommand(letters, 'show', {
    summary: 'Show a dead letter: its record, why it failed, and what was done about it.',
    examples: [
      'dead-letters show stock-step.orders.3.17',
      'dead-letters show issuer.claims.0.42 --json',
    ],
  }).argument('<id>', 'its id', parseLetterId)
}

function addRedrive(letters: Command): Command {
  return addCommand(letters, 'redrive', {
    summary: 'Try records again. Twice in a row changes nothing.',
    examples: [
      'dead-letters redrive stock-step.orders.3.17',
      'dead-letters redrive --all',
      'dead-letters redrive --all --consumer payment-step',
    ],
    notes: `
The consumer takes the record up within seconds. If it fails again it waits again, with all that
was done. Bytes that are no record cannot be re-driven: discard them.`,
  })
    .argument('[ids...]', 'their ids', collectLetterIds)
    .option('--all', 'all that wait, but for those that cannot be re-driven')
    .option('--consumer <name>', 'of --all, those of this consumer', parseConsumer)
}

/** Every letter there is must be meant, never an empty list that a script came up with. */
function checkRedrive({ ids, all = false, consumer }: RedriveOptions): void {
  const wrong = (message: string) => new CommandError(exitCodes.wrongUsage, message)
  if (ids.length === 0 && !all) throw wrong('name the dead letters to re-drive, or give --all')
  if (ids.length > 0 && all) throw wrong('either name the dead letters, or give --all')
  if (consumer !== undefined && !all) throw wrong('--consumer goes with --all')
}

function addDiscard(letters: Command): Command {
  return addCommand(letters, 'discard', {
    summary: 'Give records up for good; they can still be listed and shown.',
    examples: [
      'dead-letters discard issuer.claims.0.42',
      'dead-letters discard issuer.claims.0.42 issuer.claims.0.43',
    ],
  }).argument('<ids...>', 'their ids', collectLetterIds)
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
