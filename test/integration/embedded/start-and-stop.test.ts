// What those who watch the one process see of it, from its first moment to its last: probes that
// answer while it reads the log, readiness that orders can rely on, a drain, and stops by the
// signals that terminals and supervisors send.

import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { pino } from 'pino'
import { readSettings } from '../../../src/config/settings.ts'
import { startEmbedded } from '../../../src/main/roles/embedded.ts'
import { freePort, waitFor } from '../../services/server-process.ts'
import { Crowd, users } from '../processes/crowd.ts'
import {
  newDataDirectory,
  removeDataDirectory,
  startService,
  within,
} from '../processes/service-process.ts'

const stopMsMax = 20_000

describe('the one process', { timeout: 300_000 }, () => {
  const made: string[] = []
  after(() => Promise.all(made.map(removeDataDirectory)))

  async function newData(): Promise<string> {
    const data = await newDataDirectory()
    made.push(data)
    return data
  }

  async function readyz(url: string): Promise<string[] | null> {
    const answer = await fetch(`${url}/readyz`)
    if (answer.status === 200) return null
    return ((await answer.json()) as { reasons: string[] }).reasons
  }

  it('answers probes while it reads the log', async () => {
    const data = await newData()
    const first = await startService({ data })
    await new Crowd(first).create({ couponId: 'tea', quantity: 1 })
    first.kill('SIGTERM')
    assert.deepEqual(await first.exited, { code: 0, signal: null }, first.output())

    const port = await freePort()
    const read = readSettings({ FIRSTCOME_DATA: data, FIRSTCOME_PORT: String(port) })
    assert.ok(read.ok)
    const asked = new Map<string, Promise<number>>()
    const running = await startEmbedded({
      settings: read.settings,
      logger: pino({ level: 'silent' }),
      onProgress(step) {
        const url = `http://127.0.0.1:${port}`
        const health = () => fetch(`${url}/healthz`).then(({ status }) => status)
        if (!asked.has(step)) asked.set(step, health())
      },
      onFatal: (error) => assert.fail(String(error)),
    })
    assert.ok(asked.size > 0)
    for (const [step, status] of asked) assert.equal(await status, 200, step)
    await running.close()
  })

  it('is ready only when orders can be served as well', async () => {
    const service = await startService({ data: await newData() })
    const reasons = new Set<string>()
    await waitFor('readiness', async () => {
      const now = await readyz(service.url)
      for (const reason of now ?? []) reasons.add(reason)
      return now === null
    })
    for (const path of ['/products/tea', '/orders/tea', '/wallets/mine', '/me/coupons']) {
      const headers = { authorization: `Bearer ${service.token('ann')}` }
      const { status } = await fetch(service.url + path, { headers })
      assert.ok(status < 500, `${path}: ${status} though it said that it is ready`)
    }
    assert.deepEqual([...reasons], ['the database is starting'])
    assert.equal(await service.stop(), 0)
  })

  it('still takes work after SIGTERM for as long as is set, but says it is not ready', async () => {
    const env = { FIRSTCOME_DRAIN_SECONDS: '600' }
    const service = await startService({ data: await newData(), env })
    const crowd = new Crowd(service)
    await crowd.create({ couponId: 'tea', quantity: 5 })
    service.kill('SIGTERM')
    await waitFor(
      'its words',
      async () => (await readyz(service.url))?.includes('stopping') === true,
    )
    assert.equal((await crowd.claim('tea', 'ann')).outcome, 'issued')
    assert.match(service.output(), /SIGTERM; it still takes work for 600 s/)
    service.kill('SIGINT')
    const { code } = await within(service.exited, stopMsMax, 'the stop')
    assert.equal(code, 0, service.output())
  })

  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    it(`answers what it accepted when ${signal} comes, though nobody reads its output`, async () => {
      const service = await startService({ data: await newData() })
      const crowd = new Crowd(service)
      await crowd.create({ couponId: 'tea', quantity: 300 })
      service.hangUp()
      const asked = Promise.all(users('u', 200).map((user) => crowd.claim('tea', user)))
      const first = await crowd.claim('tea', 'first')
      assert.equal(first.outcome, 'issued')
      service.kill(signal)
      const ended = await within(service.exited, stopMsMax, 'the stop')
      assert.deepEqual(ended, { code: 0, signal: null }, service.output())
      await asked.catch(() => {})
    })
  }
})
