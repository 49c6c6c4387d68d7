// Log and rows of an audit in the distributed profile: the log in Kafka, the rows in PostgreSQL or
// with an API node. Loaded only there: the clients of both take longer than an embedded audit does.

import { systemClock } from '../../adapters/clock-system.ts'
import { startPostgres } from '../../adapters/database/postgres.ts'
import { startKafkaLog } from '../../adapters/log-kafka/log-kafka.ts'
import { describeTopics, type TopicDescription } from '../../adapters/log-kafka/topics.ts'
import { withoutTopics } from '../../audit/orders/read-log.ts'
import type { Settings } from '../../config/settings.ts'
import { claimsTopic, couponEventsTopic } from '../../domain/coupons/messages.ts'
import { orderTopics } from '../../domain/orders/records.ts'
import type { Log } from '../../ports/log.ts'
import { CommandError, exitCodes } from '../context.ts'
import { given, kafkaConnection } from '../roles/distributed.ts'
import {
  type AuditedRows,
  type AuditSource,
  refuseOtherSchema,
  rowsIn,
  rowsOfService,
  type SourceOptions,
} from './audited-rows.ts'

export async function openDistributed(options: SourceOptions): Promise<AuditSource> {
  const { settings, url } = options
  const clock = systemClock()
  const connection = kafkaConnection(settings, 'audit')
  let log: Log | null = null
  const rows = url === undefined ? await rowsOfPostgres(settings) : rowsOfService(url, options)
  return {
    ...rows,
    async openLog() {
      const asked = [claimsTopic, couponEventsTopic, ...orderTopics]
      const existing = await describeTopics(connection, asked)
      // Before this version's "firstcome migrate" there are none of orders.
      const others = existing.filter(({ name }) => name !== claimsTopic)
      const topics = [claimsTopic, ...others.map(({ name }) => name)]
      await log?.close()
      log = await startKafkaLog({ connection, topics, clock })
      return { ...withoutTopics(log, topics), identity: identityOf(existing) }
    },
    async close() {
      await log?.close()
      await rows.close()
    },
  }
}

/** Of what an audit of coupons reads. */
function identityOf(topics: readonly TopicDescription[]): string {
  const read = topics.filter(({ name }) => name === claimsTopic || name === couponEventsTopic)
  return read.map(({ name, topicId }) => `${name} ${topicId}`).join(', ')
}

async function rowsOfPostgres(settings: Settings): Promise<AuditedRows> {
  const { postgres, codeSecret: secret } = settings
  if (postgres === undefined) {
    const missingText = 'FIRSTCOME_POSTGRES_URL is missing: the rows of this log are there'
    throw new CommandError(exitCodes.wrongUsage, `${missingText}; or ask an API node with --url`)
  }
  const codeSecret = given(secret, 'FIRSTCOME_CODE_SECRET')
  const database = startPostgres({ ...postgres, clock: systemClock() })
  const close = () => database.close()
  await refuseOtherSchema(database, 'as it is').catch(async (error: unknown) => {
    await close()
    throw error
  })
  const where = 'the rows in PostgreSQL'
  return { ...rowsIn(database, Date.now), codeSecret, where, rows: 'compared', close }
}
