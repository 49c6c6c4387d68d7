// The Grafana dashboard against the metrics that the roles really have: no query for a metric or a
// label that is not there, and no metric of ours that nobody looks at.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { describe, it } from 'node:test'
import createFastify from 'fastify'
import { Registry } from 'prom-client'
import { systemClock } from '../src/adapters/clock-system.ts'
import { createApiMetrics } from '../src/api/claims/api-metrics.ts'
import { cookieName } from '../src/api/console/session-cookie.ts'
import { countRefusals } from '../src/api/http/auth.ts'
import { limitConnections } from '../src/api/http/connections.ts'
import { countUnavailable } from '../src/api/http/problems/problems.ts'
import { serverLimits } from '../src/api/http/server-limits.ts'
import { AnswerCounts } from '../src/api/metrics/answer-metrics.ts'
import {
  createDatabaseMetrics,
  createLogMetrics,
  createRoleMetrics,
} from '../src/api/metrics/process-metrics.ts'
import { createConsumerMetrics } from '../src/consumer/consumer-metrics.ts'
import { createIssuerMetrics } from '../src/issuer/issuer-metrics.ts'
import { addProofMetrics } from '../src/issuer/proof/proof-metrics.ts'
import { addWitnessMetrics } from '../src/issuer/proof/witness-metrics.ts'
import { consumerNames } from '../src/ports/orders.ts'

type Place = { x: number; y: number; w: number; h: number }
type Panel = {
  title: string
  gridPos: Place
  targets?: { expr: string; legendFormat: string }[]
}

const path = new URL('../docs/grafana-dashboard.json', import.meta.url)
const { panels } = JSON.parse(readFileSync(path, 'utf8')) as { panels: Panel[] }
const queries = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({ title, expr, legendFormat })),
)

const tokens = new Registry()
countRefusals(tokens)

const connections = new Registry()
limitConnections(createServer(), {
  clock: systemClock(),
  limits: serverLimits,
  metrics: connections,
})

const answers = new Registry()
countUnavailable(createFastify(), answers)
new AnswerCounts(answers).sent(200)

const progress = { positions: () => new Map<number, number>(), ends: () => null }
const proof = new Registry()
addProofMetrics(proof, progress)
addWitnessMetrics(proof, ['witness.example'])

const registries = [
  createApiMetrics({
    clock: systemClock(),
    foldReadAt: () => 0,
    logTime: () => 0,
    isReady: () => true,
    gateIsHere: () => true,
  }).registry,
  tokens,
  createIssuerMetrics(progress).registry,
  proof,
  createConsumerMetrics({ names: consumerNames, consumers: () => new Map(), ends: () => null })
    .registry,
  createDatabaseMetrics(() => ({ reachable: true, failures: 0, open: 0, busy: 0, waiting: 0 })),
  createRoleMetrics(() => true),
  createLogMetrics(() => 0),
  connections,
  answers,
]
/** By name, as Prometheus stores them: with the labels of each. */
const metrics = new Map(registries.flatMap(seriesOf))
/** Prometheus itself adds these to everything it reads. */
const scraped = ['instance', 'job']

describe('the metrics', () => {
  it('are all looked at here', () => {
    const root = new URL('..', import.meta.url)
    const source = globSync('src/**/*.ts', { cwd: root })
      .map((file) => readFileSync(new URL(file, root), 'utf8'))
      .join('')
    const named = [...source.matchAll(/'(firstcome_[a-z_]+)'/g)].map(([, name = '']) => name)
    const known = new Set([...metrics.keys()].map(familyOf))
    assert.ok(named.length > 30)
    assert.deepEqual(
      named.filter((name) => name !== cookieName && !known.has(name)),
      [],
    )
  })

  it('have every counter from the start, with each label that it can have', async () => {
    const all = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))
    const counters = all.flat().filter(({ type }) => String(type) === 'counter')
    assert.ok(counters.length > 10)
    assert.deepEqual(
      counters.filter(({ values }) => values.length === 0).map(({ name }) => name),
      [],
    )
  })
})

describe('the dashboard', () => {
  it('asks for metrics that there are, by labels that they have', () => {
    assert.ok(queries.length > 20)
    const wrong = queries.flatMap(({ title, expr }) => {
      const { names, labels } = partsOf(expr)
      assert.ok(names.length > 0, `${title}: ${expr} asks for nothing`)
      const known = new Set([...scraped, ...names.flatMap((name) => metrics.get(name) ?? [])])
      return [
        ...names.filter((name) => !metrics.has(name)).map((name) => `${title}: no metric ${name}`),
        ...labels
          .filter((label) => !known.has(label))
          .map((label) => `${title}: no label ${label}`),
      ]
    })
    assert.deepEqual(wrong, [])
  })

  it('names in its legends only labels that a query keeps', () => {
    const wrong = queries.filter(({ expr, legendFormat }) => {
      const { labels } = partsOf(expr)
      const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label ?? '')
      return shown.some((label) => !labels.includes(label))
    })
    assert.deepEqual(wrong, [])
  })

  it('shows every metric of ours', () => {
    const shown = new Set(queries.flatMap(({ expr }) => partsOf(expr).names.map(familyOf)))
    const own = [...metrics.keys()].filter((name) => name.startsWith('firstcome_')).map(familyOf)
    assert.deepEqual(
      own.filter((name) => !shown.has(name)),
      [],
    )
  })

  it('has a place for each panel, where no other is', () => {
    const taken = new Map<string, string>()
    for (const { title, gridPos } of panels) {
      const { x, y, w, h } = gridPos
      assert.ok(x >= 0 && x + w <= 24, title)
      for (let at = 0; at < w * h; at++) {
        const cell = `${x + (at % w)} ${y + Math.floor(at / w)}`
        assert.equal(taken.get(cell), undefined, title)
        taken.set(cell, title)
      }
    }
  })

  it('would notice a name that is wrong', () => {
    const { names, labels } = partsOf('sum by (le, x) (rate(firstcome_nope_bucket{y="a"}[5m])) / 2')
    assert.deepEqual(names, ['firstcome_nope_bucket'])
    assert.deepEqual(labels, ['le', 'x', 'y'])
    assert.ok(!metrics.has('firstcome_nope_bucket'))
  })
})

type Registered = { name: string; type: unknown; labelNames?: string[] }

function seriesOf(registry: Registry): [string, string[]][] {
  return registry.getMetricsAsArray().flatMap((metric) => {
    const { name, type, labelNames = [] } = metric as unknown as Registered
    if (type !== 'histogram') return [[name, labelNames]]
    return [
      [`${name}_bucket`, [...labelNames, 'le']],
      [`${name}_sum`, labelNames],
      [`${name}_count`, labelNames],
    ] satisfies [string, string[]][]
  })
}

function familyOf(name: string): string {
  return name.replace(/_(bucket|sum|count)$/, '')
}

/** What a PromQL expression names; enough of the language for what the dashboard says. */
function partsOf(expr: string): { names: string[]; labels: string[] } {
  const labels: string[] = []
  const withoutText = expr.replaceAll(/"[^"]*"/g, '""').replaceAll(/\[[^\]]*\]/g, '')
  const grouped = withoutText.replaceAll(/\b(?:by|without)\s*\(([^)]*)\)/g, (_, list: string) => {
    labels.push(...list.split(',').map((label) => label.trim()))
    return ''
  })
  const bare = grouped.replaceAll(/\{([^}]*)\}/g, (_, list: string) => {
    for (const [, label = ''] of list.matchAll(/(\w+)\s*[=!]/g)) labels.push(label)
    return ''
  })
  const names = [...bare.matchAll(/[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])/g)].map(([name]) => name)
  return { names, labels }
}
