// Kafka, PostgreSQL and Redis for the tests of one file, and the settings that name them.

import { startKafka } from '../../services/kafka.ts'
import { type PostgresServer, postgresForTests } from '../../services/postgres.ts'
import { redisForTests } from '../../services/redis.ts'

export type DistributedServices = {
  /** Of a role or a command. */
  env: Record<string, string>
  postgresUrl: string
  /** Of our own, which may be stopped; null where the environment names one. */
  postgresServer: PostgresServer | null
  brokers: string
  close(): Promise<void>
}

export async function startDistributedServices(): Promise<DistributedServices> {
  await using started = new AsyncDisposableStack()
  const kafka = await startKafka()
  started.defer(kafka.stop)
  const postgres = await postgresForTests()
  started.defer(postgres.close)
  const postgresUrl = await postgres.newDatabase()
  const redis = await redisForTests()
  if (typeof redis === 'string') throw new Error(redis)
  started.defer(redis.close)
  const env = {
    FIRSTCOME_KAFKA_BROKERS: kafka.brokers,
    FIRSTCOME_POSTGRES_URL: postgresUrl,
    FIRSTCOME_REDIS_URL: redis.url,
  }
  const { brokers } = kafka
  const { server: postgresServer } = postgres
  const all = started.move()
  return { env, postgresUrl, postgresServer, brokers, close: () => all.disposeAsync() }
}
