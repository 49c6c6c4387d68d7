import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { createApiMetrics } from './api-metrics.ts'

const parts = { clock: virtualClock(0), foldReadAt: () => 0, logTime: () => 0, isReady: () => true }

describe('the figures of a gate', () => {
  it('count its verdicts, its calls, its absence and what was deferred', async () => {
    let here = true
    const { observer, registry } = createApiMetrics({ ...parts, gateIsHere: () => here })
    observer.gate?.asked({ pass: 3, seen: 2, full: 0 }, 0.003)
    observer.gate?.asked({ pass: 1, seen: 0, full: 4 }, 0.02)
    observer.gate?.bypassed()
    observer.gate?.released('memory')
    observer.gate?.released('log')
    observer.answered('sold_out', 'deferred')
    const text = await registry.metrics()
    for (const line of [
      'firstcome_gate_verdicts_total{verdict="pass"} 4',
      'firstcome_gate_verdicts_total{verdict="seen"} 2',
      'firstcome_gate_verdicts_total{verdict="full"} 4',
      'firstcome_gate_seconds_count 2',
      'firstcome_gate_bypassed_total 1',
      'firstcome_gate_released_total{to="memory"} 1',
      'firstcome_gate_released_total{to="log"} 1',
      'firstcome_gate_up 1',
      'firstcome_claims_total{outcome="sold_out",by="held"} 1',
    ]) {
      assert.ok(text.split('\n').includes(line), `${line}\nis not in\n${text}`)
    }
    here = false
    assert.match(await registry.metrics(), /^firstcome_gate_up 0$/m)
  })

  it('are not there where there is no gate', async () => {
    const { observer, registry } = createApiMetrics(parts)
    assert.equal(observer.gate, undefined)
    assert.doesNotMatch(await registry.metrics(), /firstcome_gate/)
  })
})
