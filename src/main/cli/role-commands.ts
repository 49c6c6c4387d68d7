// The commands that run: the whole service in one process, each role of the distributed profile,
// and what must run once before the roles.

import { consumerNames } from '../../ports/orders.ts'
import {
  type DeclaredCommands,
  jsonOption,
  listenOptions,
  option,
  settingOption,
} from './declared-command.ts'
import { parseCount, parseKeyName, parseLogKey } from './option-values.ts'

const roles = () => import('../commands/roles.ts')

const acceptClockText = 'go on by the clock of this machine, though the log says that it is later'

export const roleCommands: DeclaredCommands = {
  start: {
    summary: 'Run the service: everything in one process, its data in one directory.',
    examples: [
      'start',
      'start --port 0 --data /srv/firstcome',
      '$ FIRSTCOME_HOST=0.0.0.0 npx firstcome start',
    ],
    notes: `
Secrets that are not given are made on the first start and kept in the data directory.
Ctrl-C or SIGTERM stops it: what was accepted is answered first. It ends with 2 when its settings
are wrong or another process has its data directory, and with 1 when it cannot go on.`,
    takes: [...listenOptions, settingOption('demo'), option('--accept-clock', acceptClockText)],
    load: async () => (await import('../commands/start.ts')).runStart,
  },
  migrate: {
    summary: 'Bring PostgreSQL to this version and create the topics of Kafka.',
    examples: [
      'migrate',
      'migrate --partitions 12 --replicas 3 --min-in-sync-replicas 2',
      'migrate --replicas 1 --min-in-sync-replicas 1      one broker, for development',
    ],
    notes: `
Run it before the first start and before each new version. Again, or twice at once, it does what
is left to do. The partition of a coupon follows from the number of partitions, so topics keep the
numbers that they were created with: they are recorded, and each role compares at its start. It
waits for Kafka and PostgreSQL, and ends with 1 when they are not as they must be.`,
    takes: [
      option('--partitions <number>', 'of each topic (12); they can never change', parseCount),
      option('--replicas <number>', 'copies of each record (3)', parseCount),
      option('--min-in-sync-replicas <number>', 'copies before an answer (2)', parseCount),
      jsonOption,
    ],
    load: async () => (await import('../commands/migrate.ts')).runMigrate,
  },
  api: {
    summary: 'Run one API node of the distributed profile, on Kafka and PostgreSQL.',
    examples: ['api', 'api --host 0.0.0.0 --port 8080'],
    notes: `
Run as many as you like behind a load balancer that asks /readyz. It waits for Kafka and
PostgreSQL and says so, refuses to start when they are not as they must be, and then reads the
whole log before it is ready. Once it runs it answers claims without PostgreSQL and without Redis.`,
    takes: listenOptions,
    load: async () => (await roles()).runApi,
  },
  issuer: {
    summary: 'Run one issuer of the distributed profile: it writes the rows from the log.',
    examples: ['issuer', 'issuer --port 8081'],
    notes: `
Two share the partitions, and one takes over when the other is gone; more than partitions have
nothing to do. /healthz, /readyz and /metrics are on its port. It waits for Kafka and PostgreSQL,
also while they are away later on, and writes everything in order when they are back.`,
    takes: listenOptions,
    load: async () => (await roles()).runIssuer,
  },
  orders: {
    summary: 'Run the consumers of orders of the distributed profile, all of them or one.',
    examples: ['orders', 'orders --only payment-step --port 8083'],
    notes: `
order-process moves orders on; coupon-step, stock-step and payment-step do one thing each and know
nothing of each other; dead-letters keeps what could not be handled. Several processes share the
partitions, and one takes over when another is gone. /healthz, /readyz and /metrics are on its
port. It waits for Kafka and PostgreSQL, also while they are away later on.`,
    takes: [option('--only <consumer>', 'just this one').choices(consumerNames), ...listenOptions],
    load: async () => (await roles()).runOrders,
  },
  witness: {
    summary: 'Run a witness: it cosigns checkpoints of sales, if each goes on from the one before.',
    examples: ['witness --port 8090 --data seen --name witness.example --log "$(cat key.txt)"'],
    notes: `
For somebody else than who runs the service, as a partner: what a witness has cosigned cannot be
taken back, and nobody can be shown another tree under its name. POST /add-checkpoint takes what
c2sp.org/tlog-witness says, GET /key answers the verifier key of the witness, which the service is
told by FIRSTCOME_PROOF_WITNESSES. The key of a prefix stands for all coupons below it; give --log
again for further logs, and for a new key of the same one. Keep the directory, which holds what was
cosigned, for it alone, and never restore it from an older copy.`,
    takes: [
      option('--log <verifier key>', 'of a log that it knows', parseLogKey).makeOptionMandatory(),
      option('--name <name>', 'under which it cosigns', parseKeyName).makeOptionMandatory(),
      ...listenOptions,
    ],
    load: async () => (await import('../commands/proof/witness.ts')).runWitness,
  },
}
