// Kafka, Redis and PostgreSQL for one run of the benchmark: throwaway, real, and every build on
// the same ones.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startKafka } from '../../services/kafka.ts'
import { startPostgresServer } from '../../services/postgres.ts'
import { redisInstalled, startRedis } from '../../services/redis.ts'

export type Backends = {
  brokers: string
  redisUrl: string
  newDatabase(): Promise<string>
  /** By name, the first process of each. */
  pids: Record<'kafka' | 'redis' | 'postgres', number[]>
  stop(): Promise<void>
}

export async function startBackends(): Promise<Backends> {
  const stops: (() => Promise<unknown>)[] = []
  async function stop(): Promise<void> {
    for (let next = stops.pop(); next !== undefined; next = stops.pop()) await next()
  }
  try {
    if (!redisInstalled()) throw new Error('redis-server is not installed')
    const directory = await mkdtemp(join(tmpdir(), 'firstcome-bench-'))
    stops.push(() => rm(directory, { recursive: true, force: true }))
    const postgres = await startPostgresServer()
    stops.push(() => postgres.remove())
    const redis = await startRedis({ directory })
    stops.push(() => redis.stop())
    const kafka = await startKafka({ longLived: true })
    stops.push(() => kafka.stop())
    return {
      brokers: kafka.brokers,
      redisUrl: redis.url,
      newDatabase: () => postgres.newDatabase(),
      pids: {
        kafka: kafka.nodes.map((node) => node.process.pid),
        redis: [redis.pid()],
        postgres: [postgres.process().pid],
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
