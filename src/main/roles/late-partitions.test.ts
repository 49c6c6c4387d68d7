import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { openLogMemory } from '../../adapters/memory/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { checkedLater } from './late-partitions.ts'

const topic = 'claims'
const [away, there] = [0, 1]

/** A log of which one partition was away at the start; `check` is called for it. */
function startLate(check: () => Promise<void>) {
  const clock = virtualClock(0)
  const ending = new AbortController()
  const fatal: unknown[] = []
  const log = checkedLater({
    log: openLogMemory({ topics: { [topic]: 2 }, clock }),
    away: [{ topic, partition: away }],
    clock,
    check,
    signal: ending.signal,
    onFatal: (error) => fatal.push(error),
  })
  const pass = (ms: number) => clock.runUntil(clock.now() + ms)
  return { log, fatal, ending, pass }
}

const noLeader = () => Promise.reject(new PortError('log_unavailable', 'away', { retryable: true }))
const unknown = { code: 'log_unavailable', retryable: true, message: /was not compared/ }
const bounds = { start: 0, end: 0 }

describe('a partition that had no leader at the start', () => {
  it('does not say where it ends before it was compared; the others do', async () => {
    let hasLeader = false
    const { log, fatal, pass } = startLate(async () => {
      if (!hasLeader) await noLeader()
    })
    const early = [
      assert.rejects(log.partitionBounds(topic, away), unknown),
      assert.rejects(log.bounds(topic), unknown),
    ]
    assert.deepEqual(await log.partitionBounds(topic, there), bounds)
    await pass(2_100)
    await Promise.all(early)
    hasLeader = true
    await pass(600)
    assert.deepEqual(await log.partitionBounds(topic, away), bounds)
    assert.deepEqual(await log.bounds(topic), [bounds, bounds])
    assert.deepEqual(fatal, [])
  })

  it('ends the role, and never says it, where it is another than the rows were made from', async () => {
    const damage = new PortError('log_damaged', 'another log')
    const { log, fatal, pass } = startLate(() => Promise.reject(damage))
    await pass(10)
    assert.deepEqual(fatal, [damage])
    await assert.rejects(log.partitionBounds(topic, away), damage)
    await assert.rejects(log.bounds(topic), damage)
  })

  it('never says it where the role is stopped before', async () => {
    const { log, ending, pass, fatal } = startLate(noLeader)
    ending.abort()
    const asked = assert.rejects(log.partitionBounds(topic, away), unknown)
    await pass(2_100)
    await asked
    assert.deepEqual(fatal, [])
  })
})
