// The metrics of the consumers of orders.

import { Counter, Gauge, Registry } from 'prom-client'
import type { LogEnds } from '../ports/log-ends.ts'
import type { ConsumerName, Taken } from '../ports/orders.ts'
import { portErrorCodes } from '../ports/port-error.ts'
import type { ConsumerObserver } from './batch-handler.ts'
import type { Consumer } from './consumer.ts'

export type ConsumerMetrics = {
  observer(consumer: ConsumerName): ConsumerObserver
  registry: Registry
}
export type ConsumerMetricsParts = {
  /** Those that are started here. */
  names: readonly ConsumerName[]
  /** Those that run. */
  consumers(): ReadonlyMap<ConsumerName, Consumer>
  /** null: the log is not open yet. */
  ends(): LogEnds | null
}

const fates: Readonly<Record<keyof Taken, string>> = {
  applied: 'applied',
  dropped: 'dropped',
  postponed: 'postponed',
  buried: 'buried',
  passedBy: 'passed_by',
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
  // Each is there from the start, so that the first of a kind are an increase.
  for (const consumer of parts.names) {
    for (const fate of Object.values(fates)) records.inc({ consumer, fate }, 0)
    for (const code of portErrorCodes) waiting.inc({ consumer, code }, 0)
  }
  addLag(registers, parts)
  return {
    registry,
    observer: (consumer) => ({
      taken(taken) {
        for (const outcome of Object.keys(fates) as (keyof Taken)[]) {
          const count = taken[outcome]
          // Each count costs as much as reading a record.
          if (count > 0) records.inc({ consumer, fate: fates[outcome] }, count)
        }
      },
      waiting: (error) => waiting.inc({ consumer, code: error.code }),
    }),
  }
}

function addLag(registers: Registry[], { consumers, ends }: ConsumerMetricsParts): void {
  new Gauge({
    name: 'firstcome_consumer_lag_records',
    help: 'Records of a topic that a consumer has still to take in the partitions it owns',
    labelNames: ['consumer', 'topic'],
    registers,
    collect() {
      this.reset()
      for (const [consumer, running] of consumers()) {
        const byTopic = Map.groupBy(running.positions(), ({ topic }) => topic)
        for (const [topic, positions] of byTopic) {
          const bounds = ends()?.of(topic) ?? []
          if (bounds.length === 0) continue
          let lag = 0
          for (const { partition, next } of positions) {
            lag += Math.max(0, (bounds[partition]?.end ?? next) - next)
          }
          this.set({ consumer, topic }, lag)
        }
      }
    },
  })
}
