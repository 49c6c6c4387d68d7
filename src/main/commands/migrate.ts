// `firstcome migrate`: brings SQL to this version and creates the topics, once. Safe to run again,
// and by several at once: a migration runs once, a topic is created once, and what was recorded
// first is right. What exists and is not as asked for is refused, never changed.

import { systemClock } from '../../adapters/clock-system.ts'
import { migrate } from '../../adapters/database/migrations.ts'
import { type PostgresDatabase, startPostgres } from '../../adapters/database/postgres.ts'
import { postgresMigrationLimits } from '../../adapters/database/postgres-connection.ts'
import type { KafkaConnection } from '../../adapters/log-kafka/connection.ts'
import {
  createTopics,
  describeTopics,
  minInSyncSetting,
  type TopicDescription,
} from '../../adapters/log-kafka/topics.ts'
import {
  readTopicLayouts,
  recordTopicLayouts,
  type TopicLayout,
} from '../../adapters/stores/topic-layout.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../context.ts'
import { faultsOfTopics, given, kafkaConnection, refuseIfAny } from '../roles/distributed.ts'
import { allTopics } from '../roles/topics.ts'
import { plainLogger, type Waiting, waitFor } from '../roles/wait-for.ts'

export type MigrateOptions = {
  partitions?: number
  replicas?: number
  minInSyncReplicas?: number
  json?: boolean
}
type TopicNumbers = Required<Omit<MigrateOptions, 'json'>>

/** For a sale that many ask for at once, on a cluster that may lose one of three brokers. */
export const topicDefaults: Readonly<TopicNumbers> = {
  partitions: 12,
  replicas: 3,
  minInSyncReplicas: 2,
}

export async function runMigrate(options: MigrateOptions, context: Context): Promise<ExitCode> {
  const { settings, out, err } = context
  const clock = systemClock()
  const waiting = { clock, logger: plainLogger(err), signal: new AbortController().signal }
  const connection = kafkaConnection(settings, 'migrate')
  const server = given(settings.postgres, 'FIRSTCOME_POSTGRES_URL')
  const database = startPostgres({ ...server, clock, limits: postgresMigrationLimits })
  try {
    const ran = await waitFor(waiting, 'PostgreSQL', () => migrate(database))
    const migrated = await migrateTopics({ waiting, database, connection, options })
    const done = { ran, ...migrated }
    out(options.json === true ? `${JSON.stringify(done)}\n` : migratedText(done))
    return exitCodes.ok
  } finally {
    await database.close()
  }
}

type TopicParts = {
  waiting: Waiting
  database: PostgresDatabase
  connection: KafkaConnection
  options: MigrateOptions
}
/** `taken`: that were there before anything was recorded. */
type Migrated = { created: string[]; taken: string[]; topics: TopicLayout[] }

async function migrateTopics(parts: TopicParts): Promise<Migrated> {
  const { waiting, database, connection, options } = parts
  const recorded = await readTopicLayouts(database)
  const missing = allTopics.filter((topic) => !recorded.some((it) => it.topic === topic))
  const found = await waitFor(waiting, 'Kafka', () => describeTopics(connection, missing))
  const there = found.map(layoutAsItIs)
  const wanted = wantedNumbers(options, [...recorded, ...there])
  refuseIfAny(differences(options, [...recorded, ...there]))
  let fresh: string[] = []
  if (missing.length > 0) {
    const create = () => createTopics(connection, { topics: missing, ...wanted })
    const { layout: made } = await waitFor(waiting, 'Kafka', create)
    const layouts = missing.map((topic) => {
      const layout = made[topic]
      if (layout === undefined) throw new Error(`Kafka did not say what ${topic} is`)
      const taken = there.find((it) => it.topic === topic)
      return taken ?? { topic, ...wanted, topicId: layout.topicId }
    })
    // Before they are recorded: what was there already may be no place for a log.
    refuseIfAny(await faultsOfTopics({ waiting, connection, layouts }))
    fresh = (await recordTopicLayouts(database, layouts)).map(({ topic }) => topic)
  }
  const layouts = await readTopicLayouts(database)
  refuseIfAny(await faultsOfTopics({ waiting, connection, layouts }))
  const wasThere = (topic: string) => there.some((it) => it.topic === topic)
  const created = fresh.filter((topic) => !wasThere(topic))
  return { created, taken: fresh.filter(wasThere), topics: layouts }
}

/** A topic that nobody has recorded, because the database is a new one. */
function layoutAsItIs(found: TopicDescription): TopicLayout {
  const { name: topic, topicId, partitions, replicas, settings } = found
  const minInSyncReplicas = Number(settings[minInSyncSetting] ?? 1)
  return { topic, topicId, partitions, replicas, minInSyncReplicas }
}

/** What is asked for, else what was asked for before, else the defaults. */
function wantedNumbers(options: MigrateOptions, [before]: readonly TopicLayout[]): TopicNumbers {
  const pick = (name: keyof TopicNumbers) => options[name] ?? before?.[name] ?? topicDefaults[name]
  const wanted = {
    partitions: pick('partitions'),
    replicas: pick('replicas'),
    minInSyncReplicas: pick('minInSyncReplicas'),
  }
  if (wanted.minInSyncReplicas <= wanted.replicas) return wanted
  const { minInSyncReplicas, replicas } = wanted
  const message = `${minInSyncReplicas} replicas cannot be in sync where there are ${replicas}`
  throw new CommandError(exitCodes.wrongUsage, message)
}

/** Numbers are given once: the partition of a coupon follows from their number. */
function differences(options: MigrateOptions, recorded: readonly TopicLayout[]): string[] {
  return recorded.flatMap((layout) =>
    (Object.keys(numberWords) as (keyof TopicNumbers)[]).flatMap((name) => {
      const asked = options[name]
      if (asked === undefined || asked === layout[name]) return []
      const has = `topic ${layout.topic} was created with ${layout[name]} ${numberWords[name]}`
      return [`${has}; ${asked} were asked for, and migrate does not change a topic`]
    }),
  )
}

const numberWords = {
  partitions: 'partitions',
  replicas: 'replicas',
  minInSyncReplicas: 'replicas in sync at least',
} as const

function migratedText({
  ran,
  created,
  taken,
  topics,
}: Migrated & { ran: readonly string[] }): string {
  const schema = ran.length === 0 ? 'up to date' : `ran ${ran.join(', ')}`
  const lines = topics.map(({ topic, partitions, replicas, minInSyncReplicas }) => {
    const old = taken.includes(topic) ? 'there before, taken as it is' : 'as recorded'
    const what = created.includes(topic) ? 'created' : old
    const durable = `${replicas} replicas, at least ${minInSyncReplicas} in sync`
    return `Topic ${topic}: ${what}, ${partitions} partitions, ${durable}\n`
  })
  return `PostgreSQL: ${schema}\n${lines.join('')}`
}
