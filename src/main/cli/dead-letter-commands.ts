// The `dead-letters` commands and their help. What they do is in command-dead-letters.ts.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { consumerPattern, deadLetterIdPattern } from '../../domain/orders/dead-letter-messages.ts'
import type { RedriveOptions } from '../commands/dead-letters.ts'
import { CommandError, type CommandRun, exitCodes, type Wire } from '../context.ts'
import { parseCount } from './option-values.ts'
import { withCallOptions } from './shared-options.ts'

export function addDeadLetterCommands(program: Command, wire: Wire): void {
  const letters = program
    .command('dead-letters')
    .description('See the records that could not be handled, and try them again or give them up.')
    .addHelpText('after', lettersHelp)
  addList(letters, wire)
  addShow(letters, wire)
  addRedrive(letters, wire)
  addDiscard(letters, wire)
}

const lettersHelp = `
Examples:
  $ npx firstcome dead-letters list --status waiting
  $ npx firstcome dead-letters show stock-step.orders.3.17
  $ npx firstcome dead-letters redrive --all --consumer payment-step

A record becomes a dead letter when its consumer failed three times, or cannot read it. Its id
says who could not handle it, and its topic, partition and offset. Who did what about it, and
when, is kept with it.`

function addList(letters: Command, wire: Wire): void {
  const list = letters
    .command('list')
    .description('List dead letters in the order of their ids.')
    .addOption(
      new Option('--status <status>', 'only these').choices(['waiting', 'redriven', 'discarded']),
    )
    .option('--consumer <name>', 'only those that this consumer could not handle', parseConsumer)
    .option('--limit <number>', 'how many, at most 200 (50)', parseCount)
    .option('--after <id>', 'go on behind this one', parseLetterId)
    .addHelpText('after', listHelp)
  wire(withCallOptions(list), async () => (await import('../commands/dead-letters.ts')).runList)
}

const listHelp = `
Examples:
  $ npx firstcome dead-letters list
  $ npx firstcome dead-letters list --status waiting --consumer payment-step
  $ npx firstcome dead-letters list --limit 200 --after stock-step.orders.3.17 --json`

function addShow(letters: Command, wire: Wire): void {
  const show = letters
    .command('show')
    .description('Show a dead letter: its record, why it failed, and what was done about it.')
    .argument('<id>', 'its id', parseLetterId)
    .addHelpText('after', showHelp)
  wire(withCallOptions(show), async () => (await import('../commands/dead-letters.ts')).runShow)
}

const showHelp = `
Examples:
  $ npx firstcome dead-letters show stock-step.orders.3.17
  $ npx firstcome dead-letters show issuer.claims.0.42 --json`

function addRedrive(letters: Command, wire: Wire): void {
  const redrive = letters
    .command('redrive')
    .description('Try records again. Twice in a row changes nothing.')
    .argument('[ids...]', 'their ids', collectLetterIds)
    .option('--all', 'all that wait, but for those that cannot be re-driven')
    .option('--consumer <name>', 'of --all, those of this consumer', parseConsumer)
    .addHelpText('after', redriveHelp)
  wire<RedriveOptions>(withCallOptions(redrive), async () => {
    const { runRedrive } = await import('../commands/dead-letters.ts')
    const run: CommandRun<RedriveOptions> = (options, context) => {
      const { ids = [] } = options as Partial<RedriveOptions>
      checkRedrive({ ...options, ids })
      return runRedrive({ ...options, ids }, context)
    }
    return run
  })
}

const redriveHelp = `
Examples:
  $ npx firstcome dead-letters redrive stock-step.orders.3.17
  $ npx firstcome dead-letters redrive --all
  $ npx firstcome dead-letters redrive --all --consumer payment-step

The consumer takes the record up within seconds. If it fails again it waits again, with all that
was done. Bytes that are no record cannot be re-driven: discard them.`

/** Every letter there is must be meant, never an empty list that a script came up with. */
function checkRedrive({ ids, all = false, consumer }: RedriveOptions): void {
  const wrong = (message: string) => new CommandError(exitCodes.wrongUsage, message)
  if (ids.length === 0 && !all) throw wrong('name the dead letters to re-drive, or give --all')
  if (ids.length > 0 && all) throw wrong('either name the dead letters, or give --all')
  if (consumer !== undefined && !all) throw wrong('--consumer goes with --all')
}

function addDiscard(letters: Command, wire: Wire): void {
  const discard = letters
    .command('discard')
    .description('Give records up for good; they can still be listed and shown.')
    .argument('<ids...>', 'their ids', collectLetterIds)
    .addHelpText('after', discardHelp)
  wire(
    withCallOptions(discard),
    async () => (await import('../commands/dead-letters.ts')).runDiscard,
  )
}

const discardHelp = `
Examples:
  $ npx firstcome dead-letters discard issuer.claims.0.42
  $ npx firstcome dead-letters discard issuer.claims.0.42 issuer.claims.0.43`

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
