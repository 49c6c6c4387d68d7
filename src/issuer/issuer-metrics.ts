// The metrics of an issuer.

import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { claimsTopic } from '../domain/coupons/messages.ts'
import type { LogEnds } from '../ports/log-ends.ts'
import { portErrorCodes } from '../ports/port-error.ts'
import type { IssuerObserver } from './issuer.ts'

export type IssuerMetrics = { observer: IssuerObserver; registry: Registry }

const lagSeconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 5, 30, 120]

/** `ends`: absent where nobody asks how far the issuer is behind. */
export function createIssuerMetrics(
  positions: () => ReadonlyMap<number, number>,
  ends?: () => LogEnds | null,
): IssuerMetrics {
  const registry = new Registry()
  const registers = [registry]
  const labelNames = ['partition']
  const counter = (name: string, help: string) => new Counter({ name, help, registers })
  const rows = counter('firstcome_issued_rows_total', 'Rows of issued coupons committed')
  const records = counter('firstcome_issuer_records_total', 'Records of the claims log applied')
  const lag = new Histogram({
    name: 'firstcome_issue_lag_seconds',
    help: 'From the append of the oldest record of a batch to the commit of its rows',
    buckets: lagSeconds,
    registers,
  })
  const waiting = new Counter({
    name: 'firstcome_issuer_retries_total',
    help: 'Calls of the database or the log that failed and are tried again, in order',
    labelNames: ['code'],
    registers,
  })
  new Gauge({
    name: 'firstcome_issuer_position',
    help: 'The next offset of the claims log to apply',
    labelNames,
    registers,
    collect() {
      this.reset()
      for (const [partition, next] of positions()) this.set({ partition }, next)
    },
  })
  if (ends !== undefined) {
    new Gauge({
      name: 'firstcome_issuer_lag_records',
      help: 'Records of the claims log that this issuer has still to apply',
      labelNames,
      registers,
      collect() {
        this.reset()
        const bounds = ends()?.of(claimsTopic) ?? []
        for (const [partition, next] of positions()) {
          const end = bounds[partition]?.end
          if (end !== undefined) this.set({ partition }, Math.max(0, end - next))
        }
      },
    })
  }
  // Each is there from the start, so that the first of a kind are an increase.
  for (const code of portErrorCodes) waiting.inc({ code }, 0)
  const observer: IssuerObserver = {
    applied(batch) {
      records.inc(batch.records)
      rows.inc(batch.rows)
      lag.observe(Math.max(0, batch.lagMs) / 1000)
    },
    waiting: (error) => waiting.inc({ code: error.code }),
  }
  return { registry, observer }
}
