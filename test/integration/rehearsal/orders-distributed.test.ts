// `firstcome rehearse orders` on several nodes: real Kafka, PostgreSQL and Redis, and every role a
// process of its own. Through one node, and then with one of the consumers killed in the middle.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { waitFor } from '../../services/server-process.ts'
import { type DistributedServices, startDistributedServices } from '../distributed/services.ts'
import { launchRole, type RoleProcess, runRole, startRole } from '../processes/service-process.ts'

const oneBroker = ['--partitions', '4', '--replicas', '1', '--min-in-sync-replicas', '1']
const sizes = ['--users', '120', '--quantity', '60', '--stock', '5', '--concurrency', '40']

describe('a rehearsal of orders on several nodes', { timeout: 300_000 }, () => {
  let services: DistributedServices
  let env: Record<string, string>
  const roles: RoleProcess[] = []

  before(async () => {
    services = await startDistributedServices()
    env = services.env
    const { code, err } = await runRole({ role: 'migrate', env }, oneBroker)
    assert.equal(code, 0, err)
    const starting = ['api', 'api', 'issuer', 'orders', 'orders'].map((role) => {
      return startRole({ role, env })
    })
    roles.push(...(await Promise.all(starting)))
    for (const { url } of roles) {
      await waitFor('readiness', async () => (await fetch(`${url}/readyz`)).status === 200)
    }
  })
  after(async () => {
    for (const role of roles) role.kill('SIGKILL')
    await services.close()
  })

  const rehearsal = () => {
    const url = roles[0]?.url ?? ''
    return launchRole({ role: 'rehearse', env }, ['orders', '--url', url, ...sizes])
  }

  it('adds up', async () => {
    const { exited, output } = rehearsal()
    const { code } = await exited
    assert.equal(code, 0, output())
    assert.match(output(), /5 of 5 sold/)
  })

  it('adds up as well when one of the consumers is killed while it goes on', async () => {
    const killed = roles.at(-1)
    assert.ok(killed)
    const { child, exited, output } = rehearsal()
    // What it opens with; the orders follow within seconds.
    if (output() === '') await once(child.stdout, 'data')
    await killed.crash()
    const { code } = await exited
    assert.equal(code, 0, output())
  })
})
