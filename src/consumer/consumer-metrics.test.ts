import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogEnds } from '../ports/log-ends.ts'
import { nothingTaken } from '../ports/orders.ts'
import { PortError } from '../ports/port-error.ts'
import type { Consumer } from './consumer.ts'
import { createConsumerMetrics } from './consumer-metrics.ts'

const topic = 'some-topic'
const ends: LogEnds = {
  of: () => [
    { start: 0, end: 10 },
    { start: 0, end: 5 },
  ],
  silentMs: () => 0,
  close: () => {},
}
const consumer = {
  positions: () => [
    { topic, partition: 0, next: 4 },
    { topic, partition: 1, next: 5 },
  ],
} as unknown as Consumer

function createMetrics(log: LogEnds | null) {
  const consumers = new Map([['stock-step', consumer] as const])
  return createConsumerMetrics({
    names: ['stock-step'],
    consumers: () => consumers,
    ends: () => log,
  })
}

describe('the metrics of consumers', () => {
  it('count from 0, so that the first dead letters are an increase', async () => {
    const metrics = createMetrics(null)
    const buried = 'firstcome_consumer_records_total{consumer="stock-step",fate="buried"}'
    const away = 'firstcome_consumer_retries_total{consumer="stock-step",code="log_unavailable"}'
    const before = await metrics.registry.metrics()
    assert.ok(before.includes(`${buried} 0\n`), before)
    assert.ok(before.includes(`${away} 0\n`), before)
    const observer = metrics.observer('stock-step')
    observer.taken({ ...nothingTaken, buried: 20 })
    observer.waiting(new PortError('log_unavailable', 'away'))
    const after = await metrics.registry.metrics()
    assert.ok(after.includes(`${buried} 20\n`), after)
    assert.ok(after.includes(`${away} 1\n`), after)
  })

  it('tell the lag to each of several that ask at once', async () => {
    const { registry } = createMetrics(ends)
    const scrapes = await Promise.all(Array.from({ length: 20 }, () => registry.metrics()))
    const lag = `firstcome_consumer_lag_records{consumer="stock-step",topic="${topic}"} 6\n`
    for (const scraped of scrapes) assert.ok(scraped.includes(lag), scraped)
  })

  it('tell no lag while nobody knows where the log ends', async () => {
    assert.ok(!(await createMetrics(null).registry.metrics()).includes(`topic="${topic}"`))
  })
})
