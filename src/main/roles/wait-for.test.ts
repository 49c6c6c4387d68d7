import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { PortError } from '../../ports/coupons.ts'
import { ToldToStop } from './told-to-stop.ts'
import { patiently, sayEveryMs } from './wait-for.ts'

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
  const patience = { clock, logger: logger as never, signal: stopping.signal }
  return { clock, said, stopping, patience }
}

describe('patience', () => {
  it('says nothing about what is there at once', async () => {
    const { patience, said } = createWorld()
    assert.equal(await patiently(patience, 'Kafka', async () => 7), 7)
    assert.deepEqual(said, [])
  })

  it('says at once that it waits, again every ten seconds, and when it is over', async () => {
    const { patience, said, clock } = createWorld()
    let isThere = false
    const waiting = patiently(patience, 'Kafka', async () => {
      if (!isThere) throw away()
    })
    await clock.runUntil(2 * sayEveryMs + 100)
    isThere = true
    await clock.runUntil(3 * sayEveryMs - 100)
    await waiting
    assert.deepEqual(said, [
      '0 s: waiting for Kafka: nobody answers',
      '10 s: waiting for Kafka: nobody answers',
      '20 s: waiting for Kafka: nobody answers',
      'Kafka is there',
    ])
  })

  it('says so too where an answer never comes', async () => {
    const { patience, said, clock, stopping } = createWorld()
    const waiting = patiently(patience, 'PostgreSQL', () => new Promise(() => {}))
    await clock.runUntil(sayEveryMs)
    assert.deepEqual(said, ['10 s: waiting for PostgreSQL: it has not answered yet'])
    stopping.abort()
    await assert.rejects(waiting, ToldToStop)
  })

  it('ends when it is told to stop, also before it has begun', async () => {
    const { patience, clock, stopping } = createWorld()
    const waiting = patiently(patience, 'Kafka', async () => Promise.reject(away()))
    await clock.runUntil(100)
    stopping.abort()
    await assert.rejects(waiting, ToldToStop)
    const never = () => new Promise(() => {})
    await assert.rejects(patiently(patience, 'Kafka', never), ToldToStop)
  })

  it('does not wait for what waiting cannot help', async () => {
    const { patience, said } = createWorld()
    const refused = new PortError('store_broken', 'wrong password')
    await assert.rejects(
      patiently(patience, 'PostgreSQL', () => Promise.reject(refused)),
      refused,
    )
    assert.deepEqual(said, [])
  })
})
