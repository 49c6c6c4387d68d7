// The commands that run: the whole service in one process, each role of the distributed profile,
// and what must run once before the roles.

import { type Command, Option } from 'commander'
import { consumerNames } from '../../ports/orders.ts'
import type { Wire } from '../context.ts'
import { parseCount } from './option-values.ts'
import { settingsHelp, withJsonOption, withListenOptions } from './shared-options.ts'

export function addRoleCommands(program: Command, wire: Wire): void {
  const roles = () => import('../commands/roles.ts')
  wire(addServer(program, 'start', startTexts), async () => {
    return (await import('../commands/start.ts')).runStart
  })
  addMigrate(program, wire)
  wire(addServer(program, 'api', apiTexts), async () => (await roles()).runApi)
  wire(addServer(program, 'issuer', issuerTexts), async () => (await roles()).runIssuer)
  const only = new Option('--only <consumer>', 'just this one').choices([...consumerNames])
  const orders = addServer(program, 'orders', ordersTexts).addOption(only)
  wire(orders, async () => (await roles()).runOrders)
}

type Texts = { summary: string; examples: string; notes: string }

function addServer(program: Command, name: string, texts: Texts): Command {
  return withListenOptions(addCommand(program, name, texts))
}

function addCommand(program: Command, name: string, { summary, examples, notes }: Texts): Command {
  const help = `\nExamples:${examples}\n\n${settingsHelp(name)}\n${notes}`
  return program.command(name).description(summary).addHelpText('after', help)
}

const startTexts: Texts = {
  summary: 'Run the service: everything in one process, its data in one directory.',
  examples: `
  $ npx firstcome start
  $ npx firstcome start --port 0 --data /srv/firstcome
  $ FIRSTCOME_HOST=0.0.0.0 npx firstcome start`,
  notes: `
Secrets that are not given are made on the first start and kept in the data directory.
Ctrl-C or SIGTERM stops it: what was accepted is answered first. It ends with 2 when its settings
are wrong or another process has its data directory, and with 1 when it cannot go on.`,
}

function addMigrate(program: Command, wire: Wire): void {
  const migrate = addCommand(program, 'migrate', migrateTexts)
    .option('--partitions <number>', 'of each topic (12); they can never change', parseCount)
    .option('--replicas <number>', 'copies of each record (3)', parseCount)
    .option('--min-in-sync-replicas <number>', 'copies before an answer (2)', parseCount)
  wire(withJsonOption(migrate), async () => (await import('../commands/migrate.ts')).runMigrate)
}

const migrateTexts: Texts = {
  summary: 'Bring PostgreSQL to this version and create the topics of Kafka.',
  examples: `
  $ npx firstcome migrate
  $ npx firstcome migrate --partitions 12 --replicas 3 --min-in-sync-replicas 2
  $ npx firstcome migrate --replicas 1 --min-in-sync-replicas 1      one broker, for development`,
  notes: `
Run it before the first start and before each new version. Again, or twice at once, it does what
is left to do. The partition of a coupon follows from the number of partitions, so topics keep the
numbers that they were created with: they are recorded, and each role compares at its start. It
waits for Kafka and PostgreSQL, and ends with 1 when they are not as they must be.`,
}

const apiTexts: Texts = {
  summary: 'Run one API node of the distributed profile, on Kafka and PostgreSQL.',
  examples: `
  $ npx firstcome api
  $ npx firstcome api --host 0.0.0.0 --port 8080`,
  notes: `
Run as many as you like behind a load balancer that asks /readyz. It waits for Kafka and
PostgreSQL and says so, refuses to start when they are not as they must be, and then reads the
whole log before it listens. Once it runs it answers claims without PostgreSQL and without Redis.`,
}

const issuerTexts: Texts = {
  summary: 'Run one issuer of the distributed profile: it writes the rows from the log.',
  examples: `
  $ npx firstcome issuer
  $ npx firstcome issuer --port 8081`,
  notes: `
Two share the partitions, and one takes over when the other is gone; more than partitions have
nothing to do. /healthz, /readyz and /metrics are on its port. It waits for Kafka and PostgreSQL,
also while they are away later on, and writes everything in order when they are back.`,
}

const ordersTexts: Texts = {
  summary: 'Run the consumers of orders of the distributed profile, all of them or one.',
  examples: `
  $ npx firstcome orders
  $ npx firstcome orders --only payment-step --port 8083`,
  notes: `
order-process moves orders on; coupon-step, stock-step and payment-step do one thing each and know
nothing of each other; dead-letters keeps what could not be handled. Several processes share the
partitions, and one takes over when another is gone. /healthz, /readyz and /metrics are on its
port. It waits for Kafka and PostgreSQL, also while they are away later on.`,
}
