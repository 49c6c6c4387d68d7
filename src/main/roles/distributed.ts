// What the roles of the distributed profile need: Kafka and PostgreSQL, waited for, checked and
// opened. A role that finds either of them not as it must be (the schema of this version, and the
// topics as they were recorded when they were created, durable) refuses to start, with reasons.

import { systemClock } from '../../adapters/clock-system.ts'
import { migrateHint, migrationFaults } from '../../adapters/database/migrations.ts'
import { type PostgresDatabase, startPostgres } from '../../adapters/database/postgres.ts'
import type { KafkaConnection } from '../../adapters/log-kafka/connection.ts'
import { startKafkaLog } from '../../adapters/log-kafka/log-kafka.ts'
import { describeTopics, topicFaults } from '../../adapters/log-kafka/topics.ts'
import { readTopicLayouts, type TopicLayout } from '../../adapters/stores/topic-layout.ts'
import type { SettingName } from '../../config/setting-table.ts'
import type { Settings } from '../../config/settings.ts'
import { leaderWaitMsMax } from '../../consumer/present-ends.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { type PartitionName, placeName } from '../../ports/log-check.ts'
import { CommandError, exitCodes } from '../context.ts'
import { checkedLater } from './late-partitions.ts'
import { watchContradicted } from './proof/proof.ts'
import { checkBeginning, checkPartition, checkPresent, checkStart } from './start-check.ts'
import type { Stops } from './stops.ts'
import { allTopics } from './topics.ts'
import { type Waiting, waitFor } from './wait-for.ts'

export type Distributed = {
  log: Log
  away: readonly PartitionName[]
  database: PostgresDatabase
  clock: Clock
}
type OpenParts = Omit<Waiting, 'clock'> & {
  settings: Settings
  /** Of a role that goes on without partitions whose leader is away. */
  without?: WithoutLeaders
  /** Only for a command that derives the rows from what is left of the log. */
  acceptsLoss?: boolean
}

export type WithoutLeaders = {
  /** What it cannot begin without: one partition of this topic. */
  topic: string
  /** What is found out later: the log is another than the rows or the proofs were made from. */
  onFatal(error: unknown): void
}

/** `away`: partitions that nobody can read before they have a leader and were compared. */
export async function openDistributed(
  parts: OpenParts,
  role: string,
  stops: Stops,
): Promise<Distributed> {
  const { settings, logger, signal, onWaiting } = parts
  const clock = systemClock()
  const waiting: Waiting = { clock, logger, signal, onWaiting }
  const onWarning = (message: string) => logger.warn(message)
  const connection = kafkaConnection(settings, role)
  const server = given(settings.postgres, 'FIRSTCOME_POSTGRES_URL')
  const database = startPostgres({ ...server, clock, onWarning })
  stops.defer(() => database.close())
  refuseIfAny(await startFaults({ waiting, database, connection }))
  const topics = allTopics
  const open = () => startKafkaLog({ connection, topics, clock, onWarning })
  const log = await waitFor(waiting, 'Kafka', open)
  stops.defer(() => log.close())
  const checked = await checkedLog(parts, { waiting, log, database, clock })
  if (parts.without !== undefined) {
    const { onFatal: onError } = parts.without
    const watch = watchContradicted({ database, clock, onError })
    stops.defer(() => watch.close())
  }
  return { ...checked, database, clock }
}

type CheckedLog = Pick<Distributed, 'log' | 'away'>

/** Compared with the rows before anybody gets it; what has no leader, before anybody reads it. */
async function checkedLog(
  { settings, logger, signal, acceptsLoss, without }: OpenParts,
  { waiting, log, database, clock }: Omit<Distributed, 'away'> & { waiting: Waiting },
): Promise<CheckedLog> {
  const { codeSecret } = settings
  const check = { log, database, codeSecret }
  const away = await waitFor(waiting, 'Kafka and PostgreSQL', async () => {
    if (without !== undefined) return checkPresent({ ...check, ...without, clock, leaderWaitMsMax })
    await (acceptsLoss ? checkBeginning(log) : checkStart(check))
    return []
  })
  if (away.length === 0 || without === undefined) return { log, away }
  const partitions = away.map(placeName)
  logger.warn({ partitions }, 'starting without partitions that have no leader')
  const checkOne = (at: PartitionName) => checkPartition(check, at)
  const late = { log, away, clock, check: checkOne, signal, onFatal: without.onFatal }
  return { log: checkedLater(late), away }
}

export function kafkaConnection({ kafka }: Settings, role: string): KafkaConnection {
  return { ...given(kafka, 'FIRSTCOME_KAFKA_BROKERS'), clientId: `firstcome-${role}` }
}

/** The settings were checked before: see neededSettings in setting-table.ts. */
export function given<T>(value: T | undefined, name: SettingName): T {
  if (value !== undefined) return value
  throw new CommandError(exitCodes.wrongUsage, `${name} is missing`)
}

export function refuseIfAny(faults: readonly string[]): void {
  if (faults.length === 0) return
  const lines = faults.map((fault) => `  ${fault}`)
  const message = ['Kafka or PostgreSQL are not as they must be:', ...lines].join('\n')
  throw new CommandError(exitCodes.failed, message)
}

type CheckParts = { waiting: Waiting; database: PostgresDatabase; connection: KafkaConnection }

/** Every reason not to start; none where all is as it must be. */
async function startFaults({ waiting, database, connection }: CheckParts): Promise<string[]> {
  const schema = await waitFor(waiting, 'PostgreSQL', () => migrationFaults(database))
  if (schema.length > 0) return schema
  const layouts = await waitFor(waiting, 'PostgreSQL', () => readTopicLayouts(database))
  const unrecorded = allTopics.filter((topic) => !layouts.some((it) => it.topic === topic))
  if (unrecorded.length > 0) {
    return [...unrecorded.map((topic) => `topic ${topic} was never recorded`), migrateHint]
  }
  return faultsOfTopics({ waiting, connection, layouts })
}

type TopicCheck = Omit<CheckParts, 'database'> & { layouts: readonly TopicLayout[] }

export async function faultsOfTopics(check: TopicCheck): Promise<string[]> {
  const { waiting, connection, layouts } = check
  const topics = layouts.map(({ topic }) => topic)
  const actual = await waitFor(waiting, 'Kafka', () => describeTopics(connection, topics))
  const expected = layouts.map(({ topic: name, ...layout }) => ({ name, ...layout }))
  return topicFaults(expected, actual)
}
