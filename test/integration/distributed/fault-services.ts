// Kafka, PostgreSQL and Redis that a test may kill, so never those that the environment names; the
// roles that run on them; and what the test itself looks at: the log and the rows.

import { createHash } from 'node:crypto'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import type { SqlRow } from '../../../src/adapters/database/database.ts'
import { startPostgres } from '../../../src/adapters/database/postgres.ts'
import { startKafkaLog } from '../../../src/adapters/log-kafka/log-kafka.ts'
import { claimsTopic } from '../../../src/domain/coupons/messages.ts'
import {
  orderStepsTopic,
  ordersTopic,
  productsTopic,
  walletsTopic,
} from '../../../src/domain/orders/messages.ts'
import { deadLettersTopic, retryTopics } from '../../../src/domain/orders/retries.ts'
import { allTopics } from '../../../src/main/roles/topics.ts'
import type { Log, LogRecord } from '../../../src/ports/log.ts'
import type { ConsumerName } from '../../../src/ports/orders.ts'
import { everyRecord } from '../../contracts/log.ts'
import { type Kafka, type KafkaNode, startKafka } from '../../services/kafka.ts'
import { type PostgresServer, startPostgresServer } from '../../services/postgres.ts'
import { ownRedisForTests, type RedisServer } from '../../services/redis.ts'
import { waitFor } from '../../services/server-process.ts'
import {
  type RoleOptions,
  type RoleProcess,
  runRole,
  startRole,
} from '../processes/service-process.ts'

export const partitions = 4

export type FaultServices = {
  /** Of a role or a command. */
  env: Record<string, string>
  kafka: KafkaNode
  brokers: string
  postgres: PostgresServer
  redis: RedisServer
  /** Ready when it resolves. `close` ends those that still run. */
  role(role: 'api' | 'issuer', env?: Record<string, string>): Promise<RoleProcess>
  /** All consumers of orders in one process, or only one of them. */
  orders(only?: ConsumerName, env?: Record<string, string>): Promise<RoleProcess>
  /** One statement on the rows' database. */
  sql(text: string): Promise<SqlRow[]>
  /** The test's own reader of the log. */
  log(): Promise<Log>
  /** By partition, the next offset that the issuers will apply. */
  positions(): Promise<number[]>
  /** By partition, where the log of the claims ends. */
  ends(): Promise<number[]>
  /** Every record of the claims log is applied. */
  rowsCaughtUp(): Promise<void>
  /** All records of a topic. */
  records(topic: string): Promise<LogRecord[]>
  /** Every record is taken by all consumers of orders, and all that follows is published. */
  ordersCaughtUp(msMax?: number): Promise<void>
  audit(): Promise<Audited>
  close(): Promise<void>
}
export type Audited = { code: number | null; output: string; counts: AuditCounts }
type AuditCounts = { winners: number; rows: number; lagRecords: number; claims: number }

export type FaultServicesOptions = {
  /** Instead of a broker of one's own, where a proxy stands before it; it is ended, too. */
  kafka?: Kafka
}

export async function startFaultServices(
  options: FaultServicesOptions = {},
): Promise<FaultServices> {
  await using stops = new AsyncDisposableStack()
  const started = options.kafka ?? (await startKafka())
  stops.defer(started.stop)
  const [kafka] = started.nodes
  if (kafka === undefined) throw new Error('this Kafka has no broker')
  const redis = await ownRedisForTests()
  if (typeof redis === 'string') throw new Error(redis)
  stops.defer(redis.close)
  const postgres = await startPostgresServer()
  stops.defer(postgres.remove)
  const { brokers } = started
  const env = {
    FIRSTCOME_KAFKA_BROKERS: brokers,
    FIRSTCOME_POSTGRES_URL: await postgres.newDatabase(),
    FIRSTCOME_REDIS_URL: redis.server.url,
  }
  const oneBroker = ['--replicas', '1', '--min-in-sync-replicas', '1']
  const migrated = await runRole({ role: 'migrate', env }, [
    '--partitions',
    `${partitions}`,
    ...oneBroker,
  ])
  if (migrated.code !== 0) throw new Error(migrated.err)
  const all = stops.move()
  return {
    env,
    kafka,
    brokers,
    postgres,
    redis: redis.server,
    ...startsRoles(env, all),
    ...lookAt({ env, brokers }, all),
    close: () => all.disposeAsync(),
  }
}

function startsRoles(
  env: Record<string, string>,
  stops: AsyncDisposableStack,
): Pick<FaultServices, 'role' | 'orders'> {
  async function start(options: RoleOptions): Promise<RoleProcess> {
    const started = await startRole({ ...options, env: { ...env, ...options.env } })
    stops.defer(() => started.crash())
    await waitFor('readiness', async () => (await readiness(started)).ready)
    return started
  }
  return {
    role: (role, more = {}) => start({ role, env: more }),
    orders(only, more = {}) {
      const args = only === undefined ? [] : ['--only', only]
      return start({ role: 'orders', env: more, args })
    },
  }
}

export async function readiness({ url }: RoleProcess): Promise<{ ready: boolean; text: string }> {
  const answer = await fetch(`${url}/readyz`)
  return { ready: answer.status === 200, text: await answer.text() }
}

type Looks = Omit<FaultServices, 'close' | 'env' | 'role' | 'orders' | keyof Servers>
type Servers = Pick<FaultServices, 'kafka' | 'brokers' | 'postgres' | 'redis'>

function lookAt(
  { env, brokers }: { env: Record<string, string>; brokers: string },
  stops: AsyncDisposableStack,
): Looks {
  const clock = systemClock()
  const database = startPostgres({ url: env.FIRSTCOME_POSTGRES_URL ?? '', clock })
  stops.defer(() => database.close())
  let opening: Promise<Log> | null = null

  function log(): Promise<Log> {
    if (opening === null) {
      const connection = { brokers: brokers.split(',') }
      opening = startKafkaLog({ connection, topics: allTopics, clock })
      stops.defer(async () => (await opening)?.close())
    }
    return opening
  }
  async function sql(text: string): Promise<SqlRow[]> {
    const name = createHash('sha256').update(text).digest('hex').slice(0, 16)
    return (await database.query({ name, text })).rows
  }
  async function positions(): Promise<number[]> {
    const next = Array.from({ length: partitions }, () => 0)
    const rows = await sql(
      `select partition, next_offset from coupons.positions where topic = '${claimsTopic}'`,
    )
    for (const [partition, offset] of rows) next[Number(partition)] = Number(offset)
    return next
  }
  async function ends(): Promise<number[]> {
    return (await (await log()).bounds(claimsTopic)).map(({ end }) => end)
  }
  async function records(topic: string): Promise<LogRecord[]> {
    return everyRecord(await log(), topic)
  }
  return {
    sql,
    log,
    records,
    ordersCaughtUp: async (msMax) => {
      const reader = await log()
      let behind: string[] = []
      const isCaughtUp = async () => {
        behind = await whoIsBehind({ sql, log: reader })
        return behind.length === 0
      }
      await waitFor('the consumers of orders', isCaughtUp, msMax).catch((error: unknown) => {
        throw new Error(`behind: ${behind.join(', ')}`, { cause: error })
      })
    },
    positions,
    ends,
    async rowsCaughtUp() {
      const wanted = await ends()
      await waitFor('the rows', async () => {
        const reached = await positions()
        return wanted.every((end, partition) => (reached[partition] ?? 0) >= end)
      })
    },
    async audit() {
      const { code, out, err } = await runRole({ role: 'audit', env }, ['--json'])
      const { counts } = JSON.parse(out) as { counts: AuditCounts }
      return { code, output: out + err, counts }
    },
  }
}

/** By the schema of each consumer of orders, what it reads besides the retry topics. */
const read: Readonly<Record<string, readonly string[]>> = {
  orders: [ordersTopic, orderStepsTopic],
  coupons: [ordersTopic],
  stock: [ordersTopic, productsTopic],
  payments: [ordersTopic, walletsTopic],
  dead_letters: [deadLettersTopic],
}

async function whoIsBehind(of: { sql: FaultServices['sql']; log: Log }): Promise<string[]> {
  const behind: string[] = []
  for (const [schema, topics] of Object.entries(read)) {
    const rows = await of.sql(`select topic, partition, published_offset
      from ${schema}.consumer_positions`)
    const reached = new Map(rows.map(([topic, part, next]) => [`${topic} ${part}`, Number(next)]))
    for (const topic of [...topics, ...retryTopics]) {
      const bounds = await of.log.bounds(topic)
      for (const [partition, { end }] of bounds.entries()) {
        const next = reached.get(`${topic} ${partition}`) ?? 0
        if (next < end) behind.push(`${schema} ${topic} ${partition}: ${next} of ${end}`)
      }
    }
  }
  const asked = await of.sql(`select order_id from payments.orders where row->'record' is not null`)
  for (const [orderId] of asked) behind.push(`the payment provider about ${orderId}`)
  return behind
}
