// The commands that show whether the promises hold, and the one that derives the rows anew.

import { type Command, Option } from 'commander'
import type { Wire } from '../context.ts'
import { parseAmount, parseCount, parseCouponId, parseRate } from './option-values.ts'
import { withCallOptions, withJsonOption, withUrlOption } from './shared-options.ts'

export function addProofCommands(program: Command, wire: Wire): void {
  addRehearse(program, wire)
  addAudit(program, wire)
  addRebuild(program, wire)
}

function addRehearse(program: Command, wire: Wire): void {
  const rehearse = program
    .command('rehearse')
    .description('Storm a coupon of the running service and check what everyone was told.')
    .option('--users <number>', 'how many people ask (1000)', parseCount)
    .option('--quantity <number>', 'how many there are of a fresh coupon (100)', parseCount)
    .option('--asks-per-user <number>', 'how often each of them asks (1)', parseCount)
    .addOption(
      new Option('--rate <per second>', 'asks start on schedule, whatever the answers do')
        .argParser(parseRate)
        .conflicts('concurrency'),
    )
    .option('--concurrency <number>', 'asks under way at a time (1000)', parseCount)
    .addOption(
      new Option('--coupon <id>', 'a coupon that is there, instead of a fresh one')
        .argParser(parseCouponId)
        .conflicts('quantity'),
    )
    .option('--run <id>', 'the users of an earlier run once more')
    .addHelpText('after', rehearseHelp)
  wire(withJsonOption(withUrlOption(rehearse)), async () => {
    return (await import('../commands/rehearse.ts')).runRehearse
  })
  addRehearseOrders(rehearse, { program, wire })
}

const rehearseHelp = `
Examples:
  $ npx firstcome rehearse
  $ npx firstcome rehearse --users 20000 --quantity 10000 --asks-per-user 3
  $ npx firstcome rehearse --users 5000 --rate 2000 --json

Afterwards every answer is held against what the service has: who was told yes has exactly one
coupon, nobody else has any, and the slots run from 1 without a hole. Ends with 1 if a promise
broke. Users' tokens are made with the local secret (--data, FIRSTCOME_JWT_SECRET).`

function addRehearseOrders(
  rehearse: Command,
  { program, wire }: { program: Command; wire: Wire },
): void {
  const orders = rehearse
    .command('orders')
    .description('Hold a sale, let everyone order at once, and add up money, stock and coupons.')
    .option('--users <number>', 'how many people claim, and then order (300)', parseCount)
    .option('--quantity <number>', 'how many coupons there are, of 15% each (100)', parseCount)
    .option('--products <number>', 'how many products, the last one scarce (5)', parseCount)
    .option('--stock <number>', 'pieces of the scarce product (20)', parseCount)
    .option('--without-money <number>', 'people with too little money (one in ten)', parseAmount)
    .option('--concurrency <number>', 'claims, and then orders, at a time (100)', parseCount)
    // Of the command above only the place of the data is shared.
    .configureHelp({ showGlobalOptions: true, visibleGlobalOptions: () => [...program.options] })
    .addHelpText('after', rehearseOrdersHelp)
  wire(withJsonOption(withUrlOption(orders)), async () => {
    return (await import('../commands/rehearse-orders.ts')).runRehearseOrders
  })
}

const rehearseOrdersHelp = `
Examples:
  $ npx firstcome rehearse orders
  $ npx firstcome rehearse orders --users 2000 --quantity 1000 --concurrency 200
  $ npx firstcome rehearse orders --users 100 --stock 5 --without-money 50 --json

The coupon, the products and the users are made for each rehearsal. Some have no money, some want
what is scarce, some click twice, some place two orders for one coupon, some name a coupon that
they do not hold. Afterwards every order, wallet, product and coupon is read back and added up.
Ends with 1 on any difference. Tokens are made with the local secret (--data,
FIRSTCOME_JWT_SECRET).`

function addAudit(program: Command, wire: Wire): void {
  const audit = program
    .command('audit')
    .description('Replay the log, recompute every promise and compare with the rows.')
    .option('--coupon <id>', 'this coupon only', parseCouponId)
    .addHelpText('after', auditHelp)
  wire(withCallOptions(audit), async () => (await import('../commands/audit.ts')).runAudit)
}

const auditHelp = `
Examples:
  $ npx firstcome audit
  $ npx firstcome audit --coupon first-sale
  $ npx firstcome audit --json

It works while the service runs and while it is stopped, and changes nothing. Ends with 1 on any
difference; how far the rows are behind the log is a figure, not a difference. With
FIRSTCOME_KAFKA_BROKERS the log is read from Kafka and the rows from FIRSTCOME_POSTGRES_URL (or
from the API node at --url); FIRSTCOME_CODE_SECRET must be the one they were issued with.`

function addRebuild(program: Command, wire: Wire): void {
  const rebuild = program
    .command('rebuild')
    .description('Drop the rows and derive them anew from the log.')
    .addHelpText('after', rebuildHelp)
  wire(withJsonOption(rebuild), async () => (await import('../commands/rebuild.ts')).runRebuild)
}

const rebuildHelp = `
Examples:
  $ npx firstcome rebuild
  $ npx firstcome rebuild --data /srv/firstcome --json

The log decides and is never touched: the same log gives the same rows, slots and codes. An
embedded service must be stopped. With FIRSTCOME_KAFKA_BROKERS and FIRSTCOME_POSTGRES_URL the rows
in PostgreSQL are dropped and the running issuers derive them; ends with 3 where none does.`
