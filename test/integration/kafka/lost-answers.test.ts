// What happens on the way to the broker: an answer that is lost, and a request that arrives when
// nobody waits for it any more.

import assert from 'node:assert/strict'
import { after, it, type TestContext } from 'node:test'
import type { KafkaLimits } from '../../../src/adapters/log-kafka/limits.ts'
import type { Log } from '../../../src/ports/log.ts'
import { everyPartition, everyRecord } from '../../contracts/log.ts'
import { throwawayKafka } from '../../services/kafka.ts'
import { produceKey, startKafkaProxy } from '../../services/kafka-proxy.ts'
import { freePort, waitFor } from '../../services/server-process.ts'
import { append, checkAnswers } from './appends.ts'
import { connectionTo, newKafkaLog } from './log-parts.ts'

const proxyPort = await freePort()
const kafka = await throwawayKafka({ advertisedPorts: [proxyPort] })
const skip = typeof kafka === 'string' ? kafka : false
const proxy =
  typeof kafka === 'string' ? null : await startKafkaProxy(proxyPort, kafka.nodes[0]?.port ?? 0)
/** A broker that stands still for a second on a loaded machine changes nothing. */
const limits = {
  requestMsMax: 500,
  appendMsMax: 3_000,
  refusedAppendMsMax: 10_000,
  fetchMsMax: 250,
}
/** For megabytes on a loaded machine. */
const unhurried = { requestMsMax: 20_000, appendMsMax: 30_000 }

after(async () => {
  await proxy?.close()
  if (typeof kafka !== 'string') await kafka.stop()
})

async function newLog(t: TestContext, more: Partial<KafkaLimits> = {}) {
  assert.ok(typeof kafka !== 'string' && proxy !== null)
  const connection = connectionTo(kafka.brokers)
  return { proxy, ...(await newKafkaLog(t, { connection, limits: { ...limits, ...more } })) }
}

async function textsOf(log: Log, topic: string): Promise<string[]> {
  return (await everyRecord(log, topic)).map(({ value }) => value.toString())
}

for (const how of ['silently', 'with the connection'] as const) {
  it(`knows where its records are although the answer was lost ${how}`, { skip }, async (t) => {
    const { proxy: between, log, topic } = await newLog(t)
    const answers = [await append(log, topic, { caller: 1, texts: ['a', 'b'] })]
    const loss = between.loseNextAnswer(produceKey, how)
    answers.push(await append(log, topic, { caller: 1, texts: ['c', 'd'] }))
    assert.ok(loss.isLost())
    answers.push(await append(log, topic, { caller: 1, texts: ['e'] }))
    assert.deepEqual(
      answers.map(({ outcome, places }) => [outcome, places.map(({ offset }) => offset)]),
      [
        ['stored', [0, 1]],
        ['stored', [2, 3]],
        ['stored', [4]],
      ],
    )
    checkAnswers(answers, await everyRecord(log, topic))
  })
}

it('does not know of a request that hangs, and it never comes behind a later one', {
  skip,
}, async (t) => {
  const { proxy: between, log, topic } = await newLog(t)
  assert.equal((await append(log, topic, { caller: 1, texts: ['first'] })).outcome, 'stored')
  const hold = between.hold(produceKey)
  const late = await append(log, topic, { caller: 1, texts: ['late'] })
  assert.equal(late.outcome, 'unknown')
  assert.ok(hold.count() >= 1)
  hold.letOthersPass()
  assert.equal((await append(log, topic, { caller: 1, texts: ['second'] })).outcome, 'stored')
  await hold.release()
  assert.equal((await append(log, topic, { caller: 1, texts: ['third'] })).outcome, 'stored')
  assert.deepEqual(await textsOf(log, topic), ['first', 'second', 'third'])
})

it('stores a request that hung once, where nothing was appended since', { skip }, async (t) => {
  const { proxy: between, log, topic } = await newLog(t)
  const hold = between.hold(produceKey)
  const late = await append(log, topic, { caller: 1, texts: ['late'] })
  assert.equal(late.outcome, 'unknown')
  assert.ok(hold.count() >= 2, 'it was sent again under the same number')
  await hold.release()
  assert.equal((await append(log, topic, { caller: 1, texts: ['next'] })).outcome, 'stored')
  assert.deepEqual(await textsOf(log, topic), ['late', 'next'])
})

it('refuses what waited behind a hanging request for too long, and stores none of it', {
  skip,
}, async (t) => {
  const { proxy: between, log, topic } = await newLog(t)
  const hold = between.hold(produceKey)
  const first = append(log, topic, { caller: 1, texts: ['first'] })
  await waitFor('the request', () => hold.count() > 0)
  const second = await append(log, topic, { caller: 1, texts: ['second'] })
  assert.equal(second.outcome, 'no')
  assert.equal((await first).outcome, 'unknown')
  await hold.release()
  assert.deepEqual(await textsOf(log, topic), ['first'])
})

it('says that it is full where too many records wait, and takes them again afterwards', {
  skip,
}, async (t) => {
  const {
    proxy: between,
    log,
    topic,
  } = await newLog(t, { recordsWaitingMax: 100, appendMsMax: 5_000 })
  const hold = between.hold(produceKey)
  const entries = Array.from({ length: 50 }, (_, n) => ({ key: 'a', value: Buffer.from(`${n}`) }))
  const first = log.append(topic, entries)
  await waitFor('the request', () => hold.count() > 0)
  const second = log.append(topic, entries)
  const full = { code: 'log_full', appended: 'no', retryable: true }
  await assert.rejects(log.append(topic, entries.slice(0, 1)), full)
  await hold.release()
  assert.equal((await Promise.all([first, second])).flat().length, 100)
  await log.append(topic, entries)
  assert.equal((await textsOf(log, topic)).length, 150)
})

it('gets through to a broker whose every answer comes later than it waits for at first', {
  skip,
}, async (t) => {
  const slow = { appendMsMax: 10_000, slowRequestMsMax: 4_000 }
  const { proxy: between, log, topic } = await newLog(t, slow)
  const read: string[] = []
  const tail = log.tail({
    topic,
    from: everyPartition(log, topic),
    onBatch: ({ records }) => void read.push(...records.map(({ value }) => value.toString())),
    onError: assert.fail,
  })
  t.after(() => tail.close())
  between.delayAnswers(limits.requestMsMax + limits.fetchMsMax + 200)
  t.after(() => between.delayAnswers(0))
  const texts = ['first', 'second', 'third']
  for (const text of texts) {
    assert.equal((await append(log, topic, { caller: 1, texts: [text] })).outcome, 'stored')
  }
  await waitFor('the tail', () => read.length >= texts.length)
  assert.deepEqual(read, texts)
})

it('refuses for good what Kafka does not take, and nothing else', { skip }, async (t) => {
  const { log, topic } = await newLog(t, unhurried)
  const large = log.append(topic, [{ key: 'a', value: Buffer.alloc(2_000_000) }])
  const small = log.append(topic, [{ key: 'a', value: Buffer.from('small') }])
  await assert.rejects(large, {
    code: 'log_unavailable',
    appended: 'no',
    retryable: false,
    message: /MESSAGE_TOO_LARGE/,
  })
  assert.equal((await small).length, 1)
  assert.deepEqual(await textsOf(log, topic), ['small'])
})

it('cuts what is too much for one batch, in order', { skip }, async (t) => {
  const { log, topic } = await newLog(t, unhurried)
  const entries = Array.from({ length: 5_000 }, (_, n) => ({
    key: 'a',
    value: Buffer.from(`${n}`.padEnd(1_000, '.')),
  }))
  const places = await log.append(topic, entries)
  assert.deepEqual(
    places.map(({ offset }) => offset),
    [...entries.keys()],
  )
  const texts = await textsOf(log, topic)
  assert.deepEqual(
    texts,
    entries.map(({ value }) => value.toString()),
  )
})
