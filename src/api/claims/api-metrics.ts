// What an API node tells Prometheus. Answers are counted in plain numbers, which the counter takes
// over when it is asked: its own inc() takes 0.2 µs. No user and no coupon is ever a label.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Clock, Instant } from '../../ports/clock.ts'
import type { ClaimAnswer } from './claim-answers.ts'
import type { ClaimObserver } from './claim-service.ts'
import { createGateMetrics } from './gate-metrics.ts'

export type ApiMetrics = { observer: ClaimObserver; registry: Registry }
export type ApiMetricsParts = {
  clock: Clock
  /** When the fold last knew it had read all there was; undefined before it has started. */
  foldReadAt(): Instant | undefined
  isReady(): boolean
  /** Absent where this node has no gate; then there are no figures of one. */
  gateIsHere?: (() => boolean) | undefined
}

const answerKinds = Object.keys(noAnswers()) as ClaimAnswer['kind'][]

export function createApiMetrics(parts: ApiMetricsParts): ApiMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const answered = { memory: noAnswers(), held: noAnswers(), log: noAnswers() }
  new Counter({
    name: 'firstcome_claims_total',
    help:
      'Claims answered, by outcome: from memory, by a record of the log, or (held) from memory ' +
      'after the gate had them held back',
    labelNames: ['outcome', 'by'],
    registers,
    collect() {
      this.reset()
      for (const by of ['memory', 'held', 'log'] as const) {
        for (const outcome of answerKinds) this.inc({ outcome, by }, answered[by][outcome])
      }
    },
  })
  const batches = new Histogram({
    name: 'firstcome_append_claims',
    help: 'Claims in one append to the log',
    buckets: [1, 3, 10, 30, 100, 300, 1_000, 3_000, 5_000],
    registers,
  })
  const appendSeconds = new Histogram({
    name: 'firstcome_append_seconds',
    help: 'From handing a batch of claims to the log until it was durable',
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5],
    registers,
  })
  const voided = new Counter({
    name: 'firstcome_void_records_total',
    help: 'Records of the claims log that are no records at all',
    registers,
  })
  new Gauge({
    name: 'firstcome_fold_age_seconds',
    help: 'How long ago the fold last knew that it had read the whole log',
    registers,
    collect() {
      const readAt = parts.foldReadAt()
      if (readAt !== undefined) this.set(Math.max(0, parts.clock.now() - readAt) / 1000)
    },
  })
  new Gauge({
    name: 'firstcome_ready',
    help: '1 while this node answers claims',
    registers,
    collect() {
      this.set(parts.isReady() ? 1 : 0)
    },
  })
  const { gateIsHere } = parts
  return {
    registry,
    observer: {
      ...(gateIsHere === undefined ? {} : { gate: createGateMetrics(registry, gateIsHere) }),
      answered(kind, by) {
        answered[by][kind] += 1
      },
      appended(count, seconds) {
        batches.observe(count)
        appendSeconds.observe(seconds)
      },
      voided: () => voided.inc(),
    },
  }
}

function noAnswers(): Record<ClaimAnswer['kind'], number> {
  return {
    issued: 0,
    sold_out: 0,
    not_open: 0,
    paused: 0,
    closed: 0,
    unknown_coupon: 0,
    pending: 0,
    unavailable: 0,
  }
}
