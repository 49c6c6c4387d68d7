// The commands of the distributed profile: its two roles, and what must run once before them.

import { type Command, Option } from 'commander'
import { consumerNames } from '../../ports/orders.ts'
import type { Wire } from '../context.ts'
import { parseCount } from './option-values.ts'
import { withJsonOption, withListenOptions } from './shared-options.ts'

export function addRoleCommands(program: Command, wire: Wire): void {
  addMigrate(program, wire)
  addApi(program, wire)
  addIssuer(program, wire)
  addOrders(program, wire)
}

function addMigrate(program: Command, wire: Wire): void {
  const migrate = program
    .command('migrate')
    .description('Bring PostgreSQL to this version and create the topics of Kafka.')
    .option('--partitions <number>', 'of each topic (12); they can never change', parseCount)
    .option('--replicas <number>', 'copies of each record (3)', parseCount)
    .option('--min-in-sync-replicas <number>', 'copies before an answer (2)', parseCount)
    .addHelpText('after', migrateHelp)
  wire(withJsonOption(migrate), async () => (await import('../commands/migrate.ts')).runMigrate)
}

const kafkaHelp = `  FIRSTCOME_KAFKA_BROKERS           where Kafka is: host:port,host:port
  FIRSTCOME_KAFKA_TLS               true: encrypted; …_TLS_CA_FILE, …_TLS_CERT_FILE and
                                    …_TLS_KEY_FILE name files in PEM
  FIRSTCOME_KAFKA_SASL_MECHANISM    PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, with …_SASL_USERNAME
                                    and …_SASL_PASSWORD
  FIRSTCOME_POSTGRES_URL            where PostgreSQL is: postgres://user:password@host/database`

const migrateHelp = `
Examples:
  $ npx firstcome migrate
  $ npx firstcome migrate --partitions 12 --replicas 3 --min-in-sync-replicas 2
  $ npx firstcome migrate --replicas 1 --min-in-sync-replicas 1      one broker, for development

Settings (environment):
${kafkaHelp}

Run it before the first start and before each new version. Again, or twice at once, it does what
is left to do. The partitions of a coupon follow from their number, so topics keep the numbers
that they were created with: they are recorded, and each role compares at its start. It waits
for Kafka and PostgreSQL, and ends with 1 when they are not as they must be.`

function addApi(program: Command, wire: Wire): void {
  const api = program
    .command('api')
    .description('Run one API node of the distributed profile, on Kafka and PostgreSQL.')
    .addHelpText('after', apiHelp)
  wire(withListenOptions(api), async () => (await import('../commands/roles.ts')).runApi)
}

const apiHelp = `
Examples:
  $ npx firstcome api
  $ npx firstcome api --host 0.0.0.0 --port 8080

Settings (environment):
${kafkaHelp}
  FIRSTCOME_REDIS_URL               where Redis is: the gate before the log (none: no gate)
  FIRSTCOME_JWT_SECRET              signs tokens, 32 bytes or more; the same for every node
  FIRSTCOME_CODE_SECRET             coupon codes come from it: the same for every node and issuer,
                                    and it may never change
  FIRSTCOME_USER_RATE_MAX           requests per second of one user at one node (20; 0: no limit)
  FIRSTCOME_ADDRESS_RATE_MAX        requests per second of one address (0: no limit)
  FIRSTCOME_ORDER_TIME_LIMIT_SECONDS  until an order that has not ended is cancelled (30)

Run as many as you like behind a load balancer that asks /readyz. It waits for Kafka and
PostgreSQL and says so, refuses to start when they are not as they must be, and then reads the
whole log before it listens. Once it runs it answers claims without PostgreSQL and without Redis.`

function addIssuer(program: Command, wire: Wire): void {
  const issuer = program
    .command('issuer')
    .description('Run one issuer of the distributed profile: it writes the rows from the log.')
    .addHelpText('after', issuerHelp)
  wire(withListenOptions(issuer), async () => (await import('../commands/roles.ts')).runIssuer)
}

const issuerHelp = `
Examples:
  $ npx firstcome issuer
  $ npx firstcome issuer --port 8081

Settings (environment):
${kafkaHelp}
  FIRSTCOME_CODE_SECRET             coupon codes come from it: the same as for the API nodes

Two share the partitions, and one takes over when the other is gone; more than partitions have
nothing to do. /healthz, /readyz and /metrics are on its port. It waits for Kafka and PostgreSQL,
also while they are away later on, and writes everything in order when they are back.`

function addOrders(program: Command, wire: Wire): void {
  const orders = program
    .command('orders')
    .description('Run the consumers of orders of the distributed profile, all of them or one.')
    .addOption(new Option('--only <consumer>', 'just this one').choices([...consumerNames]))
    .addHelpText('after', ordersHelp)
  wire(withListenOptions(orders), async () => (await import('../commands/roles.ts')).runOrders)
}

const ordersHelp = `
Examples:
  $ npx firstcome orders
  $ npx firstcome orders --only payment-step --port 8083

Settings (environment):
${kafkaHelp}
  FIRSTCOME_PAYMENT_URL             a payment provider over HTTP (none: the built-in wallet)
  FIRSTCOME_PAYMENT_TOKEN           the bearer token for it

order-process moves orders on; coupon-step, stock-step and payment-step do one thing each and know
nothing of each other; dead-letters keeps what could not be handled. Several processes share the
partitions, and one takes over when another is gone. /healthz, /readyz and /metrics are on its
port. It waits for Kafka and PostgreSQL, also while they are away later on.`
