import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { PortError } from '../../ports/port-error.ts'
import { StopRequested } from './stops.ts'
import { sayEveryMs, waitFor } from './wait-for.ts'

const away = () => new PortError('log_unavailable', 'nobody answers', { retryable: true })

function createWorld() {
  const clock = virtualClock(0)
  const said: string[] = []
  const logger = {
    warn: ({ seconds, reason }: { seconds: number; reason: string }, text: string) => {
      said.push(`${seconds} s: ${text}: ${reason}`)
    },
    info: (text: string) => said.push(text),
  }
  const stopping = new AbortController()
  const parts = { clock, logger: logger as never, signal: stopping.signal }
  return { clock, said, stopping, parts }
}

describe('waiting for something', () => {
  it('says nothing about what is there at once', async () => {
    const { parts, said } = createWorld()
    assert.equal(await waitFor(parts, 'Kafka', async () => 7), 7)
    assert.deepEqual(said, [])
  })

  it('says at once that it waits, again every ten seconds, and when it is over', async () => {
    const { parts, said, clock } = createWorld()
    let isThere = false
    const waiting = waitFor(parts, 'Kafka', async () => {
      if (!isThere) throw away()
    })
    await clock.runUntil(2 * sayEveryMs + 100)
    isThere = true
    await clock.runUntil(3 * sayEveryMs - 100)
    await waiting
    await clock.runUntil(5 * sayEveryMs)
    assert.deepEqual(said, [
      '0 s: waiting for Kafka: nobody answers',
      '10 s: waiting for Kafka: nobody answers',
      '20 s: waiting for Kafka: nobody answers',
      'Kafka is there',
    ])
  })

  it('says so too where an answer never comes', async () => {
    const { parts, said, clock, stopping } = createWorld()
    const waiting = waitFor(parts, 'PostgreSQL', () => new Promise(() => {}))
    await clock.runUntil(sayEveryMs)
    assert.deepEqual(said, ['10 s: waiting for PostgreSQL: it has not answered yet'])
    stopping.abort()
    await assert.rejects(waiting, StopRequested)
  })

  it('ends when a stop is requested, also before it has begun', async () => {
    const { parts, clock, stopping } = createWorld()
    const waiting = waitFor(parts, 'Kafka', async () => Promise.reject(away()))
    await clock.runUntil(100)
    stopping.abort()
    await assert.rejects(waiting, StopRequested)
    const never = () => new Promise(() => {})
    await assert.rejects(waitFor(parts, 'Kafka', never), StopRequested)
  })

  it('does not wait for what waiting cannot help', async () => {
    const { parts, said } = createWorld()
    const refused = new PortError('store_broken', 'wrong password')
    await assert.rejects(
      waitFor(parts, 'PostgreSQL', () => Promise.reject(refused)),
      refused,
    )
    assert.deepEqual(said, [])
  })
})
