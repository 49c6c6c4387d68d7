import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startReadiness } from './start-readiness.ts'
import { StopRequested, unlessStopped, withStops } from './stops.ts'

describe('what was started', () => {
  it('is stopped in reverse order, once it is closed', async () => {
    const stopped: string[] = []
    const running = await withStops(async (stops) => {
      for (const part of ['log', 'database', 'server']) {
        stops.defer(() => void stopped.push(part))
      }
      return { url: 'here' }
    })
    assert.deepEqual([running.url, stopped], ['here', []])
    await running.close()
    assert.deepEqual(stopped, ['server', 'database', 'log'])
  })

  it('is stopped at once where the start fails halfway', async () => {
    const stopped: string[] = []
    const start = withStops(async (stops) => {
      stops.defer(() => void stopped.push('log'))
      throw new Error('no database')
    })
    await assert.rejects(start, /no database/)
    assert.deepEqual(stopped, ['log'])
  })
})

describe('a start that waits', () => {
  it('gives what it waited for, and ends once it is asked to stop', async () => {
    const stopping = new AbortController()
    assert.equal(await unlessStopped(stopping.signal, Promise.resolve(7)), 7)
    const waiting = unlessStopped(stopping.signal, new Promise(() => {}))
    stopping.abort()
    await assert.rejects(waiting, StopRequested)
    await assert.rejects(unlessStopped(stopping.signal, new Promise(() => {})), StopRequested)
  })

  it('says at which step it is, until it has started and again when it stops', () => {
    const stopping = new AbortController()
    const readiness = startReadiness(stopping.signal)
    const reasons = () => readiness.unready()?.reasons ?? null
    assert.deepEqual(reasons(), ['starting'])
    readiness.onStep('reading the log')
    assert.deepEqual(reasons(), ['starting: reading the log'])
    readiness.onWaiting('Kafka')
    assert.deepEqual(reasons(), ['starting: waiting for Kafka'])
    readiness.onWaiting(null)
    assert.deepEqual(reasons(), ['starting'])
    readiness.started()
    assert.equal(readiness.unready(), null)
    stopping.abort()
    assert.deepEqual(readiness.unready(), { ready: false, reasons: ['stopping'] })
  })
})
