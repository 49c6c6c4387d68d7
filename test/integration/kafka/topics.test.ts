// Topics on a real Kafka: as they are created, as somebody else has made them, and what a log says
// whose topic was cut, deleted or never there.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, it } from 'node:test'
import { Admin, ConfigResourceTypes, ConfigSources } from '@platformatic/kafka'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { startKafkaLog } from '../../../src/adapters/log-kafka/log-kafka.ts'
import {
  createTopics,
  describeTopics,
  topicFaults,
} from '../../../src/adapters/log-kafka/topics.ts'
import type { Log, LogBatch } from '../../../src/ports/log.ts'
import { everyPartition } from '../../contracts/log.ts'
import { throwawayKafka } from '../../services/kafka.ts'
import { freePort, waitFor } from '../../services/server-process.ts'
import { connectionTo, newKafkaLog } from './log-parts.ts'

const kafka = await throwawayKafka()
const skip = typeof kafka === 'string' ? kafka : false
const connection = connectionTo(typeof kafka === 'string' ? '127.0.0.1:1' : kafka.brokers)
const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...connection.brokers] })
const clock = systemClock()
const single = { partitions: 4, replicas: 1, minInSyncReplicas: 1 }

after(async () => {
  await admin.close()
  if (typeof kafka !== 'string') await kafka.stop()
})

it('creates topics in which nothing is wrong, once', { skip }, async () => {
  const topics = [randomUUID(), randomUUID()]
  const first = await createTopics(connection, { topics: topics.slice(0, 1), ...single })
  assert.deepEqual(first.created, topics.slice(0, 1))
  const second = await createTopics(connection, { topics, ...single, partitions: 6 })
  assert.deepEqual(second.created, topics.slice(1))
  const expected = topics.map((name) => ({ name, ...place(second.layout[name]) }))
  assert.deepEqual(
    expected.map(({ partitions, replicas }) => [partitions, replicas]),
    [
      [4, 1],
      [6, 1],
    ],
  )
  assert.equal(second.layout[topics[0] ?? '']?.topicId, first.layout[topics[0] ?? '']?.topicId)
  const described = await describeTopics(connection, [...topics, 'absent'])
  assert.deepEqual(topicFaults(expected, described), [])
})

it('sets only what the brokers have not anyway, or have otherwise', { skip }, async (t) => {
  t.after(() => setRetentionOfBroker('-1'))
  const cases: [retention: string, set: string[]][] = [
    ['-1', ['message.timestamp.type', 'retention.ms']],
    ['1073741824', ['message.timestamp.type', 'retention.bytes', 'retention.ms']],
  ]
  for (const [retention, set] of cases) {
    await setRetentionOfBroker(retention)
    const name = randomUUID()
    const { layout } = await createTopics(connection, { topics: [name], ...single })
    await waitFor('a topic in which nothing is wrong', async () => {
      const described = await describeTopics(connection, [name])
      return topicFaults([{ name, ...place(layout[name]) }], described).length === 0
    })
    assert.deepEqual(await settingsOfTopic(name), set)
  }
})

async function setRetentionOfBroker(value: string): Promise<void> {
  const [id] = (await admin.metadata({ topics: [] })).brokers.keys()
  const configs = [{ name: 'log.retention.bytes', value, configOperation: 0 as const }]
  const broker = { resourceType: ConfigResourceTypes.BROKER, resourceName: String(id), configs }
  await admin.incrementalAlterConfigs({ resources: [broker] })
}

/** Those that were given to this very topic. */
async function settingsOfTopic(name: string): Promise<string[]> {
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: name }
  const described = await admin.describeConfigs({ resources: [resource] })
  const own = ConfigSources.DYNAMIC_TOPIC_CONFIG
  const configs = described.flatMap((one) => one.configs)
  return configs
    .filter((one) => one.configSource === own)
    .map((one) => one.name)
    .toSorted()
}

it('says why a topic cannot be created, and does not ask again', { skip }, async () => {
  const asked = createTopics(connection, { topics: [randomUUID()], ...single, replicas: 2 })
  const message = /^topic .* cannot be created: .*replica/i
  await assert.rejects(asked, { code: 'log_unavailable', retryable: false, message })
})

function place<T>(found: T | undefined): T {
  assert.ok(found !== undefined)
  return found
}

it('finds what is wrong with topics that somebody else has made', { skip }, async () => {
  const name = randomUUID()
  const configs = [
    { name: 'cleanup.policy', value: 'compact' },
    { name: 'retention.ms', value: '1000' },
    { name: 'unclean.leader.election.enable', value: 'true' },
  ]
  await admin.createTopics({ topics: [name], partitions: 3, replicas: 1, configs })
  const { layout } = await createTopics(connection, { topics: [name], ...single })
  const expected = [{ name, ...place(layout[name]), partitions: 4, topicId: 'another' }]
  const faults = topicFaults(expected, await describeTopics(connection, [name]))
  const found = [
    'another',
    'has 3 partitions',
    'timestamp.type',
    'retention.ms',
    'compact',
    'unclean',
  ]
  assert.equal(faults.length, found.length, faults.join('\n'))
  found.forEach((what, n) => assert.ok(faults[n]?.includes(what), faults[n]))
})

it('says which command creates a topic that is missing', { skip }, async () => {
  await assert.rejects(startKafkaLog({ connection, topics: ['absent'], clock }), {
    code: 'log_unavailable',
    retryable: false,
    message: 'Kafka has no topic absent; "firstcome migrate" creates it',
  })
})

it('says which broker does not answer', async () => {
  const broker = `127.0.0.1:${await freePort()}`
  const limits = { questionMsMax: 300 }
  const nowhere = { connection: { brokers: [broker] }, topics: ['claims'], clock, limits }
  await assert.rejects(startKafkaLog(nowhere), {
    code: 'log_unavailable',
    retryable: true,
    message: new RegExp(`no Kafka broker answers \\(.*${broker}.*ECONNREFUSED`),
  })
  await assert.rejects(describeTopics(nowhere.connection, ['claims']), {
    code: 'log_unavailable',
    message: /ECONNREFUSED/,
  })
})

async function appendMany(log: Log, topic: string): Promise<void> {
  for (let n = 0; n < 10; n++) {
    const entries = Array.from({ length: 10 }, (_, k) => ({
      key: 'one',
      value: Buffer.from(`${k}`),
    }))
    await log.append(topic, entries)
  }
}

it('ends a tail whose records were cut off', { skip }, async (t) => {
  const { log, topic } = await newKafkaLog(t, { connection, partitions: 1 })
  await appendMany(log, topic)
  const partitions = [{ partition: 0, offset: 55n }]
  await admin.deleteRecords({ topics: [{ name: topic, partitions }] })
  assert.deepEqual(await log.bounds(topic), [{ start: 55, end: 100 }])
  for (const offset of [54, 101]) {
    const failed = Promise.withResolvers<unknown>()
    log.tail({
      topic,
      from: new Map([[0, offset]]),
      onBatch: () => assert.fail('nothing can be read'),
      onError: failed.resolve,
    })
    const error = await failed.promise
    assert.ok(error instanceof Error && 'code' in error && error.code === 'log_damaged')
    assert.match(error.message, new RegExp(`offset ${offset} of partition 0 of ${topic} is not in`))
  }
})

it('ends a tail where the clocks of writers decide, which it sees by the batch', {
  skip,
}, async (t) => {
  const warnings: string[] = []
  const { log, topic } = await newKafkaLog(t, { connection, partitions: 1, warnings })
  const setType = (value: string) => {
    const configs = [{ name: 'message.timestamp.type', configOperation: 0 as const, value }]
    const resources = [{ resourceType: 2 as const, resourceName: topic, configs }]
    return admin.incrementalAlterConfigs({ resources })
  }
  const follow = (onRead: (records: number) => void) => {
    const failed = Promise.withResolvers<unknown>()
    const from = everyPartition(log, topic)
    const onBatch = ({ records }: LogBatch) => onRead(records.length)
    log.tail({ topic, from, onBatch, onError: failed.resolve })
    return failed.promise
  }
  await appendMany(log, topic)
  let read = 0
  let ended = false
  const failed = follow((records) => (read += records)).finally(() => (ended = true))
  await waitFor('the records', () => read === 100)
  await setType('CreateTime')
  await waitFor('the change', async () => {
    await log.append(topic, [{ key: 'one', value: Buffer.from('by a writer') }])
    return ended
  })
  const error = await failed
  assert.ok(error instanceof Error && 'code' in error && error.code === 'log_damaged')
  assert.match(
    error.message,
    /of partition 0 of .* is CreateTime now.*--add-config .*=LogAppendTime/,
  )

  await setType('LogAppendTime')
  const [bounds] = await log.bounds(topic)
  let again = 0
  void follow((records) => (again += records))
  await waitFor('all records', () => again === bounds?.end)
  assert.equal(warnings.filter((text) => text.includes('was changed then')).length, 1)
})

it('takes a topic that was deleted and created again for another log', { skip }, async (t) => {
  const { log, topic } = await newKafkaLog(t, { connection })
  await appendMany(log, topic)
  const failed = Promise.withResolvers<unknown>()
  let read = 0
  log.tail({
    topic,
    from: everyPartition(log, topic),
    onBatch: ({ records }) => {
      read += records.length
    },
    onError: failed.resolve,
  })
  await waitFor('the records', () => read === 100)
  await admin.deleteTopics({ topics: [topic] })
  await createTopics(connection, { topics: [topic], ...single, partitions: 3 })
  const damage = { code: 'log_damaged', message: /it was deleted and created again/ }
  await assert.rejects(() => failed.promise.then((error) => Promise.reject(error as Error)), damage)
  await assert.rejects(() => appendMany(log, topic), { ...damage, appended: 'no' })
  assert.throws(() => log.partitionsOf(topic), damage)
})
