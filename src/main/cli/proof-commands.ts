// The commands that show whether the promises hold, and the one that derives the rows again.

import { constants, setPriority } from 'node:os'
import { Argument } from 'commander'
import {
  callOptions,
  type DeclaredCommand,
  type DeclaredCommands,
  jsonOption,
  option,
  urlOption,
} from './declared-command.ts'
import { parseAmount, parseCount, parseCouponId, parseRate } from './option-values.ts'

const keepOption = option('--keep', 'leave the coupon open in the end')

const rotateKey: DeclaredCommand = {
  summary: 'Have another key sign the proofs from now on, and keep the old one known.',
  examples: [
    'proof rotate-key',
    'proof rotate-key --data /srv/firstcome --json',
    `$ FIRSTCOME_PROOF_KEY_FILE=new-key.pem npx firstcome proof rotate-key`,
  ],
  notes: `
One process must be stopped; the new key is made, and kept in its directory. A key that comes from
FIRSTCOME_PROOF_KEY is made by you: give the new one, then start everything with it. With
FIRSTCOME_KAFKA_BROKERS that is recorded in FIRSTCOME_POSTGRES_URL, and nodes may run meanwhile: the
old key signs until the issuers are started with the new one. Checkpoints that were published stay
as they are. A key that was replaced never signs again.`,
  takes: [jsonOption],
  load: async () => (await import('../commands/proof/rotate-key.ts')).runRotateKey,
}

const rehearseOrders: DeclaredCommand = {
  summary: 'Hold a sale, let everyone order at once, and add up money, stock and coupons.',
  examples: [
    'rehearse orders',
    'rehearse orders --users 2000 --quantity 1000 --concurrency 200',
    'rehearse orders --users 100 --stock 5 --without-money 50 --json',
  ],
  notes: `
The coupon, the products and the users are made for each rehearsal. Some have no money, some want
what is scarce, some click twice, some place two orders for one coupon, some name a coupon that
they do not hold. Afterwards every order, wallet, product and coupon is read back and added up;
dead letters, and orders that ran out of time, are breaches. Ends with 1 on any. Where a payment
service takes the payments nothing is done without --real-money. In the end the coupon is closed;
products and wallets stay. Tokens are made with the local secret (--data, FIRSTCOME_JWT_SECRET).`,
  takes: [
    option('--users <number>', 'how many people claim, and then order (300)', parseCount),
    option('--quantity <number>', 'how many coupons there are, of 15% each (100)', parseCount),
    option('--products <number>', 'how many products, the last one scarce (5)', parseCount),
    option('--stock <number>', 'pieces of the scarce product (20)', parseCount),
    option('--without-money <number>', 'people with too little money (one in ten)', parseAmount),
    option('--concurrency <number>', 'claims, and then orders, at a time (100)', parseCount),
    option('--real-money', 'also where a payment service takes the payments'),
    keepOption,
    urlOption,
    jsonOption,
  ],
  load: async () => (await import('../commands/rehearse.ts')).runRehearseOrders,
}

const listed = (text: string, before: string[] | undefined) => [...(before ?? []), text]

export const proofCommands: DeclaredCommands = {
  rehearse: {
    summary: 'Storm a coupon of the running service and check what everyone was told.',
    examples: [
      'rehearse',
      'rehearse --users 20000 --quantity 10000 --asks-per-user 3',
      'rehearse --users 5000 --rate 2000 --json',
    ],
    notes: `
Afterwards every answer is held against what the service has: who was told yes has exactly one
coupon, nobody else has any, the slots run from 1 without a hole, and the events are in the log.
Ends with 1 if a promise broke. A coupon that rehearsals have not made is taken only where somebody
says so; one made for this is closed in the end, also after Ctrl-C. A service that stays silent for
20 s ends it, with what was told until then. Users' tokens are made with the local secret (--data,
FIRSTCOME_JWT_SECRET), and events are read from the log there, or from FIRSTCOME_KAFKA_BROKERS.`,
    takes: [
      option('--users <number>', 'how many people ask (1000)', parseCount),
      option('--quantity <number>', 'how many there are of a fresh coupon (100)', parseCount),
      option('--asks-per-user <number>', 'how often each of them asks (1)', parseCount),
      option(
        '--rate <per second>',
        'asks start on schedule, whatever the answers do',
        parseRate,
      ).conflicts('concurrency'),
      option('--concurrency <number>', 'asks under way at a time (1000)', parseCount),
      option(
        '--coupon <id>',
        'a coupon that is there, instead of a fresh one',
        parseCouponId,
      ).conflicts('quantity'),
      option('--run <id>', 'the users of an earlier run once more'),
      option('--mark', 'mark its coupon: in no list, and without rows in the end'),
      option('--yes', 'do not ask before a coupon is taken that no rehearsal has made'),
      keepOption,
      urlOption,
      jsonOption,
    ],
    load: async () => (await import('../commands/rehearse.ts')).runRehearse,
    below: { orders: rehearseOrders },
  },
  audit: {
    summary: 'Replay the log, recompute every promise and compare with the rows.',
    examples: [
      'audit',
      'audit --coupon first-sale',
      'audit --checkpoint saved.txt',
      'audit --since-snapshot',
      'audit --since-snapshot /srv/audits/shop',
    ],
    notes: `
It works while the service runs and while it is stopped, and writes nothing. Ends with 1 on any
difference; how far the rows are behind the log is a figure, not a difference. With
FIRSTCOME_KAFKA_BROKERS the log is read from Kafka and the rows from FIRSTCOME_POSTGRES_URL (or
from the API node at --url); FIRSTCOME_CODE_SECRET must be the one they were issued with. With
--checkpoint it says only whether the log makes what somebody saved, signed by our key.

--since-snapshot goes on from the last audit with it that found nothing wrong: claims, rows and
events from where that ended, each coupon as a whole, and all orders. What lies before is not looked
at again, and the report says where it began. For the next one it writes the file, or audited/claims
in the data directory: whoever else can write there can have it leave something out. What does not
fit this log, these rows or this version is not used, and everything is looked at.`,
    takes: [
      option('--coupon <id>', 'this coupon only', parseCouponId),
      option('--checkpoint <file>', 'a checkpoint that somebody saved').conflicts('coupon'),
      option('--since-snapshot [file]', 'only what came since the last audit with it').conflicts([
        'coupon',
        'checkpoint',
      ]),
      ...callOptions,
    ],
    async load() {
      // A sale goes on while it is audited, often on the same machine: who claims comes first.
      setPriority(constants.priority.PRIORITY_LOW)
      return (await import('../commands/audit.ts')).runAudit
    },
  },
  verify: {
    summary: 'Check a whole sale from what everyone may read, without trusting the service.',
    examples: [
      'verify http://127.0.0.1:8080 --coupon first-sale',
      'verify https://coupons.example --coupon first-sale --receipt mine.json',
      'verify https://coupons.example --coupon first-sale --save sale.txt',
      'verify sale.txt --coupon first-sale',
      'verify https://coupons.example --coupon first-sale --witness witnesses.txt',
    ],
    notes: `
Every hash, the signature, the outcome and slot of every claim, every act of the operator, opening
and closing by the clock of the log, and your own place by a receipt. Ends with 0 and says what is
proved and what is not, or with 1 and the first things that are wrong. Of each --witness it says
whether it has cosigned the checkpoint; give it again for further ones, or a file with a key a line.
What each step means is in docs/verify.md, and tools/verify-sale.mjs does the same in a hundred
lines that you can read.`,
    takes: [
      new Argument('<sale>', 'the URL of the service, or a file that --save wrote'),
      option('--coupon <id>', 'the coupon', parseCouponId).makeOptionMandatory(),
      option('--key <file>', 'the verifier key that you trust; without it that of the service'),
      option('--witness <key or file>', 'a witness that you trust, or several', listed),
      option('--receipt <file>', 'what the service gave you as your receipt'),
      option('--save <file>', 'write all of it to one file, to be verified again at any time'),
    ],
    load: async () => (await import('../commands/verify/verify.ts')).runVerify,
  },
  proof: {
    summary: 'Change the key that signs the proofs of sales.',
    examples: ['proof rotate-key'],
    below: { 'rotate-key': rotateKey },
  },
  backup: {
    summary: 'Copy the log of one process, as of one moment, and its secrets.',
    examples: ['backup /srv/backups/monday', 'backup /srv/backups/monday --data /srv/firstcome'],
    notes: `
While the service runs or not: all that it told anybody before is in the copy. The rows are left
out, because they follow from the log. Several nodes have their log in Kafka, to be copied there.`,
    takes: [new Argument('<directory>', 'a new or empty directory'), jsonOption],
    load: async () => (await import('../commands/backup.ts')).runBackup,
  },
  rebuild: {
    summary: 'Drop the rows and derive them anew from the log.',
    examples: ['rebuild', 'rebuild --data /srv/firstcome --json', 'rebuild --orders'],
    notes: `
The log decides and is never touched: the same log gives the same rows, slots and codes. An
embedded service must be stopped. With FIRSTCOME_KAFKA_BROKERS and FIRSTCOME_POSTGRES_URL the rows
in PostgreSQL are dropped and the running issuers derive them; ends with 3 where none does. Rows
of orders stay there, unless all are lost; --orders makes them anew, as after a loss, and nothing
else.`,
    takes: [
      option('--orders', 'the rows of orders, on several nodes, while no "firstcome orders" runs'),
      jsonOption,
    ],
    load: async () => (await import('../commands/rebuild.ts')).runRebuild,
  },
}
