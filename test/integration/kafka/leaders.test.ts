// Three brokers, and the leader of some partitions is killed, or stands still until another leads:
// nothing acknowledged is lost, nothing is stored twice, and those who read go on by themselves.

import assert from 'node:assert/strict'
import { after, it, type TestContext } from 'node:test'
import { partitionFor } from '../../../src/domain/partitioner.ts'
import type { LogRecord } from '../../../src/ports/log.ts'
import { everyPartition, everyRecord } from '../../contracts/log.ts'
import { type KafkaNode, throwawayKafka } from '../../services/kafka.ts'
import { waitFor } from '../../services/server-process.ts'
import { checkAnswers, countAnswers, keepAppending } from './appends.ts'
import { connectionTo, leadersOf, type NewLog, newKafkaLog, oldestReadAt } from './log-parts.ts'

const kafka = await throwawayKafka({ brokers: 3 })
const skip = typeof kafka === 'string' ? kafka : false
const partitions = 6

after(async () => {
  if (typeof kafka !== 'string') await kafka.stop()
})

async function started(t: TestContext, more: Partial<NewLog> = {}) {
  assert.ok(typeof kafka !== 'string')
  const connection = connectionTo(kafka.brokers)
  const { log, topic } = await newKafkaLog(t, { connection, partitions, replicas: 3, ...more })
  return { connection, log, topic, nodes: kafka.nodes }
}

type Where = { topic: string; nodes: readonly KafkaNode[]; brokers: readonly string[] }

/** Who leads the partition that the first caller appends to. */
async function leaderOf(where: Where): Promise<KafkaNode> {
  const leader = (await leadersOf(where))[partitionFor('0', partitions)] ?? 0
  const node = where.nodes[leader - 1]
  assert.ok(node)
  return node
}

const faults = {
  'is killed': { begin: (node: KafkaNode) => node.crash(), end: (node: KafkaNode) => node.start() },
  'stands still': {
    begin: async (node: KafkaNode) => node.pause(),
    end: async (node: KafkaNode) => node.resume(),
  },
}

for (const [what, fault] of Object.entries(faults)) {
  it(`loses and doubles nothing when a leader ${what} and another leads`, { skip }, async (t) => {
    const { connection, log, topic, nodes } = await started(t)
    const seen: LogRecord[] = []
    const errors: unknown[] = []
    const tail = log.tail({
      topic,
      from: everyPartition(log, topic),
      onBatch: ({ records }) => void seen.push(...records),
      onError: (error) => void errors.push(error),
    })
    const appending = keepAppending(t, log, topic)
    await waitFor('appends', () => appending.answers.length > 100)
    const leader = await leaderOf({ topic, nodes, brokers: connection.brokers })
    await fault.begin(leader)
    const begunAt = performance.now()
    await waitFor('the first caller', () =>
      appending.answers.some(
        ({ caller, outcome, endedAt }) =>
          caller === 0 && outcome === 'stored' && endedAt > begunAt + 500,
      ),
    )
    const awayMs = performance.now() - begunAt
    await waitFor('a read', () => oldestReadAt(tail, { log, topic }) > performance.now() - 500)
    await fault.end(leader)
    const endedAt = performance.now()
    await waitFor('an append', () => appending.acknowledgedAfter(endedAt) !== undefined)
    await appending.stop()
    const records = await everyRecord(log, topic)
    t.diagnostic(`${countAnswers(appending.answers)}; ${Math.round(awayMs)} ms without a leader`)
    checkAnswers(appending.answers, records)
    await waitFor('the tail', () => seen.length >= records.length)
    const texts = (list: LogRecord[]) => list.map(({ value }) => value.toString()).toSorted()
    assert.deepEqual(texts(seen), texts(records))
    assert.deepEqual(errors, [])
  })
}

it('keeps no partition waiting for one without a leader', { skip }, async (t) => {
  // A round of all partitions would take as long as the one without a leader is tried.
  const limits = { refusedAppendMsMax: 3_000, appendMsMax: 3_000 }
  const { connection, log, topic, nodes } = await started(t, { replicas: 1, limits })
  const keys = keyOfEachPartition()
  const appendTo = (partition: number) => {
    return log.append(topic, [{ key: keys[partition] ?? '', value: Buffer.from('1') }])
  }
  await Promise.all(keys.map(async (_, partition) => appendTo(partition)))
  const ledBy = await leadersOf({ topic, brokers: connection.brokers })
  const [gone = 0] = ledBy
  const led = (isAway: boolean) => {
    return [...keys.keys()].filter((partition) => (ledBy[partition] === gone) === isAway)
  }
  const [away, there] = [led(true), led(false)]
  assert.ok(away.length > 0 && there.length > 0, `led by ${ledBy.join()}`)
  const given: number[] = []
  const tail = log.tail({
    topic,
    from: everyPartition(log, topic),
    onBatch: ({ partition, records }) => {
      given[partition] = (given[partition] ?? 0) + records.length
    },
    onError: assert.fail,
  })
  await waitFor('the tail', () => keys.every((_, partition) => given[partition] === 1))
  await nodes[gone - 1]?.crash()
  const begunAt = performance.now()
  const refusals: Promise<unknown>[] = []
  const tookMs: number[] = []
  while (performance.now() < begunAt + 1_500) {
    for (const partition of away) {
      refusals.push(assert.rejects(appendTo(partition), { retryable: true }))
    }
    const sentAt = performance.now()
    const places = (await Promise.all(there.map((partition) => appendTo(partition)))).flat()
    tookMs.push(performance.now() - sentAt)
    const next = tookMs.length
    assert.deepEqual(
      places,
      there.map((partition) => ({ partition, offset: next })),
    )
  }
  const slowest = Math.max(...tookMs)
  t.diagnostic(`${tookMs.length} appends beside it, the slowest took ${Math.round(slowest)} ms`)
  assert.ok(slowest < 2_500, `${slowest} ms`)
  const appended = 1 + tookMs.length
  await waitFor('the tail', () => there.every((partition) => given[partition] === appended))
  for (const partition of there) {
    const { end } = await log.partitionBounds(topic, partition)
    assert.equal(end, appended)
    assert.ok(tail.lastReadAt(partition) > performance.now() - 2_500)
  }
  for (const partition of away) assert.ok(tail.lastReadAt(partition) < begunAt)
  await Promise.all(refusals)
})

function keyOfEachPartition(): string[] {
  const keys: string[] = []
  for (let n = 0; Object.keys(keys).length < partitions; n++) {
    keys[partitionFor(`${n}`, partitions)] ??= `${n}`
  }
  return keys
}
