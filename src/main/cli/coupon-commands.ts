// The `coupon` commands and their help. What they do is in command-coupon.ts.

import { type Command, InvalidArgumentError, Option } from 'commander'
import type { SwitchVerb } from '../commands/coupon.ts'
import type { Wire } from '../context.ts'
import { parseCount, parseCouponId, parseDiscount, parseTime } from './option-values.ts'
import { withCallOptions } from './shared-options.ts'

type CouponParts = { wire: Wire; now: () => number }

export function addCouponCommands(program: Command, parts: CouponParts): void {
  const coupon = program
    .command('coupon')
    .description('Create, show and run the coupons of a running service.')
    .addHelpText('after', couponHelp)
  addCreate(coupon, parts)
  addShow(coupon, parts)
  addRestock(coupon, parts)
  addSwitch(coupon, parts, { verb: 'pause', summary: 'Refuse claims until it is resumed.' })
  addSwitch(coupon, parts, { verb: 'resume', summary: 'Take claims again.' })
  addSwitch(coupon, parts, { verb: 'close', summary: 'Refuse claims for good.' })
}

const couponHelp = `
Examples:
  $ npx firstcome coupon create --id first-sale --name "First sale" --quantity 100
  $ npx firstcome coupon show first-sale
  $ npx firstcome coupon restock first-sale --add 50

The service is found by --url, else by what it left in the data directory, else by FIRSTCOME_HOST
and FIRSTCOME_PORT. Without --token, calls are signed with the local secret as an operator.`

function addCreate(coupon: Command, { wire, now }: CouponParts): void {
  const time = (text: string) => parseTime(text, now())
  const create = coupon
    .command('create')
    .description('Offer a coupon. The same again changes nothing.')
    .option('--id <id>', 'its id: a-z, 0-9 and -, at most 63 (one is made up)', parseCouponId)
    .requiredOption('--name <text>', 'what people see')
    .requiredOption('--quantity <number>', 'how many there are', parseCount)
    .option('--opens-at <time>', 'RFC 3339, or +5s, +10m from now (open at once)', time)
    .option('--closes-at <time>', 'the same (never closes by itself)', time)
    .option('--discount <value>', '10% or an amount in whole minor units: 5000', parseDiscount)
    .addHelpText('after', createHelp)
  wire(withCallOptions(create), async () => (await import('../commands/coupon.ts')).runCreate)
}

const createHelp = `
Examples:
  $ npx firstcome coupon create --name "First sale" --quantity 100
  $ npx firstcome coupon create --id lunch --name "점심 10%" --quantity 500 --discount 10% \\
      --opens-at 2026-05-01T12:00:00+09:00 --closes-at 2026-05-01T13:00:00+09:00
  $ npx firstcome coupon create --name Test --quantity 10 --opens-at +10s --json`

function addShow(coupon: Command, { wire }: CouponParts): void {
  const show = coupon
    .command('show')
    .description('Show a coupon: its status and how many are issued.')
    .argument('<id>', 'its id', parseCouponId)
    .addHelpText('after', showHelp)
  wire(withCallOptions(show), async () => (await import('../commands/coupon.ts')).runShow)
}

const showHelp = `
Examples:
  $ npx firstcome coupon show first-sale
  $ npx firstcome coupon show first-sale --json`

function addRestock(coupon: Command, { wire }: CouponParts): void {
  const restock = coupon
    .command('restock')
    .description('Add to the quantity of a coupon.')
    .argument('<id>', 'its id', parseCouponId)
    .requiredOption('--add <number>', 'how many more', parseCount)
    .addOption(
      new Option('--key <text>', 'asking again with the same key adds once').argParser(parseKey),
    )
    .addHelpText('after', restockHelp)
  wire(withCallOptions(restock), async () => (await import('../commands/coupon.ts')).runRestock)
}

const restockHelp = `
Examples:
  $ npx firstcome coupon restock first-sale --add 50
  $ npx firstcome coupon restock first-sale --add 50 --key order-2026-05-01

Where no answer comes, a --key to ask again with is printed, so that nothing is added twice.`

type Switch = { verb: SwitchVerb; summary: string }

function addSwitch(coupon: Command, { wire }: CouponParts, { verb, summary }: Switch): void {
  const command = coupon
    .command(verb)
    .description(summary)
    .argument('<id>', 'its id', parseCouponId)
    .addHelpText('after', `\nExamples:\n  $ npx firstcome coupon ${verb} first-sale`)
  wire<{ id: string }>(withCallOptions(command), async () => {
    const { runSwitch } = await import('../commands/coupon.ts')
    return (options, context) => runSwitch(verb, options, context)
  })
}

/** The service takes no more, and a header could not carry the rest. */
function parseKey(text: string): string {
  if (/^[ -~]{1,128}$/.test(text)) return text
  throw new InvalidArgumentError('A key is 1 to 128 printable ASCII characters.')
}
