// Roles that cannot start yet: each answers its probes from the first moment on, says what it waits
// for, and stops when it is told to. Nothing that they need is there, so these tests need nothing.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { freePort, waitFor } from '../../services/server-process.ts'
import { launchRole } from '../processes/service-process.ts'

describe('a role that waits', () => {
  for (const role of ['api', 'issuer', 'orders']) {
    it(`is alive and not ready as ${role}`, async () => {
      const port = await freePort()
      const launched = launchRole({
        role,
        env: {
          FIRSTCOME_PORT: String(port),
          FIRSTCOME_KAFKA_BROKERS: '127.0.0.1:1',
          FIRSTCOME_POSTGRES_URL: 'postgres://u:hunter2@127.0.0.1:1/db',
        },
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
