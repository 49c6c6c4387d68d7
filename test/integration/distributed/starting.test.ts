// Roles that cannot start yet: each answers its probes from the first moment on, says what it waits
// for, and stops when it is told to. Nothing that they need is there, so these tests need nothing.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { redisInstalled, startRedis } from '../../services/redis.ts'
import { freePort, waitFor } from '../../services/server-process.ts'
import { launchRole, runRole } from '../processes/service-process.ts'

const nowhere = {
  FIRSTCOME_KAFKA_BROKERS: '127.0.0.1:1',
  FIRSTCOME_POSTGRES_URL: 'postgres://u:hunter2@127.0.0.1:1/db',
}

describe('a role that waits', () => {
  it('ends with the reason where Redis is a cluster, which no wait can mend', async (t) => {
    if (!redisInstalled()) return t.skip('Redis is not installed')
    const directory = await mkdtemp(join(tmpdir(), 'firstcome-redis-'))
    const redis = await startRedis({ directory, args: ['--cluster-enabled', 'yes'] })
    t.after(async () => {
      await redis.stop()
      await rm(directory, { recursive: true, force: true })
    })
    const env = { ...nowhere, FIRSTCOME_REDIS_URL: redis.url }
    const { code, err } = await runRole({ role: 'api', env })
    assert.equal(code, 1, err)
    assert.match(err, /cannot go on: Redis at 127.0.0.1:\d+ is a cluster, .* FIRSTCOME_REDIS_URL/)
  })

  for (const role of ['api', 'issuer', 'orders']) {
    it(`is alive and not ready as ${role}`, async () => {
      const port = await freePort()
      const launched = launchRole({
        role,
        env: { ...nowhere, FIRSTCOME_PORT: String(port) },
      })
      const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
      await waitFor(
        'its probes',
        async () => (await ask('/healthz').catch(() => null))?.ok === true,
      )
      await waitFor('its reason', async () => {
        const answer = await ask('/readyz')
        assert.equal(answer.status, 503)
        const { reasons } = (await answer.json()) as { reasons: string[] }
        return reasons.join() === 'starting: waiting for PostgreSQL'
      })
      assert.match(await (await ask('/metrics')).text(), /^firstcome_ready 0$/m)
      launched.child.kill('SIGTERM')
      assert.equal((await launched.exited).code, 0, launched.output())
    })
  }
})
