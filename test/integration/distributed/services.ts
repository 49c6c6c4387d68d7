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
  const stops: (() => Promise<void>)[] = []
  async function close(): Promise<void> {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop()
  }
  try {
    const kafka = await startKafka()
    stops.push(kafka.stop)
    const postgres = await postgresForTests()
    stops.push(postgres.close)
    const postgresUrl = await postgres.newDatabase()
    const redis = await redisForTests()
    if (typeof redis === 'string') throw new Error(redis)
    stops.push(redis.close)
    const env = {
      FIRSTCOME_KAFKA_BROKERS: kafka.brokers,
      FIRSTCOME_POSTGRES_URL: postgresUrl,
      FIRSTCOME_REDIS_URL: redis.url,
    }
    const postgresServer = postgres.server
    return { env, postgresUrl, postgresServer, brokers: kafka.brokers, close }
  } catch (error) {
    await close()
    throw error
  }
}
