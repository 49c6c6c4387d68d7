import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Registry } from 'prom-client'
import { claimed, createdOf, createProofWorld } from '../../../test/models/proof-world.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import { watchLogEnds } from '../../ports/log-ends.ts'
import { PortError } from '../../ports/port-error.ts'
import type { ClaimsConsumer } from '../claims-consumer.ts'
import { addProofMetrics } from './proof-metrics.ts'

describe('the metrics of the proof', () => {
  it('tell how far it is behind while it cannot write, and what it has made since', async () => {
    const { append, start, pass, store, log, clock, errors } = createProofWorld()
    const ends = watchLogEnds({ log, topics: [claimsTopic], clock })
    const registry = new Registry()
    let consumer: ClaimsConsumer | null = null
    const observe = addProofMetrics(registry, {
      positions: () => consumer?.positions() ?? new Map(),
      ends: () => ends,
    })
    const shown = async () => {
      const text = await registry.metrics()
      const lines = [...text.matchAll(/^firstcome_proof_(\S+) ([1-9]\d*|0)$/gm)]
      return new Map(lines.map(([, name, value]) => [name, Number(value)]))
    }
    let isAway = true
    const apply: typeof store.apply = async (batch) => {
      if (!isAway) return store.apply(batch)
      throw new PortError('store_unavailable', 'away', { retryable: true })
    }

    const running = await start({ apply }, { observe })
    consumer = running
    await append(createdOf(1), claimed('ann'), claimed('bob'))
    await pass(5_000)
    const behind = await shown()
    assert.equal(behind.get('position{partition="0"}'), 0)
    assert.equal(behind.get('lag_records{partition="0"}'), 3)
    assert.equal(behind.get('leaves_total'), 0)
    assert.equal(behind.get('checkpoints_total'), 0)
    const tries = behind.get('retries_total{code="store_unavailable"}') ?? 0
    assert.ok(tries > 1, String(tries))
    assert.equal(behind.get('retries_total{code="log_unavailable"}'), 0)

    isAway = false
    await pass(60_000)
    const made = await shown()
    assert.equal(made.get('position{partition="0"}'), 3)
    assert.equal(made.get('lag_records{partition="0"}'), 0)
    assert.equal(made.get('leaves_total'), 3)
    assert.equal(made.get('checkpoints_total'), 1)
    assert.deepEqual(errors, [])
    ends.close()
    await running.close()
  })
})
