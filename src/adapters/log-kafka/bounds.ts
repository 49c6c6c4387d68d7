// Where the partitions of a topic start and end, asked of their leaders: the end is what is known
// to survive the leader, so an acknowledged record is always before it.

import { listOffsetsV7 } from '@platformatic/kafka'
import { type LogBounds, PortError } from '../../ports/coupons.ts'
import type { Cluster } from './cluster.ts'
import { ask, errorName, reasonOf } from './connection.ts'

const earliest = -2n
const latest = -1n

export async function readBounds(cluster: Cluster, topic: string): Promise<LogBounds[]> {
  const { clock, limits } = cluster
  const deadline = clock.now() + limits.questionMsMax
  for (;;) {
    try {
      // The start first: a start read after the end could lie behind it.
      const starts = await readOffsets(cluster, topic, earliest)
      const ends = await readOffsets(cluster, topic, latest)
      return starts.map((start, partition) => ({ start, end: ends[partition] ?? start }))
    } catch (error) {
      if (error instanceof PortError) throw error
      if (clock.now() >= deadline) {
        const message = `Kafka does not say where ${topic} ends: ${reasonOf(error)}`
        throw new PortError('log_unavailable', message, { retryable: true, cause: error })
      }
      await new Promise<void>((resolve) => clock.after(limits.retryMs, resolve))
      await cluster.refresh().catch(() => {})
    }
  }
}

async function readOffsets(cluster: Cluster, topic: string, timestamp: bigint): Promise<number[]> {
  const { leaders } = cluster.topic(topic)
  const offsets: number[] = []
  const byNode = Map.groupBy(leaders.keys(), (partition) => leaders[partition]?.node ?? -1)
  for (const [node, partitions] of byNode) {
    const broker = cluster.broker(node)
    if (broker === undefined) throw new Error('a partition has no leader now')
    const wanted = partitions.map((partitionIndex) => {
      const currentLeaderEpoch = leaders[partitionIndex]?.epoch ?? -1
      return { partitionIndex, currentLeaderEpoch, timestamp }
    })
    const connection = await cluster.links.to(broker)
    const asked = [{ name: topic, partitions: wanted }]
    const answer = await ask(connection, listOffsetsV7.api, [-1, 0, asked])
    for (const { partitionIndex, errorCode, offset } of answer.topics[0]?.partitions ?? []) {
      if (errorCode !== 0) throw new Error(errorName(errorCode))
      offsets[partitionIndex] = Number(offset)
    }
  }
  return offsets
}
