// One broker that stops, dies and comes back under appends: what was acknowledged is in the log
// once, what was refused is not, and the log goes on by itself.

import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import type { LogRecord } from '../../../src/ports/log.ts'
import { everyPartition, everyRecord } from '../../contracts/log.ts'
import { throwawayKafka } from '../../services/kafka.ts'
import { waitFor } from '../../services/server-process.ts'
import { checkAnswers, countAnswers, keepAppending } from './appends.ts'
import { connectionTo, newKafkaLog, oldestReadAt } from './log-parts.ts'

const kafka = await throwawayKafka()
const skip = typeof kafka === 'string' ? kafka : false
const limits = { requestMsMax: 1_000, appendMsMax: 2_000 }

after(async () => {
  if (typeof kafka !== 'string') await kafka.stop()
})

function started() {
  assert.ok(typeof kafka !== 'string')
  const [node] = kafka.nodes
  assert.ok(node)
  return { node, connection: connectionTo(kafka.brokers) }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

it('loses and doubles nothing while its broker stands still for 5 s', { skip }, async (t) => {
  const { node, connection } = started()
  const { log, topic } = await newKafkaLog(t, { connection, limits })
  const appending = keepAppending(t, log, topic)
  await waitFor('appends', () => appending.answers.length > 50)
  node.pause()
  const pausedAt = performance.now()
  await sleep(5_000)
  const answers = appending.answers.filter(({ endedAt }) => endedAt > pausedAt + 500)
  node.resume()
  const resumedAt = performance.now()
  await waitFor('an append', () => appending.acknowledgedAfter(resumedAt) !== undefined)
  const againMs = performance.now() - resumedAt
  await appending.stop()
  const records = await everyRecord(log, topic)
  t.diagnostic(`${countAnswers(appending.answers)}; ${Math.round(againMs)} ms after it went on`)
  checkAnswers(appending.answers, records)
  assert.ok(answers.length > 0 && answers.every(({ outcome }) => outcome !== 'stored'))
  assert.ok(againMs <= 2_000, `${againMs} ms`)
})

it('waits for a broker that stands still no longer than it waits for an append', {
  skip,
}, async (t) => {
  const { node, connection } = started()
  const { log, topic } = await newKafkaLog(t, { connection })
  const appending = keepAppending(t, log, topic)
  await waitFor('appends', () => appending.answers.length > 50)
  node.pause()
  await sleep(3_000)
  node.resume()
  const resumedAt = performance.now()
  await waitFor('an append', () => appending.acknowledgedAfter(resumedAt) !== undefined)
  await appending.stop()
  assert.equal(
    countAnswers(appending.answers),
    `${appending.answers.length} stored, 0 refused, 0 unknown`,
  )
  checkAnswers(appending.answers, await everyRecord(log, topic))
})

it('loses and doubles nothing when its broker is killed and started again', { skip }, async (t) => {
  const { node, connection } = started()
  const warnings: string[] = []
  const { log, topic } = await newKafkaLog(t, { connection, warnings })
  const seen: LogRecord[] = []
  const errors: unknown[] = []
  const tail = log.tail({
    topic,
    from: everyPartition(log, topic),
    onBatch: ({ records }) => void seen.push(...records),
    onError: (error) => void errors.push(error),
  })
  const appending = keepAppending(t, log, topic)
  await waitFor('appends', () => appending.answers.length > 50)
  await node.crash()
  const refused = () => appending.answers.filter(({ outcome }) => outcome === 'no').length
  await waitFor('a refusal', () => refused() > 0)
  const readAt = oldestReadAt(tail, { log, topic })
  await waitFor('more refusals', () => refused() > 3)
  assert.equal(oldestReadAt(tail, { log, topic }), readAt, 'a dead broker answered')
  await node.start()
  const startedAt = performance.now()
  await waitFor('an append', () => appending.acknowledgedAfter(startedAt) !== undefined)
  const againMs = performance.now() - startedAt
  await appending.stop()
  const records = await everyRecord(log, topic)
  t.diagnostic(`${countAnswers(appending.answers)}; ${Math.round(againMs)} ms after it served`)
  checkAnswers(appending.answers, records)
  assert.ok(againMs <= 2_000, `${againMs} ms`)

  // The tail that was there all the time has seen the same, each record once and in order.
  await waitFor('the tail', () => seen.length >= records.length)
  const order = (list: LogRecord[]) =>
    list
      .map(({ partition, offset }) => ({ partition, offset }))
      .toSorted((a, b) => a.partition - b.partition)
  assert.deepEqual(order(seen), order(records))
  await waitFor('a read', () => oldestReadAt(tail, { log, topic }) > performance.now() - 1_000)
  assert.deepEqual(errors, [])
  await waitFor('the news', () => warnings.at(-1)?.endsWith(' again') === true)
  warnings.forEach((warning, n) => {
    assert.match(warning, n % 2 === 0 ? / cannot be reached on Kafka now: / : / reached .* again$/)
  })
})

it('says how old its knowledge is while its broker stands still', { skip }, async (t) => {
  const { node, connection } = started()
  const { log, topic } = await newKafkaLog(t, { connection })
  const from = everyPartition(log, topic)
  const tail = log.tail({ topic, from, onBatch: () => {}, onError: assert.fail })
  // Nothing is appended: an empty answer is knowledge too.
  const begun = performance.now()
  await waitFor('two reads', () => oldestReadAt(tail, { log, topic }) > begun + 500)
  node.pause()
  await sleep(500)
  const readAt = oldestReadAt(tail, { log, topic })
  await sleep(1_000)
  assert.equal(oldestReadAt(tail, { log, topic }), readAt, 'a paused broker answered')
  node.resume()
  const resumedAt = performance.now()
  await waitFor('a read', () => oldestReadAt(tail, { log, topic }) > resumedAt)
})
