// What Prometheus is told of every answer: how many there were of each status, and how long those
// of each kind of call took. Counted in arrays: for a claim, prom-client would look up its labels
// for longer than everything else here takes.

import type { FastifyInstance } from 'fastify'
import { Counter, type Histogram, type Registry } from 'prom-client'
import type { Clock } from '../../ports/clock.ts'
import { problems } from '../http/problems/problem-texts.ts'
import { statusOf } from '../http/problems/quiet-refusals.ts'

const routes = [
  'claims',
  'mine',
  'live',
  'coupons',
  'orders',
  'redemptions',
  'proof',
  'console',
  'others',
] as const
export type RouteName = (typeof routes)[number]
const outcomes = ['done', 'refused', 'too_many', 'unavailable', 'failed'] as const
/** Seconds, the upper ends of the buckets. */
export const answerBuckets = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
/** Of each route and outcome: its buckets, the one without an end, and the sum of seconds. */
const width = answerBuckets.length + 2

const statusesEver = new Set([
  200,
  201,
  202,
  204,
  304,
  ...Object.values(problems).map(({ status }) => status),
])
const statusMax = 599
const type = 'histogram'

export const answerSeconds = {
  name: 'firstcome_answer_seconds',
  help: 'From the head of a request to the end of its answer, by kind of call and what it was told',
}

export class AnswerCounts {
  private readonly byStatus = new Float64Array(statusMax + 1)
  private readonly seconds = new Float64Array(routes.length * outcomes.length * width)

  constructor(metrics: Registry | undefined) {
    if (metrics === undefined) return
    const { byStatus } = this
    new Counter({
      name: 'firstcome_answers_total',
      help: 'Answers that have left, by status',
      labelNames: ['status'],
      registers: [metrics],
      collect() {
        this.reset()
        byStatus.forEach((count, status) => {
          if (count > 0 || statusesEver.has(status)) this.inc({ status }, count)
        })
      },
    })
    const labelNames = ['route', 'outcome']
    // prom-client asks a metric for no more than this.
    const histogram = { ...answerSeconds, type, labelNames, get: () => this.histogram() }
    metrics.registerMetric(histogram as unknown as Histogram)
  }

  /** An answer to what was no request, or one that lasts as long as somebody listens. */
  sent(status: number): void {
    this.byStatus[status] = (this.byStatus[status] ?? 0) + 1
  }

  answered(route: RouteName, status: number, ms: number): void {
    this.sent(status)
    const at = placeOf(route, outcomeOf(status))
    const inSeconds = ms / 1000
    let bucket = 0
    while (inSeconds > (answerBuckets[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1
    this.seconds[at + bucket] = (this.seconds[at + bucket] ?? 0) + 1
    this.seconds[at + width - 1] = (this.seconds[at + width - 1] ?? 0) + inSeconds
  }

  private async histogram() {
    const values = routes.flatMap((route) => {
      return outcomes.flatMap((outcome) => {
        const at = placeOf(route, outcome)
        const counts = this.seconds.subarray(at, at + width)
        return histogramValues({ route, outcome }, counts)
      })
    })
    return { ...answerSeconds, type, aggregator: 'sum', values }
  }
}

type Labels = { route: RouteName; outcome: (typeof outcomes)[number] }

function histogramValues(labels: Labels, counts: Float64Array) {
  const { name } = answerSeconds
  let count = 0
  const buckets = [...answerBuckets, '+Inf'].map((le, n) => {
    count += counts[n] ?? 0
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: counts[width - 1] ?? 0 },
    { metricName: `${name}_count`, labels, value: count },
  ]
}

function placeOf(route: RouteName, outcome: Labels['outcome']): number {
  return (routes.indexOf(route) * outcomes.length + outcomes.indexOf(outcome)) * width
}

function outcomeOf(status: number): Labels['outcome'] {
  if (status < 400) return 'done'
  if (status === 429) return 'too_many'
  if (status === 503) return 'unavailable'
  return status < 500 ? 'refused' : 'failed'
}

/** Of what fastify answers. */
export function countAnswers(app: FastifyInstance, counts: AnswerCounts, clock: Clock): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { headersSent } = reply.raw
    const statusCode = statusOf(reply)
    const { url = '' } = request.routeOptions
    // Who has gone was not answered.
    if (headersSent && url === stream) counts.sent(statusCode)
    else if (headersSent) {
      counts.answered(routeOf(url), statusCode, clock.monotonic() - request.arrivedAt)
    }
    done()
  })
}

const stream = '/console/stream'

/** Of a path as it is declared; one that there is not is empty. */
export function routeOf(path: string): RouteName {
  const [, first = '', , third = '', fourth = ''] = path.split('/')
  if (third === 'claims') return fourth === '' ? 'claims' : 'mine'
  if (third === 'live') return 'live'
  if (first === 'proof' || third === 'proof') return 'proof'
  return byFirstPart[first] ?? 'others'
}

const byFirstPart: Readonly<Record<string, RouteName>> = {
  coupons: 'coupons',
  me: 'coupons',
  users: 'coupons',
  orders: 'orders',
  products: 'orders',
  wallets: 'orders',
  'dead-letters': 'orders',
  codes: 'redemptions',
  redemptions: 'redemptions',
  console: 'console',
}
