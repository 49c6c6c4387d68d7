// The alert rules, tried by promtool on made-up series of three roles: each rings where it should,
// and none beside it. A burst is seen wherever it begins: from 0, in a series that appears with its
// first value, in a process that takes the place of one which had counted as many, and behind a
// time without scrapes.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { promtool, whyNoPrometheus } from '../services/prometheus.ts'

const path = join(import.meta.dirname, '../../docs/prometheus-alerts.yml')
const text = readFileSync(path, 'utf8')
type Rule = { alert: string; expr: string; for?: string; labels: { severity: string } }
const { groups } = parse(text) as { groups: { rules: Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)

/** By series of all three roles, its values, one a minute: a service in which all is well. */
const calm: Readonly<Record<string, string>> = {
  'up api': '1x40',
  'up issuer': '1x40',
  'up orders': '1x40',
  'process_start_time_seconds api': '-9000x40',
  'process_start_time_seconds issuer': '-9000x40',
  'process_start_time_seconds orders': '-9000x40',
  'firstcome_ready api': '1x40',
  'firstcome_ready issuer': '1x40',
  'firstcome_ready orders': '1x40',
  'firstcome_claims_total{outcome="issued",by="log"} api': '0+9x40',
  'firstcome_claims_total{outcome="pending",by="log"} api': '7x40',
  'firstcome_unavailable_total{reason="log_unavailable"} api': '7x40',
  'firstcome_unavailable_total{reason="starting"} api': '0+9x40',
  'firstcome_append_failures_total{stored="no"} api': '7x40',
  'firstcome_append_seconds_bucket{le="0.05"} api': '0+9x40',
  'firstcome_append_seconds_bucket{le="0.5"} api': '0+9x40',
  'firstcome_append_seconds_bucket{le="+Inf"} api': '0+9x40',
  'firstcome_void_records_total api': '7x40',
  'firstcome_fold_age_seconds api': '1x40',
  'firstcome_clock_difference_seconds api': '-1x40',
  'firstcome_gate_up api': '1x40',
  'firstcome_connections_refused_total api': '7x40',
  'firstcome_tokens_refused_total{reason="signature"} api': '0+1x40',
  'firstcome_orders_turned_away_total api': '7x40',
  'firstcome_log_silent_seconds issuer': '1x40',
  'firstcome_database_up issuer': '1x40',
  'firstcome_database_waiting issuer': '0 9 0 9 0x36',
  'firstcome_issuer_records_total issuer': '0+9x40',
  'firstcome_issuer_lag_records{partition="1"} issuer': '9x40',
  'firstcome_issuer_position{partition="1"} issuer': '0+9x40',
  'firstcome_issuer_retries_total{code="store_unavailable"} issuer': '0x4 7x35',
  'firstcome_proof_lag_records{partition="1"} issuer': '9x40',
  'firstcome_proof_position{partition="1"} issuer': '0+9x40',
  'firstcome_proof_retries_total{code="store_unavailable"} issuer': '0x4 7x35',
  'firstcome_witness_questions_total{witness="w",outcome="cosigned"} issuer': '0+9x40',
  'firstcome_witness_questions_total{witness="w",outcome="away"} issuer': '0+1x40',
  'firstcome_witness_questions_total{witness="w",outcome="other_tree"} issuer': '7x40',
  'firstcome_issue_lag_seconds_bucket{le="1"} issuer': '0+9x40',
  'firstcome_issue_lag_seconds_bucket{le="30"} issuer': '0+9x40',
  'firstcome_issue_lag_seconds_bucket{le="+Inf"} issuer': '0+9x40',
  'firstcome_consumer_records_total{consumer="stock-step",fate="applied"} orders': '0+9x40',
  'firstcome_consumer_records_total{consumer="stock-step",fate="buried"} orders': '7x40',
  'firstcome_consumer_records_total{consumer="stock-step",fate="postponed"} orders': '7x40',
  'firstcome_consumer_lag_records{consumer="stock-step",topic="o"} orders': '9x40',
  'firstcome_consumer_retries_total{consumer="stock-step",code="log_unavailable"} orders': '7x40',
}
const nothingCounted = Object.fromEntries(
  Object.entries(calm).map(([series, values]) => [series, values.replace(/^7x/, '0x')]),
)

/** By the alert that rings, counters with a burst that none other sees. */
const bursts: readonly [alert: string, series: string, count: number][] = [
  ['FirstcomeAppendsFail', 'firstcome_append_failures_total{stored="no"} api', 1],
  ['FirstcomeUnavailable', 'firstcome_unavailable_total{reason="log_unavailable"} api', 1],
  ['FirstcomeClaimsPending', 'firstcome_claims_total{outcome="pending",by="log"} api', 1],
  ['FirstcomeVoidRecords', 'firstcome_void_records_total api', 1],
  ['FirstcomeConnectionsRefused', 'firstcome_connections_refused_total api', 1],
  ['FirstcomeTokensRefused', 'firstcome_tokens_refused_total{reason="signature"} api', 150],
  [
    'FirstcomeWitnessObjects',
    'firstcome_witness_questions_total{witness="w",outcome="other_tree"} issuer',
    1,
  ],
  ['FirstcomeOrdersTurnedAway', 'firstcome_orders_turned_away_total api', 1],
  [
    'FirstcomeDeadLetters',
    'firstcome_consumer_records_total{consumer="stock-step",fate="buried"} orders',
    1,
  ],
  [
    'FirstcomePostponed',
    'firstcome_consumer_records_total{consumer="stock-step",fate="postponed"} orders',
    20,
  ],
]

/** What goes wrong at 10 minutes, and lasts. */
const states: readonly [alert: string, series: Readonly<Record<string, string>>][] = [
  ['FirstcomeDown', { 'up api': '1x9 0x30' }],
  [
    'FirstcomeRoleMissing',
    {
      'firstcome_consumer_records_total{consumer="stock-step",fate="applied"} orders': '0+9x9',
      'firstcome_consumer_records_total{consumer="stock-step",fate="buried"} orders': '0x9',
      'firstcome_consumer_records_total{consumer="stock-step",fate="postponed"} orders': '0x9',
    },
  ],
  ['FirstcomeNotReady', { 'firstcome_ready issuer': '1x9 0x30' }],
  ['FirstcomeLogAway', { 'firstcome_fold_age_seconds api': '1x9 3+60x30' }],
  ['FirstcomeLogAway', { 'firstcome_log_silent_seconds issuer': '1x9 9+60x30' }],
  ['FirstcomeAppendsSlow', { 'firstcome_append_seconds_bucket{le="0.05"} api': '0+9x9 81x30' }],
  ['FirstcomeClockDiffers', { 'firstcome_clock_difference_seconds api': '0x9 -6x30' }],
  ['FirstcomeDatabaseAway', { 'firstcome_database_up issuer': '1x9 0x30' }],
  ['FirstcomeDatabaseBusy', { 'firstcome_database_waiting issuer': '0x9 3x30' }],
  ['FirstcomeRowsStandStill', { 'firstcome_issuer_position{partition="1"} issuer': '0+9x9 81x30' }],
  [
    'FirstcomeProofStandsStill',
    { 'firstcome_proof_position{partition="1"} issuer': '0+9x9 81x30' },
  ],
  [
    'FirstcomeRetries',
    { 'firstcome_proof_retries_total{code="store_unavailable"} issuer': '0x9 1+1x30' },
  ],
  ['FirstcomeRowsLate', { 'firstcome_issue_lag_seconds_bucket{le="1"} issuer': '0+9x9 81x30' }],
  [
    'FirstcomeRetries',
    { 'firstcome_issuer_retries_total{code="store_unavailable"} issuer': '0x9 1+1x30' },
  ],
  [
    'FirstcomeRetries',
    {
      'firstcome_consumer_retries_total{consumer="stock-step",code="log_unavailable"} orders':
        '7x9 8+1x30',
    },
  ],
  ['FirstcomeGateAway', { 'firstcome_gate_up api': '1x9 0x30' }],
  [
    'FirstcomeOrdersStandStill',
    {
      'firstcome_consumer_records_total{consumer="stock-step",fate="applied"} orders':
        '0+9x9 81x30',
    },
  ],
  [
    'FirstcomeOrdersLate',
    { 'firstcome_consumer_lag_records{consumer="stock-step",topic="o"} orders': '9x9 2000x30' },
  ],
]

const skip = whyNoPrometheus()

describe('the alert rules', { skip }, () => {
  it('are rules of Prometheus, each a page or a ticket', () => {
    assert.equal(promtool('check', 'rules', path), '')
    for (const { alert, labels } of rules) assert.match(labels.severity, /^(page|ticket)$/, alert)
  })

  it('are all tried here', () => {
    const tried = new Set([...bursts, ...states].map(([alert]) => alert))
    assert.deepEqual(
      rules.map(({ alert }) => alert).filter((alert) => !tried.has(alert)),
      [],
    )
  })

  it('are silent where all is well', () => {
    assert.equal(tryRules([{ series: {}, rings: { '6m': [], '20m': [], '40m': [] } }]), '')
  })

  it('see a burst that begins at 0, and are silent five minutes after it', () => {
    const cases = bursts.map(([alert, series, count]) => ({
      series: { [series]: `0x9 ${count}x30` },
      rings: { '9m': [], '10m': [alert], '16m': [] },
    }))
    assert.equal(tryRules(cases), '')
  })

  it('see a burst in a series that appears with its first value', () => {
    const cases = bursts.map(([alert, series, count]) => ({
      series: { [series]: `_x9 ${count}x30` },
      rings: { '10m': [alert], '16m': [] },
    }))
    assert.equal(tryRules(cases), '')
  })

  it('see a burst right after a start, also where the process before had counted as many', () => {
    const cases = bursts.map(([alert, series, count]) => {
      const role = series.split(' ').at(-1) ?? ''
      return {
        // At 10 minutes another process is in its place.
        series: {
          ...nothingCounted,
          [series]: `${count}x40`,
          [`process_start_time_seconds ${role}`]: '-9000x9 595x30',
        },
        rings: { '9m': [], '10m': [alert], '16m': [] },
      }
    })
    assert.equal(tryRules(cases), '')
  })

  it('take no series for new that was away for a while, and see what it has more', () => {
    const cases = bursts.flatMap(([, series, count]) => ({
      series: { [series]: `${count}x4 stale _x5 ${count}x30` },
      rings: { '11m': [], '16m': [] },
    }))
    assert.equal(tryRules(cases), '')
    const grown = bursts.map(([alert, series, count]) => ({
      series: { [series]: `${count}x4 stale _x5 ${2 * count}x30` },
      rings: { '11m': [alert], '17m': [] },
    }))
    assert.equal(tryRules(grown), '')
  })

  it('go on for five minutes, also where the process has ended since', () => {
    const cases = bursts.map(([alert, series, count]) => ({
      series: { [series]: `0x9 ${count} stale` },
      rings: { '10m': [alert], '12m': [alert], '16m': [] },
    }))
    assert.equal(tryRules(cases), '')
  })

  it('ring for what lasts, and for nothing else', () => {
    const cases = states.map(([alert, series]) => ({
      series,
      rings: { '10m': [], '26m': [alert] },
    }))
    assert.equal(tryRules(cases), '')
  })

  it('would be found wrong here', () => {
    const wrong = { series: {}, rings: { '6m': ['FirstcomeDown'] } }
    assert.match(tryRules([wrong]), /FirstcomeDown/)
  })
})

/** Of each moment, the alerts that ring then. */
type Case = {
  series: Readonly<Record<string, string>>
  rings: Readonly<Record<string, readonly string[]>>
}

/** What promtool has to say against it. */
function tryRules(cases: readonly Case[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'firstcome-alerts-'))
  const tests = cases.map(({ series, rings }) => ({
    interval: '1m',
    input_series: Object.entries({ ...calm, ...series }).map(([name, values]) => ({
      series: seriesOf(name),
      values,
    })),
    promql_expr_test: Object.entries(rings).map(([at, alerts]) => ({
      expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
      eval_time: at,
      exp_samples: alerts.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
    })),
  }))
  const file = join(directory, 'test.yml')
  writeFileSync(file, JSON.stringify({ rule_files: [path], evaluation_interval: '1m', tests }))
  try {
    return promtool('test', 'rules', file)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** `name{labels} instance`, with the labels that Prometheus adds. */
function seriesOf(name: string): string {
  const [, metric, own = '', instance] = /^(\w+)(?:\{(.*)\})? (\w+)$/.exec(name) ?? []
  const labels = [...(own === '' ? [] : [own]), 'job="firstcome"', `instance="${instance}"`]
  return `${metric}{${labels.join()}}`
}
