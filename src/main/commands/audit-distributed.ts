// Where an audit finds log and rows in the distributed profile: the log in Kafka, the rows in
// PostgreSQL, or with an API node that is asked for them. It only reads, and waits for nobody.

import { systemClock } from '../../adapters/clock-system.ts'
import { startPostgres } from '../../adapters/database/postgres.ts'
import { startKafkaLog } from '../../adapters/log-kafka/log-kafka.ts'
import { describeTopics } from '../../adapters/log-kafka/topics.ts'
import { createCouponReaderSql } from '../../adapters/stores/coupon-reader.ts'
import { createOrdersAuditSql } from '../../adapters/stores/orders-audit.ts'
import { type LogReader, withoutTopics } from '../../audit/read-topic.ts'
import type { Settings } from '../../config/settings.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import { orderTopics } from '../../domain/orders/topics.ts'
import type { Log } from '../../ports/coupons.ts'
import { CommandError, exitCodes } from '../context.ts'
import { kafkaConnection, missing, postgresUrl } from '../roles/distributed.ts'
import { type AuditSource, askService, type SourceOptions } from './audit-source.ts'

/** The log of the embedded profile is in its data directory; with brokers, it is theirs. */
export function isDistributed({ kafka }: Settings): boolean {
  return kafka !== undefined
}

export type OpenedAudit = { opened: AuditSource; openLog: () => Promise<LogReader> }

export function openDistributedAudit(options: SourceOptions): OpenedAudit {
  const { settings, url } = options
  const clock = systemClock()
  const connection = kafkaConnection(settings, 'audit')
  let log: Log | null = null
  const rows = url === undefined ? rowsOfPostgres(settings) : askService(url, options)
  return {
    async openLog() {
      const existing = await describeTopics(connection, orderTopics)
      // Before this version's "firstcome migrate" there are none of orders.
      const topics = [claimsTopic, ...existing.map(({ name }) => name)]
      log = await startKafkaLog({ connection, topics, clock })
      return withoutTopics(log, topics)
    },
    opened: {
      ...rows,
      async close() {
        await log?.close()
        await rows.close()
      },
    },
  }
}

function rowsOfPostgres(settings: Settings): AuditSource {
  const { codeSecret } = settings
  if (settings.postgresUrl === undefined) {
    const missingText = 'FIRSTCOME_POSTGRES_URL is missing: the rows of this log are there'
    throw new CommandError(exitCodes.wrongUsage, `${missingText}; or ask an API node with --url`)
  }
  if (codeSecret === undefined) throw missing('FIRSTCOME_CODE_SECRET')
  const database = startPostgres({ url: postgresUrl(settings), clock: systemClock() })
  return {
    source: createCouponReaderSql(database),
    orders: { source: createOrdersAuditSql(database), now: Date.now },
    codeSecret,
    where: 'the rows in PostgreSQL',
    close: () => database.close(),
  }
}
