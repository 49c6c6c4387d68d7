// The commands that run: the whole service in one process, each role of the distributed profile,
// and what must run once before the roles.

import { type Command, Option } from 'commander'
import { consumerNames } from '../../ports/orders.ts'
import type { Wire } from '../context.ts'
import { parseCount } from './option-values.ts'
import { addCommand, withJsonOption, withListenOptions } from './shared-options.ts'

export function addRoleCommands(program: Command, wire: Wire): void {
  const roles = () => import('../commands/roles.ts')
  wire(withListenOptions(addStart(program)), async () => {
    return (await import('../commands/start.ts')).runStart
  })
  wire(withJsonOption(addMigrate(program)), async () => {
    return (await import('../commands/migrate.ts')).runMigrate
  })
  wire(withListenOptions(addApi(program)), async () => (await roles()).runApi)
  wire(withListenOptions(addIssuer(program)), async () => (await roles()).runIssuer)
  wire(withListenOptions(addOrders(program)), async () => (await roles()).runOrders)
}

function addStart(program: Command): Command {
  return addCommand(program, 'start', {
    summary: 'Run the service: everything in one process, its data in one directory.',
    examples: [
      'start',
      'start --port 0 --data /srv/firstcome',
      '$ FIRSTCOME_HOST=0.0.0.0 npx firstcome start',
    ],
    settings: 'start',
    notes: `
Secrets that are not given are made on the first start and kept in the data directory.
Ctrl-C or SIGTERM stops it: what was accepted is answered first. It ends with 2 when its settings
are wrong or another process has its data directory, and with 1 when it cannot go on.`,
  })
}

function addMigrate(program: Command): Command {
  return addCommand(program, 'migrate', {
    summary: 'Bring PostgreSQL to this version and create the topics of Kafka.',
    examples: [
      'migrate',
      'migrate --partitions 12 --replicas 3 --min-in-sync-replicas 2',
      'migrate --replicas 1 --min-in-sync-replicas 1      one broker, for development',
    ],
    settings: 'migrate',
    notes: `
Run it before the first start and before each new version. Again, or twice at once, it does what
is left to do. The partition of a coupon follows from the number of partitions, so topics keep the
numbers that they were created with: they are recorded, and each role compares at its start. It
waits for Kafka and PostgreSQL, and ends with 1 when they are not as they must be.`,
  })
    .option('--partitions <number>', 'of each topic (12); they can never change', parseCount)
    .option('--replicas <number>', 'copies of each record (3)', parseCount)
    .option('--min-in-sync-replicas <number>', 'copies before an answer (2)', parseCount)
}

function addApi(program: Command): Command {
  return addCommand(program, 'api', {
    summary: 'Run one API node of the distributed profile, on Kafka and PostgreSQL.',
    examples: ['api', 'api --host 0.0.0.0 --port 8080'],
    settings: 'api',
    notes: `
Run as many as you like behind a load balancer that asks /readyz. It waits for Kafka and
PostgreSQL and says so, refuses to start when they are not as they must be, and then reads the
whole log before it listens. Once it runs it answers claims without PostgreSQL and without Redis.`,
  })
}

function addIssuer(program: Command): Command {
  return addCommand(program, 'issuer', {
    summary: 'Run one issuer of the distributed profile: it writes the rows from the log.',
    examples: ['issuer', 'issuer --port 8081'],
    settings: 'issuer',
    notes: `
Two share the partitions, and one takes over when the other is gone; more than partitions have
nothing to do. /healthz, /readyz and /metrics are on its port. It waits for Kafka and PostgreSQL,
also while they are away later on, and writes everything in order when they are back.`,
  })
}

function addOrders(program: Command): Command {
  return addCommand(program, 'orders', {
    summary: 'Run the consumers of orders of the distributed profile, all of them or one.',
    examples: ['orders', 'orders --only payment-step --port 8083'],
    settings: 'orders',
    notes: `
order-process moves orders on; coupon-step, stock-step and payment-step do one thing each and know
nothing of each other; dead-letters keeps what could not be handled. Several processes share the
partitions, and one takes over when another is gone. /healthz, /readyz and /metrics are on its
port. It waits for Kafka and PostgreSQL, also while they are away later on.`,
  }).addOption(new Option('--only <consumer>', 'just this one').choices([...consumerNames]))
}
