// What several nodes do when a part of them fails, on real services: PostgreSQL away under claims,
// an issuer killed, one asleep past its session, and crash points of the issuer.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { waitFor } from '../services/server-process.ts'
import { Crowd, countOutcomes, users } from './crowd.ts'
import { type DistributedServices, startDistributedServices } from './distributed-services.ts'
import { type RoleProcess, runRole, startRole } from './role-process.ts'

const oneBroker = ['--partitions', '4', '--replicas', '1', '--min-in-sync-replicas', '1']
const quantity = 50

describe('several nodes', { timeout: 600_000 }, () => {
  let services: DistributedServices
  let api: RoleProcess
  let crowd: Crowd
  const running: RoleProcess[] = []
  let sales = 0

  before(async () => {
    services = await startDistributedServices()
    const { code, err } = await runRole({ role: 'migrate', env: services.env }, oneBroker)
    assert.equal(code, 0, err)
    api = await start('api')
    crowd = new Crowd(api, 200)
  })
  after(async () => {
    await crowd?.close()
    for (const role of running) {
      role.kill('SIGCONT')
      role.kill('SIGKILL')
    }
    await services?.close()
  })

  async function start(role: string, env: Record<string, string> = {}): Promise<RoleProcess> {
    const started = await startRole({ role, env: { ...services.env, ...env } })
    running.push(started)
    return started
  }

  async function sell(): Promise<void> {
    const couponId = `sale-${sales++}`
    await crowd.create({ couponId, quantity })
    const everyone = users(couponId, 3 * quantity)
    const answers = await Promise.all(everyone.map((user) => crowd.claim(couponId, user)))
    assert.deepEqual(countOutcomes(answers), { issued: quantity, 'sold-out': 2 * quantity })
  }

  /** Until the rows have caught up; then an audit must find nothing. */
  async function auditWithin(ms: number): Promise<void> {
    const deadline = performance.now() + ms
    for (;;) {
      const { code, out, err } = await runRole({ role: 'audit', env: services.env }, ['--json'])
      assert.equal(code, 0, out + err)
      const { counts } = JSON.parse(out) as { counts: { lagRecords: number; rows: number } }
      if (counts.lagRecords === 0) {
        assert.equal(counts.rows, sales * quantity)
        return
      }
      assert.ok(performance.now() < deadline, `${counts.lagRecords} records behind after ${ms} ms`)
    }
  }

  it('hand over the partitions of an issuer that was killed within 8 seconds', async (t) => {
    const first = await start('issuer')
    await sell()
    await auditWithin(10_000)
    const second = await start('issuer')
    await waitFor('both to share', async () => (await owned(first)) === 2)
    const killedAt = performance.now()
    await first.crash()
    await waitFor('the other to own all', async () => (await owned(second)) === 4, 15_000)
    const seconds = (performance.now() - killedAt) / 1000
    t.diagnostic(`taken over after ${seconds.toFixed(1)} s, n = 1`)
    assert.ok(seconds <= 8, `${seconds} s`)
    await sell()
    await auditWithin(10_000)
    assert.equal(await second.stop(), 0, second.output())
  })

  it('write each row once where an issuer wakes up after its partitions were taken', async () => {
    const sleeper = await start('issuer')
    await waitFor('it to own all', async () => (await owned(sleeper)) === 4)
    sleeper.kill('SIGSTOP')
    const other = await start('issuer')
    await sell()
    await waitFor('the other to own all', async () => (await owned(other)) === 4, 20_000)
    await auditWithin(20_000)
    const written = await rowsWritten(other)
    sleeper.kill('SIGCONT')
    await sell()
    await auditWithin(20_000)
    // They share again by now; whoever wrote the rows, each was written once.
    const since = (await rowsWritten(other)) - written + (await rowsWritten(sleeper))
    assert.equal(since, quantity)
    assert.equal(await sleeper.stop(), 0, sleeper.output())
    assert.equal(await other.stop(), 0, other.output())
  })

  it('answer claims while PostgreSQL is away, and write every row when it is back', async (t) => {
    const { postgresServer } = services
    if (postgresServer === null) return t.skip('the server is somebody else’s')
    const issuer = await start('issuer')
    await waitFor('it to own all', async () => (await owned(issuer)) === 4)
    await postgresServer.crash()
    await sell()
    const { status } = await crowd.get('/me/coupons', 'kim')
    assert.equal(status, 503)
    await waitFor('it to say so', async () => (await fetch(`${issuer.url}/readyz`)).status === 503)
    assert.equal((await fetch(`${api.url}/readyz`)).status, 200)
    await postgresServer.start()
    await auditWithin(20_000)
    await waitFor('readiness', async () => (await fetch(`${issuer.url}/readyz`)).status === 200)
    assert.equal(await issuer.stop(), 0, issuer.output())
  })

  for (const point of ['K15', 'K16', 'K17', 'K18', 'K19', 'K20', 'K21']) {
    it(`lose no row where an issuer dies at ${point}`, async () => {
      await sell()
      const dying = await startRole({
        role: 'issuer',
        env: { ...services.env, FIRSTCOME_TEST_FAULTS: `crash:${point}:1` },
      }).catch(() => null)
      if (dying !== null) assert.equal((await dying.exited).signal, 'SIGKILL', dying.output())
      const next = await start('issuer')
      await auditWithin(20_000)
      assert.equal(await next.stop(), 0, next.output())
    })
  }
})

async function metric(role: RoleProcess, pattern: RegExp): Promise<string[]> {
  const text = await (await fetch(`${role.url}/metrics`)).text()
  return [...text.matchAll(pattern)].map(([, value = '']) => value)
}

async function owned(role: RoleProcess): Promise<number> {
  return (await metric(role, /^firstcome_issuer_position\{.*\} (\d+)$/gm)).length
}

async function rowsWritten(role: RoleProcess): Promise<number> {
  return Number((await metric(role, /^firstcome_issued_rows_total (\d+)$/gm))[0])
}
