// What the roles of the distributed profile need: Kafka and PostgreSQL, waited for, checked and
// opened. A role that finds either of them not as it must be refuses to start, with reasons.

import { systemClock } from '../../adapters/clock-system.ts'
import { type PostgresDatabase, startPostgres } from '../../adapters/database/postgres.ts'
import type { KafkaConnection } from '../../adapters/log-kafka/connection.ts'
import { startKafkaLog } from '../../adapters/log-kafka/log-kafka.ts'
import type { Settings } from '../../config/settings.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { CommandError, exitCodes } from '../context.ts'
import type { Stops } from './stops.ts'
import { startFaults } from './topic-checks.ts'
import { allTopics } from './topics.ts'
import { type Waiting, waitFor } from './wait-for.ts'

export type Distributed = { log: Log; database: PostgresDatabase; clock: Clock }

export type OpenParts = Omit<Waiting, 'clock'> & { settings: Settings }

export async function openDistributed(
  { settings, logger, signal }: OpenParts,
  role: string,
  stops: Stops,
): Promise<Distributed> {
  const clock = systemClock()
  const waiting: Waiting = { clock, logger, signal }
  const onWarning = (message: string) => logger.warn(message)
  const connection = kafkaConnection(settings, role)
  const database = startPostgres({ url: postgresUrl(settings), clock, onWarning })
  stops.defer(() => database.close())
  refuseIfAny(await startFaults({ waiting, database, connection }))
  const topics = allTopics
  const open = () => startKafkaLog({ connection, topics, clock, onWarning })
  const log = await waitFor(waiting, 'Kafka', open)
  stops.defer(() => log.close())
  return { log, database, clock }
}

/** The settings were checked before: see neededSettings in setting-table.ts. */
export function kafkaConnection({ kafka }: Settings, role: string): KafkaConnection {
  if (kafka === undefined) throw missing('FIRSTCOME_KAFKA_BROKERS')
  return { ...kafka, clientId: `firstcome-${role}` }
}

export function postgresUrl({ postgresUrl: url }: Settings): string {
  if (url === undefined) throw missing('FIRSTCOME_POSTGRES_URL')
  return url
}

export function missing(name: string): CommandError {
  return new CommandError(exitCodes.wrongUsage, `${name} is missing`)
}

export function refuseIfAny(faults: readonly string[]): void {
  if (faults.length === 0) return
  const lines = faults.map((fault) => `  ${fault}`)
  const message = ['Kafka or PostgreSQL are not as they must be:', ...lines].join('\n')
  throw new CommandError(exitCodes.failed, message)
}
