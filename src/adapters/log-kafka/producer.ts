// Appends: what is asked for while batches are in flight is collected, and sent as the next ones.
// A batch is numbered, so sending it again stores nothing twice; after one whose outcome stays
// unknown the epoch is raised, so that it cannot come behind a later append: once that is in the
// log, the broker refuses the earlier one, however late it arrives.

import type { LogEntry, LogPlace } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { type Append, refuse, settle, takeBatches } from './batches.ts'
import type { Cluster } from './cluster.ts'
import { Sender } from './sender.ts'

export type KafkaProducer = {
  append(topic: string, entries: readonly LogEntry[]): Promise<LogPlace[]>
  /** Resolves when nothing is under way; what still waits is refused. */
  close(): Promise<void>
}

/** Bounds how long the next append waits for this one. */
const recordsInFlightMax = 20_000

export function createProducer(cluster: Cluster): KafkaProducer {
  const { limits, clock } = cluster
  const queue: Append[] = []
  const sender = new Sender(cluster)
  let waiting = 0
  let sending: Promise<void> | null = null
  let closed = false

  async function sendAll(): Promise<void> {
    // One turn later, so that everything asked for in this turn goes together.
    await Promise.resolve()
    for (;;) {
      dropLate()
      const batches = takeBatches(queue, { ...limits, recordsInFlightMax })
      if (batches.length === 0) break
      await sender.send(batches)
      settle(batches, queue)
      waiting = queue.reduce((sum, { entries, taken }) => sum + entries.length - taken, 0)
    }
    waiting = 0
    sending = null
  }

  function dropLate(): void {
    for (let append = queue[0]; append !== undefined && !append.touched; append = queue[0]) {
      if (!closed && clock.monotonic() <= append.beginBefore) return
      queue.shift()
      refuse(append, closed ? 'the log is closed' : 'Kafka has not answered others for too long')
    }
  }

  return {
    async append(topic, entries) {
      if (closed) throw refusal('log_unavailable', 'the log is closed')
      if (entries.length === 0) return []
      if (waiting > 0 && waiting + entries.length > limits.recordsWaitingMax) {
        throw refusal('log_full', `${waiting} records wait to be appended`)
      }
      const partitions = cluster.topic(topic).leaders.length
      const { promise, resolve, reject } = Promise.withResolvers<LogPlace[]>()
      const places = entries.map(() => nowhere)
      const beginBefore = clock.monotonic() + limits.appendMsMax
      const settling = { resolve, reject, settled: false }
      const progress = { taken: 0, places, placed: 0, touched: false }
      queue.push({ topic, partitions, entries, beginBefore, ...progress, ...settling })
      waiting += entries.length
      sending ??= sendAll()
      return promise
    },
    async close() {
      closed = true
      await sending
      sender.close()
    },
  }
}

/** Until it is stored. */
const nowhere: LogPlace = { partition: -1, offset: -1 }

function refusal(code: 'log_unavailable' | 'log_full', message: string): PortError {
  return new PortError(code, message, { retryable: true, appended: 'no' })
}
