// The `coupon` commands and their help. What they do is in commands/coupon.ts.

import { type Command, InvalidArgumentError } from 'commander'
import type { SwitchVerb } from '../commands/coupon.ts'
import type { Wire } from '../context.ts'
import { parseCount, parseCouponId, parseDiscount, parseTime } from './option-values.ts'
import { addCommand, withCallOptions } from './shared-options.ts'

type CouponParts = { wire: Wire; now: () => number }
const load = () => import('../commands/coupon.ts')

export function addCouponCommands(program: Command, { wire, now }: CouponParts): void {
  const coupon = addCommand(program, 'coupon', {
    summary: 'Create, show and run the coupons of a running service.',
    examples: [
      'coupon create --id first-sale --name "First sale" --quantity 100',
      'coupon show first-sale',
      'coupon restock first-sale --add 50',
    ],
    notes: `
The service is found by --url, else by what it left in the data directory, else by FIRSTCOME_HOST
and FIRSTCOME_PORT. Without --token, calls are signed with the local secret as an operator.`,
  })
  wire(withCallOptions(addCreate(coupon, now)), async () => (await load()).runCreate)
  wire(withCallOptions(addShow(coupon)), async () => (await load()).runShow)
  wire(withCallOptions(addRestock(coupon)), async () => (await load()).runRestock)
  for (const [verb, summary] of Object.entries(switches) as [SwitchVerb, string][]) {
    const command = addCommand(coupon, verb, { summary, examples: [`coupon ${verb} first-sale`] })
    command.argument('<id>', 'its id', parseCouponId)
    wire<{ id: string }>(withCallOptions(command), async () => {
      const { runSwitch } = await load()
      return (options, context) => runSwitch(verb, options, context)
    })
  }
}

const switches: Readonly<Record<SwitchVerb, string>> = {
  pause: 'Refuse claims until it is resumed.',
  resume: 'Take claims again.',
  close: 'Refuse claims for good.',
}

function addCreate(coupon: Command, now: () => number): Command {
  const time = (text: string) => parseTime(text, now())
  return addCommand(coupon, 'create', {
    summary: 'Offer a coupon. The same again changes nothing.',
    examples: [
      'coupon create --name "First sale" --quantity 100',
      `coupon create --id lunch --name "점심 10%" --quantity 500 --discount 10% \\
      --opens-at 2026-05-01T12:00:00+09:00 --closes-at 2026-05-01T13:00:00+09:00`,
      'coupon create --name Test --quantity 10 --opens-at +10s --json',
    ],
  })
    .option('--id <id>', 'its id: a-z, 0-9 and -, at most 63 (one is made up)', parseCouponId)
    .requiredOption('--name <text>', 'what people see')
    .requiredOption('--quantity <number>', 'how many there are', parseCount)
    .option('--opens-at <time>', 'RFC 3339, or +5s, +10m from now (open at once)', time)
    .option('--closes-at <time>', 'the same (never closes by itself)', time)
    .option('--discount <value>', '10% or an amount in whole minor units: 5000', parseDiscount)
}

function addShow(coupon: Command): Command {
  return addCommand(coupon, 'show', {
    summary: 'Show a coupon: its status and how many are issued.',
    examples: ['coupon show first-sale', 'coupon show first-sale --json'],
  }).argument('<id>', 'its id', parseCouponId)
}

function addRestock(coupon: Command): Command {
  return addCommand(coupon, 'restock', {
    summary: 'Add to the quantity of a coupon.',
    examples: [
      'coupon restock first-sale --add 50',
      'coupon restock first-sale --add 50 --key order-2026-05-01',
    ],
    notes: `
Where no answer comes, a --key to ask again with is printed, so that nothing is added twice.`,
  })
    .argument('<id>', 'its id', parseCouponId)
    .requiredOption('--add <number>', 'how many more', parseCount)
    .option('--key <text>', 'asking again with the same key adds once', parseKey)
}

/** The service takes no more, and a header could not carry the rest. */
function parseKey(text: string): string {
  if (/^[ -~]{1,128}$/.test(text)) return text
  throw new InvalidArgumentError('A key is 1 to 128 printable ASCII characters.')
}
