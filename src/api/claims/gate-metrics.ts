// What an API node with a gate tells Prometheus about it: what it said, how long it took, whether
// it is there, and what became of the claims that were held back at its word.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { GateObserver } from './claim-gate.ts'

export function createGateMetrics(registry: Registry, isHere: () => boolean): GateObserver {
  const registers = [registry]
  const verdicts = new Counter({
    name: 'firstcome_gate_verdicts_total',
    help: 'Claims the gate has judged, by verdict: pass, seen or full',
    labelNames: ['verdict'],
    registers,
  })
  const judged = {
    pass: verdicts.labels('pass'),
    seen: verdicts.labels('seen'),
    full: verdicts.labels('full'),
  }
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
  const ended = { memory: released.labels('memory'), log: released.labels('log') }
  new Gauge({
    name: 'firstcome_gate_up',
    help: '1 while the gate is there, 0 while it is away and every claim passes',
    registers,
    collect() {
      this.set(isHere() ? 1 : 0)
    },
  })
  return {
    asked(counts, took) {
      seconds.observe(took)
      for (const verdict of ['pass', 'seen', 'full'] as const) {
        if (counts[verdict] > 0) judged[verdict].inc(counts[verdict])
      }
    },
    bypassed: () => bypassed.inc(),
    released: (to) => ended[to].inc(),
  }
}
