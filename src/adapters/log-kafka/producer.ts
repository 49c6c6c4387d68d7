// Appends: what is asked for while a batch of its partition is in flight is collected, and sent as
// the next one. Each partition has a lane of its own, so that one without a leader delays no other.

import { partitionFor } from '../../domain/partitioner.ts'
import type { LogEntry, LogPlace } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import type { Append } from './batches.ts'
import type { Cluster } from './cluster.ts'
import { add, laneName, refuseWaiting } from './lane.ts'
import { Sender } from './sender.ts'

export type KafkaProducer = {
  append(topic: string, entries: readonly LogEntry[]): Promise<LogPlace[]>
  /** Resolves when nothing is under way; what still waits is refused. */
  close(): Promise<void>
}

export function createProducer(cluster: Cluster): KafkaProducer {
  const { limits, clock } = cluster
  const sender = new Sender(cluster)
  let closed = false

  return {
    async append(topic, entries) {
      if (closed) throw refusal('log_unavailable', isClosed.reason)
      if (entries.length === 0) return []
      const byPartition = indexesByPartition(entries, cluster.topic(topic).leaders.length)
      const lanes = [...byPartition].map(([partition, indexes]) => {
        return { lane: sender.lane(topic, partition), indexes }
      })
      for (const { lane, indexes } of lanes) {
        if (lane.waiting > 0 && lane.waiting + indexes.length > limits.recordsWaitingMax) {
          throw refusal(
            'log_full',
            `${lane.waiting} records wait to be appended to ${laneName(lane)}`,
          )
        }
      }
      const { promise, resolve, reject } = Promise.withResolvers<LogPlace[]>()
      const places = entries.map(() => nowhere)
      const progress = { places, openParts: lanes.length, touched: false, failure: null }
      const append: Append = { entries, ...progress, resolve, reject }
      const beginBefore = clock.monotonic() + limits.appendMsMax
      for (const { lane, indexes } of lanes) {
        add(lane, { append, indexes, taken: 0, beginBefore })
      }
      sender.wake()
      return promise
    },
    async close() {
      closed = true
      for (const lane of sender.lanes()) refuseWaiting(lane, isClosed)
      await sender.idle()
      sender.close()
    },
  }
}

function indexesByPartition(
  entries: readonly LogEntry[],
  partitions: number,
): Map<number, number[]> {
  const byPartition = new Map<number, number[]>()
  let lastKey: string | undefined
  let indexes: number[] = []
  for (const [n, { key }] of entries.entries()) {
    if (key !== lastKey) {
      const partition = partitionFor(key, partitions)
      indexes = byPartition.get(partition) ?? []
      byPartition.set(partition, indexes)
      lastKey = key
    }
    indexes.push(n)
  }
  return byPartition
}

/** Until it is stored. */
const nowhere: LogPlace = { partition: -1, offset: -1 }
const isClosed = { reason: 'the log is closed', retryable: true }

function refusal(code: 'log_unavailable' | 'log_full', message: string): PortError {
  return new PortError(code, message, { retryable: true, appended: 'no' })
}
