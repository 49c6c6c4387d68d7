// The `coupon` commands and their help. What they do is in commands/coupons/coupon.ts.

import { Argument } from 'commander'
import type { SwitchVerb } from '../commands/coupons/coupon.ts'
import { type DeclaredCommand, option, timedCallOptions } from './declared-command.ts'
import {
  parseAmount,
  parseAudience,
  parseCount,
  parseCouponId,
  parseDiscount,
  parseKey,
  parseTime,
} from './option-values.ts'

const load = () => import('../commands/coupons/coupon.ts')
const couponId = new Argument('<id>', 'its id').argParser(parseCouponId)
const preview = option('--preview', 'say what would change, and do nothing')
const reason = option('--reason <text>', 'why, for the log')
const yes = option('--yes', 'do it without showing and asking first')
const time = (text: string) => parseTime(text, Date.now())

const create: DeclaredCommand = {
  summary: 'Offer a coupon. The same again changes nothing.',
  examples: [
    'coupon create --name "First sale" --quantity 100',
    `coupon create --id lunch --name "점심 10%" --quantity 500 --discount 10% \\
      --opens-at 2026-05-01T12:00:00+09:00 --closes-at 2026-05-01T13:00:00+09:00`,
    `coupon create --name Evening --quantity 50 \\
      --opens-at "2026-05-01 18:00" --zone Asia/Seoul`,
    'coupon create --name VIP --quantity 9 --discount 20% --audience tier=gold,vip',
    'coupon create --name Test --quantity 10 --opens-at +10s --json',
  ],
  notes: `
A time without an offset is one of the --zone, and is said back with its offset.`,
  takes: [
    option('--id <id>', 'its id: a-z, 0-9 and -, at most 63 (one is made up)', parseCouponId),
    option('--name <text>', 'what people see').makeOptionMandatory(),
    option('--quantity <number>', 'how many there are', parseCount).makeOptionMandatory(),
    option('--opens-at <time>', 'RFC 3339, or +5s, +10m from now (open at once)', time),
    option('--closes-at <time>', 'the same (never closes by itself)', time),
    option('--discount <value>', '10% or an amount in whole minor units: 5000', parseDiscount),
    option('--discount-max <amount>', 'the most that a percentage takes off', parseCount),
    option('--minimum <amount>', 'the least subtotal that it can be spent on', parseAmount),
    option('--valid-until <time>', 'the last moment to spend it (for ever)', time),
    option('--valid-days <number>', 'the same, in days from the claim on', parseCount),
    option('--audience <claim=values>', 'who can win: tier=gold,vip (anyone)', parseAudience),
    reason,
    ...timedCallOptions,
  ],
  load: async () => (await load()).runCreate,
}

const list: DeclaredCommand = {
  summary: 'List the coupons in the order of their ids.',
  examples: ['coupon list', 'coupon list --limit 200 --after first-sale --json'],
  takes: [
    option('--limit <number>', 'how many, at most 200 (50)', parseCount),
    option('--after <id>', 'go on behind this one', parseCouponId),
    ...timedCallOptions,
  ],
  load: async () => (await load()).runCouponList,
}

const show: DeclaredCommand = {
  summary: 'Show a coupon: its status and how many are issued.',
  examples: ['coupon show first-sale', 'coupon show first-sale --json'],
  takes: [couponId, ...timedCallOptions],
  load: async () => (await load()).runShow,
}

const restock: DeclaredCommand = {
  summary: 'Add to the quantity of a coupon.',
  examples: [
    'coupon restock first-sale --add 50',
    'coupon restock first-sale --add 50 --key order-2026-05-01',
  ],
  notes: `
Where no answer comes, a --key to ask again with is printed, so that nothing is added twice.`,
  takes: [
    couponId,
    option('--add <number>', 'how many more', parseCount).makeOptionMandatory(),
    reason,
    option('--key <text>', 'asking again with the same key adds once', parseKey),
    preview,
    ...timedCallOptions,
  ],
  load: async () => (await load()).runRestock,
}

const edit: DeclaredCommand = {
  summary: 'Change the name of a coupon, or when claims are taken.',
  examples: [
    'coupon edit first-sale --name "The first sale"',
    'coupon edit first-sale --closes-at "2026-05-01 18:00" --zone Asia/Seoul --preview',
  ],
  notes: `
The opening only while nobody could claim yet. Other terms never change. Who, when and why is kept
in the log. Where somebody else acts at the same moment, nothing is done, and that is said.`,
  takes: [
    couponId,
    option('--name <text>', 'what people see'),
    option('--opens-at <time>', 'RFC 3339, or +5s, +10m from now', time),
    option('--closes-at <time>', 'the same', time),
    reason,
    option('--key <text>', 'asking again with the same key edits once', parseKey),
    preview,
    option('--yes', 'do it without looking first, whatever somebody else does'),
    ...timedCallOptions,
  ],
  load: async () => (await load()).runEdit,
}

const revoke: DeclaredCommand = {
  summary: 'Revoke what one user, or everybody by now, has won: it cannot be spent any more.',
  examples: [
    'coupon revoke first-sale --user ann --reason "bought by a robot"',
    'coupon revoke first-sale --all --reason "wrong price" --preview',
  ],
  notes: `
For good: what it would take is shown and asked about first, unless --yes is given. What was spent
stays so, and no slot is given to another.`,
  takes: [
    couponId,
    option('--user <name>', 'only what this user has'),
    option('--all', 'what everybody has won by now'),
    option('--reason <text>', 'why, for the log').makeOptionMandatory(),
    option('--key <text>', 'asking again with the same key answers the same', parseKey),
    preview,
    yes,
    ...timedCallOptions,
  ],
  load: async () => (await load()).runRevoke,
}

const winners: DeclaredCommand = {
  summary: 'Show who has won a coupon: all, or one by slot, user or code.',
  examples: [
    'coupon winners first-sale',
    'coupon winners first-sale --code ezff-crjq-22gw-6',
    '$ npx firstcome coupon winners first-sale --csv > winners.csv',
  ],
  notes: `
From the rows, which may be a moment behind. Spreadsheets take no cell of the file for a formula.`,
  takes: [
    couponId,
    option('--slot <number>', 'only who has this one', parseCount),
    option('--user <name>', 'only this user'),
    option('--code <code>', 'only who has it; in any case, with or without hyphens'),
    option('--limit <number>', 'how many, at most 1000 (50)', parseCount),
    option('--after <slot>', 'go on behind this one', parseCount),
    option('--csv', 'all of them, as a file for spreadsheets'),
    ...timedCallOptions,
  ],
  load: async () => (await import('../commands/coupons/winners.ts')).runWinners,
}

export const coupon: DeclaredCommand = {
  summary: 'Create, show and run the coupons of a running service.',
  examples: [
    'coupon create --id first-sale --name "First sale" --quantity 100',
    'coupon list',
    'coupon restock first-sale --add 50',
  ],
  notes: `
The service is found by --url, else by what it left in the data directory, else by FIRSTCOME_HOST
and FIRSTCOME_PORT. Without --token, calls are signed with the local secret as an operator.`,
  below: {
    create,
    list,
    show,
    winners,
    edit,
    restock,
    revoke,
    pause: switching('pause', 'Refuse claims until it is resumed.'),
    resume: switching('resume', 'Take claims again.'),
    close: switching('close', 'Refuse claims for good.'),
  },
}

function switching(verb: SwitchVerb, summary: string): DeclaredCommand {
  return {
    summary,
    examples: [`coupon ${verb} first-sale`],
    takes: [couponId, reason, preview, ...(verb === 'close' ? [yes] : []), ...timedCallOptions],
    load: async () => (await load()).runSwitch(verb),
  }
}
