// What an API node reports to Prometheus. Answers are counted in plain numbers, which the counter
// takes over when it is asked: its own inc() takes 0.2 µs. No user and no coupon is ever a label.

import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { Clock, Instant, Moment } from '../../ports/clock.ts'
import { gateVerdicts } from '../../ports/gate.ts'
import { addGauge } from '../metrics/process-metrics.ts'
import type { AdmissionState } from '../orders/order-admission.ts'
import { type ArrivalCounts, ArrivalOrder } from './arrival-order.ts'
import type { ClaimAnswer } from './claim-answers.ts'
import type { AnsweredBy, ClaimObserver, GateObserver } from './claim-parts.ts'

export type ApiMetrics = {
  observer: ClaimObserver
  registry: Registry
  /** Claims answered since the start, by outcome. */
  claimCounts(): Record<ClaimAnswer['kind'], number>
  /** Pairs of claims compared since the start, and those that the log has the other way round. */
  arrivals(): Readonly<ArrivalCounts>
}
export type ApiMetricsParts = {
  clock: Clock
  /** When the fold last knew it had read all there was; undefined before it has started. */
  foldReadAt(): Moment | undefined
  /** By the log's clock; undefined before the claim service has started. */
  logTime(): Instant | undefined
  /** undefined before orders are taken. */
  orders?: (() => AdmissionState | undefined) | undefined
  isReady(): boolean
  /** Whose winners are not in memory now; undefined before the claim service has started. */
  couponsAway?: (() => number | undefined) | undefined
  /** Absent where this node has no gate; then there are no figures of one. */
  gateIsHere?: (() => boolean) | undefined
}

const answerKinds = Object.keys(noAnswers()) as ClaimAnswer['kind'][]
const labelOf = { memory: 'memory', deferred: 'held', log: 'log' } as const

export function createApiMetrics(parts: ApiMetricsParts): ApiMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const answered = { memory: noAnswers(), deferred: noAnswers(), log: noAnswers() }
  new Counter({
    name: 'firstcome_claims_total',
    help:
      'Claims answered, by outcome: from memory, by a record of the log, or (held) from memory ' +
      'after the gate had them held back',
    labelNames: ['outcome', 'by'],
    registers,
    collect() {
      this.reset()
      for (const by of Object.keys(labelOf) as AnsweredBy[]) {
        for (const outcome of answerKinds) {
          this.inc({ outcome, by: labelOf[by] }, answered[by][outcome])
        }
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
    help: 'Records of the claims log that came since the start and are no records at all',
    registers,
  })
  const failures = new Counter({
    name: 'firstcome_append_failures_total',
    help: 'Batches of claims that were given up: nothing of them is stored (no), or nobody knows',
    labelNames: ['stored'],
    registers,
  })
  for (const stored of ['no', 'unknown']) failures.inc({ stored }, 0)
  addGauges(registry, parts)
  addOrders(registry, parts)
  const arrivals = new ArrivalOrder()
  addArrivals(registry, arrivals)
  const { gateIsHere } = parts
  return {
    registry,
    claimCounts: () => summed(Object.values(answered)),
    arrivals: () => arrivals.counts(),
    observer: {
      ...(gateIsHere === undefined ? {} : { gate: createGateMetrics(registry, gateIsHere) }),
      answered(kind, by) {
        answered[by][kind] += 1
      },
      appended(count, seconds) {
        batches.observe(count)
        appendSeconds.observe(seconds)
      },
      appendFailed: (stored) => failures.inc({ stored }),
      voided: () => voided.inc(),
      placed: (couponId, arrivedAt) => arrivals.placed(couponId, arrivedAt),
    },
  }
}

function addGauges(registry: Registry, parts: ApiMetricsParts): void {
  addGauge(registry, {
    name: 'firstcome_fold_age_seconds',
    help: 'How long ago the fold last knew that it had read a partition whole: of the oldest',
    value() {
      const readAt = parts.foldReadAt()
      return readAt === undefined ? readAt : Math.max(0, parts.clock.monotonic() - readAt) / 1000
    },
  })
  addGauge(registry, {
    name: 'firstcome_clock_difference_seconds',
    help: 'How far the clock of this machine is ahead of the log’s, behind where negative',
    value() {
      const at = parts.logTime()
      return at === undefined ? at : (parts.clock.now() - at) / 1000
    },
  })
  addGauge(registry, {
    name: 'firstcome_ready',
    help: '1 while this node answers claims',
    value: () => parts.isReady(),
  })
  addGauge(registry, {
    name: 'firstcome_coupons_away',
    help: 'Coupons that were closed long ago and whose winners are not in memory',
    value: () => parts.couponsAway?.(),
  })
}

function addArrivals(registry: Registry, arrivals: ArrivalOrder): void {
  const registers = [registry]
  new Counter({
    name: 'firstcome_arrival_pairs_total',
    help: 'Pairs of claims on one coupon, near each other in the log, whose arrival was compared',
    registers,
    collect() {
      this.reset()
      this.inc(arrivals.counts().pairs)
    },
  })
  new Counter({
    name: 'firstcome_arrival_inversions_total',
    help: 'Those of them whose earlier one to reach this node has the later place',
    registers,
    collect() {
      this.reset()
      this.inc(arrivals.counts().inversions)
    },
  })
}

function addOrders(registry: Registry, { orders }: ApiMetricsParts): void {
  addGauge(registry, {
    name: 'firstcome_order_expected_seconds',
    help: 'How long a new order would take now, as far as the orders before it tell',
    value() {
      const state = orders?.()
      return state === undefined ? state : state.expectedMs / 1000
    },
  })
  new Counter({
    name: 'firstcome_orders_turned_away_total',
    help: 'Orders that were not taken, because they would not have ended in time',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(orders?.()?.turnedAway ?? 0)
    },
  })
}

/** What the gate said, how long it took, whether it is there, and what became of the deferred. */
function createGateMetrics(registry: Registry, isHere: () => boolean): GateObserver {
  const registers = [registry]
  const verdicts = new Counter({
    name: 'firstcome_gate_verdicts_total',
    help: 'Claims the gate has judged, by verdict: pass, seen or full',
    labelNames: ['verdict'],
    registers,
  })
  const seconds = new Histogram({
    name: 'firstcome_gate_seconds',
    help: 'From asking the gate about a batch of claims to its verdicts, or to giving it up',
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1],
    registers,
  })
  const bypassed = new Counter({
    name: 'firstcome_gate_bypassed_total',
    help: 'Claims that went to the log unasked: the gate was away, or too many waited already',
    registers,
  })
  const released = new Counter({
    name: 'firstcome_gate_released_total',
    help: 'Claims held back at the word of the gate: answered from memory, or sent to the log',
    labelNames: ['to'],
    registers,
  })
  // Each is there from the start, so that the first of a kind are an increase.
  for (const verdict of gateVerdicts) verdicts.inc({ verdict }, 0)
  const ended = { memory: released.labels('memory'), log: released.labels('log') }
  for (const count of Object.values(ended)) count.inc(0)
  addGauge(registry, {
    name: 'firstcome_gate_up',
    help: '1 while the gate is there, 0 while it is away and every claim passes',
    value: isHere,
  })
  return {
    asked(counts, took) {
      seconds.observe(took)
      for (const [verdict, count] of Object.entries(counts)) {
        if (count > 0) verdicts.inc({ verdict }, count)
      }
    },
    bypassed: () => bypassed.inc(),
    released: (to) => ended[to].inc(),
  }
}

type Counts = ReturnType<typeof noAnswers>

function summed(all: readonly Counts[]): Counts {
  const sums = noAnswers()
  for (const counts of all) for (const kind of answerKinds) sums[kind] += counts[kind]
  return sums
}

function noAnswers() {
  const none = {
    issued: 0,
    sold_out: 0,
    not_open: 0,
    paused: 0,
    not_eligible: 0,
    closed: 0,
    unknown_coupon: 0,
  }
  return { ...none, pending: 0, unavailable: 0 } satisfies Record<ClaimAnswer['kind'], number>
}
