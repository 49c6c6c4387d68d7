// The metrics of an issuer.

import { Counter, Histogram, Registry } from 'prom-client'
import { addClaimsConsumerMetrics, type Progress } from './claims-consumer-metrics.ts'
import type { IssuerObserver } from './issuer.ts'

export type IssuerMetrics = { observer: IssuerObserver; registry: Registry }

const lagSeconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 5, 30, 120]

const alike = {
  position: {
    name: 'firstcome_issuer_position',
    help: 'The next offset of the claims log to apply',
  },
  lag: {
    name: 'firstcome_issuer_lag_records',
    help: 'Records of the claims log that this issuer has still to apply',
  },
  retries: {
    name: 'firstcome_issuer_retries_total',
    help: 'Calls of the database or the log that failed and are tried again, in order',
  },
}

export function createIssuerMetrics(progress: Progress): IssuerMetrics {
  const registry = new Registry()
  const registers = [registry]
  const counter = (name: string, help: string) => new Counter({ name, help, registers })
  const rows = counter('firstcome_issued_rows_total', 'Rows of issued coupons committed')
  const records = counter('firstcome_issuer_records_total', 'Records of the claims log applied')
  const lag = new Histogram({
    name: 'firstcome_issue_lag_seconds',
    help: 'From the append of the oldest record of a batch to the commit of its rows',
    buckets: lagSeconds,
    registers,
  })
  const observer: IssuerObserver = {
    applied(batch) {
      records.inc(batch.records)
      rows.inc(batch.rows)
      lag.observe(Math.max(0, batch.lagMs) / 1000)
    },
    waiting: addClaimsConsumerMetrics(registry, alike, progress),
  }
  return { registry, observer }
}
