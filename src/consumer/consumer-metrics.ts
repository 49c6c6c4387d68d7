// The metrics of the consumers of orders.

import { Counter, Gauge, Registry } from 'prom-client'
import type { LogBounds } from '../ports/log.ts'
import type { ConsumerName } from '../ports/orders.ts'
import type { ConsumerObserver } from './batch-handler.ts'
import type { Consumer } from './consumer.ts'

export type ConsumerMetrics = {
  observer(consumer: ConsumerName): ConsumerObserver
  registry: Registry
}
export type ConsumerMetricsParts = {
  /** Those that run. */
  consumers(): ReadonlyMap<ConsumerName, Consumer>
  /** Of a topic, or none while the log does not say; asked for at every scrape. */
  bounds(topic: string): Promise<readonly LogBounds[]>
}

export function createConsumerMetrics(parts: ConsumerMetricsParts): ConsumerMetrics {
  const registry = new Registry()
  const registers = [registry]
  const records = new Counter({
    name: 'firstcome_consumer_records_total',
    help: 'Records that a consumer of orders has taken, by what became of them',
    labelNames: ['consumer', 'fate'],
    registers,
  })
  const waiting = new Counter({
    name: 'firstcome_consumer_retries_total',
    help: 'Calls of the database or the log that failed and are tried again, in order',
    labelNames: ['consumer', 'code'],
    registers,
  })
  addLag(registers, parts)
  return {
    registry,
    observer: (consumer) => ({
      taken(taken) {
        for (const [outcome, count] of Object.entries(taken)) {
          const fate = outcome === 'passedBy' ? 'passed_by' : outcome
          if (count > 0) records.inc({ consumer, fate }, count)
        }
      },
      waiting: (error) => waiting.inc({ consumer, code: error.code }),
    }),
  }
}

function addLag(registers: Registry[], { consumers, bounds }: ConsumerMetricsParts): void {
  new Gauge({
    name: 'firstcome_consumer_lag_records',
    help: 'Records of a topic that a consumer has still to take in the partitions it owns',
    labelNames: ['consumer', 'topic'],
    registers,
    async collect() {
      this.reset()
      for (const [consumer, running] of consumers()) {
        const byTopic = Map.groupBy(running.positions(), ({ topic }) => topic)
        for (const [topic, positions] of byTopic) {
          const ends = await bounds(topic)
          if (ends.length === 0) continue
          let lag = 0
          for (const { partition, next } of positions) {
            lag += Math.max(0, (ends[partition]?.end ?? next) - next)
          }
          this.set({ consumer, topic }, lag)
        }
      }
    },
  })
}
