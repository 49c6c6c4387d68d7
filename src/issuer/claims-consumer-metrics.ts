// The metrics that the issuer and the maker of proofs have alike: how far each has come, what it
// has still to apply, and how often it had to try again.

import { Counter, Gauge, type Registry } from 'prom-client'
import { claimsTopic } from '../domain/coupons/messages.ts'
import type { LogEnds } from '../ports/log-ends.ts'
import { type PortError, portErrorCodes } from '../ports/port-error.ts'

export type Progress = {
  /** Next offset to apply, by partition that it owns now. */
  positions(): ReadonlyMap<number, number>
  /** null: the log is not open yet. */
  ends(): LogEnds | null
}
type Metric = { name: string; help: string }
type ClaimsConsumerMetrics = Record<'position' | 'lag' | 'retries', Metric>

/** What it returns is to be called for every attempt that failed and is made again. */
export function addClaimsConsumerMetrics(
  registry: Registry,
  { position, lag, retries }: ClaimsConsumerMetrics,
  { positions, ends }: Progress,
): (error: PortError) => void {
  const registers = [registry]
  const labelNames = ['partition']
  new Gauge({
    ...position,
    labelNames,
    registers,
    collect() {
      this.reset()
      for (const [partition, next] of positions()) this.set({ partition }, next)
    },
  })
  new Gauge({
    ...lag,
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
  const waiting = new Counter({ ...retries, labelNames: ['code'], registers })
  // Each is there from the start, so that the first of a kind are an increase.
  for (const code of portErrorCodes) waiting.inc({ code }, 0)
  return ({ code }) => waiting.inc({ code })
}
