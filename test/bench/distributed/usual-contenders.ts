// The usual builds as contenders: an API process each, and what is behind it.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Admin } from '@platformatic/kafka'
import { Client } from 'pg'
import { benchSecret } from '../service.ts'
import type { Backends } from './backends.ts'
import {
  type Contender,
  openRows,
  type Part,
  type RunningContender,
  startPart,
} from './contender.ts'
import { type BuildName, savedTopic } from './usual-builds/usual-build.ts'

const mains = {
  api: fileURLToPath(import.meta.resolve('./usual-builds/api.ts')),
  scheduler: fileURLToPath(import.meta.resolve('./usual-builds/scheduler.ts')),
  consumer: fileURLToPath(import.meta.resolve('./usual-builds/consumer.ts')),
}
const tables = readFileSync(new URL('./usual-builds/tables.sql', import.meta.url), 'utf8')

export function usualContenders(backends: Backends): Contender[] {
  const builds: readonly (Usual & { name: string })[] = [
    { name: 'B1 row lock', build: 'row-lock', behind: null },
    { name: 'B2 sorted set', build: 'sorted-set', behind: 'scheduler' },
    { name: 'B3 counter', build: 'counter', behind: 'consumer' },
  ]
  return builds.map((usual) => ({ ...usual, start: () => startUsual(backends, usual) }))
}

type Usual = { build: BuildName; behind: 'scheduler' | 'consumer' | null }

async function startUsual(backends: Backends, { build, behind }: Usual): Promise<RunningContender> {
  const postgresUrl = await backends.newDatabase()
  const setUp = new Client({ connectionString: postgresUrl })
  await setUp.connect()
  await setUp.query(tables)
  if (build === 'counter') await createTopic(backends.brokers)
  const env = {
    USUAL_POSTGRES_URL: postgresUrl,
    USUAL_REDIS_URL: backends.redisUrl,
    USUAL_KAFKA_BROKERS: backends.brokers,
    USUAL_JWT_SECRET: benchSecret,
  }
  const rowTable = build === 'counter' ? 'usual.saved' : 'usual.issued'
  const rows = await openRows(postgresUrl, rowTable)
  const api = await startPart({ args: [mains.api, build], env })
  let part: Part | null = null
  async function startBehind(): Promise<void> {
    if (behind !== null) part = await startPart({ args: [mains[behind]], env })
  }
  async function stop(): Promise<void> {
    await api.stop()
    await part?.stop()
    await rows.close()
    await setUp.end()
  }
  try {
    await startBehind()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    ...rows,
    port: Number(new URL(api.url).port),
    claimPath: (couponId) => `/usual/${couponId}/claims`,
    async createCoupon(couponId, quantity) {
      const text = 'insert into usual.coupons (coupon_id, quantity) values ($1, $2)'
      await setUp.query(text, [couponId, quantity])
    },
    rowTable,
    postgresUrl,
    pids: () => ({ api: [api.pid], ...(part && behind ? { [behind]: [part.pid] } : {}) }),
    async killBehind() {
      await part?.kill()
    },
    startBehind,
    stop,
  }
}

/** As many partitions as ours has; a coupon is in one of them all the same. */
async function createTopic(brokers: string): Promise<void> {
  const admin = new Admin({ clientId: 'usual', bootstrapBrokers: brokers.split(',') })
  try {
    await admin.createTopics({ topics: [savedTopic], partitions: 12, replicas: 1 })
  } finally {
    await admin.close()
  }
}
