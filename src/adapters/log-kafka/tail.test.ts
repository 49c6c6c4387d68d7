// Who reads what while leaders change, which anybody may learn who asks the cluster: a partition
// without a reader would stand still for ever, and nothing would fail.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '@platformatic/kafka'
import { systemClock } from '../clock-system.ts'
import type { Cluster, Leader } from './cluster.ts'
import { type Broker, type Links, Unreachable } from './connection.ts'
import { defaultKafkaLimits } from './limits.ts'
import type { FetchedPartition } from './requests.ts'
import { SharedFetches } from './shared-fetches.ts'
import { followKafka } from './tail.ts'

const topic = 'claims'
/** Of no broker: while a partition has no leader. */
const nobody = -1

type Answer = { errorCode: number; partitions: FetchedPartition[] }
/** A broker that was asked, and has not answered. */
type Question = { node: number; answer(): void }

/** A cluster whose leaders are set by the test, and whose brokers answer when it says so. */
function createWorld(nodes: readonly number[]) {
  const leaders = nodes.map((node): Leader => ({ node, epoch: 0 }))
  const asked: Question[] = []
  const connectionTo = ({ port: node }: Broker) => {
    const ask = (done: (error: Error | null, answer?: Answer) => void) => {
      const led = leaders.flatMap((leader, n) => (leader.node === node ? [n] : []))
      asked.push({
        node,
        answer: () => done(null, { errorCode: 0, partitions: led.map(nothingNew) }),
      })
    }
    return { send: (...given: unknown[]) => ask(given.at(-1) as never) } as unknown as Connection
  }
  const links: Links = { to: async (broker) => connectionTo(broker), close: () => {} }
  const refreshing: (() => void)[] = []
  const refresh = () => new Promise<void>((resolve) => refreshing.push(resolve))
  const cluster: Cluster = {
    links,
    limits: defaultKafkaLimits,
    clock: systemClock(),
    fetches: new SharedFetches(),
    newLinks: () => links,
    broker(node) {
      if (node === nobody) throw new Unreachable('the partition has no leader now')
      return { host: 'broker', port: node }
    },
    brokers: () => [],
    topic: () => ({ topicId: 'id', leaders }),
    refresh,
    waitAndRefresh: refresh,
    onWarning() {},
  }
  const tail = followKafka(cluster, {
    topic,
    from: new Map(leaders.map((_, n) => [n, 0])),
    onBatch() {},
    onError: assert.fail,
  })
  /** The next one who asks this broker. */
  async function question(node: number): Promise<Question> {
    for (const deadline = performance.now() + 10_000; ; ) {
      const at = asked.findIndex((one) => one.node === node)
      const [found] = at === -1 ? [] : asked.splice(at, 1)
      if (found !== undefined) return found
      assert.ok(performance.now() < deadline, `nobody asks broker ${node}`)
      // Whoever waits for the cluster is told, as far as there is anything to tell.
      for (const told of refreshing.splice(0)) told()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return {
    question,
    async close() {
      const closed = tail.close()
      for (const told of refreshing.splice(0)) told()
      for (const one of asked.splice(0)) one.answer()
      await closed
    },
    /** As somebody learns who has asked the cluster. */
    lead(partition: number, node: number) {
      const { epoch = 0 } = leaders[partition] ?? {}
      leaders[partition] = { node, epoch: epoch + 1 }
    },
  }
}

function nothingNew(partition: number): FetchedPartition {
  return { partition, errorCode: 0, start: 0, end: 0, divergesAt: -1, records: null }
}

test('a partition is read again that had no leader while its broker answered', async () => {
  const world = createWorld([1])
  const before = await world.question(1)
  world.lead(0, nobody)
  before.answer()
  // Nobody leads it, and nobody can be asked, until somebody does.
  await new Promise((resolve) => setImmediate(resolve))
  world.lead(0, 1)
  ;(await world.question(1)).answer()
  await world.close()
})

test('a partition whose leader has changed is read from the new one', async () => {
  const world = createWorld([1, 1])
  const before = await world.question(1)
  world.lead(1, 2)
  before.answer()
  const [one, two] = await Promise.all([world.question(1), world.question(2)])
  one.answer()
  two.answer()
  await world.close()
})
