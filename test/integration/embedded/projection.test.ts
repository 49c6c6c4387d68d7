// The rows can be deleted, broken or old at any time: the log gives them back, the same ones.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openProjection } from '../../../src/main/roles/projection.ts'
import { Crowd, users } from '../processes/crowd.ts'
import {
  newDataDirectory,
  removeDataDirectory,
  type ServiceProcess,
  startService,
} from '../processes/service-process.ts'

const cli = join(import.meta.dirname, '../../../bin/firstcome.js')
const waitMsMax = 60_000

describe('the rows', () => {
  let data: string
  let rows: string
  before(async () => {
    data = await newDataDirectory()
    await using(async (crowd) => {
      await crowd.create({ couponId: 'sale', quantity: 40 })
      await Promise.all(users('user', 60).map((user) => crowd.claim('sale', user)))
      rows = await allRows(crowd, 40)
    })
  })
  after(() => removeDataDirectory(data))

  async function using(
    use: (crowd: Crowd, service: ServiceProcess) => Promise<void>,
  ): Promise<void> {
    const service = await startService({ data })
    const crowd = new Crowd(service, 64)
    await use(crowd, service)
    await crowd.close()
    assert.equal(await service.stop(), 0, service.output())
  }

  it('are derived anew after they were deleted, and claims are answered before they are up', async () => {
    await rm(join(data, 'projection'), { recursive: true })
    await using(async (crowd) => {
      const early = await crowd.get('/me/coupons', 'user-0')
      assert.equal(early.status, 503, 'making the rows takes seconds')
      assert.match(early.text, /problems/)
      await crowd.create({ couponId: 'meanwhile', quantity: 1 })
      assert.equal((await crowd.claim('meanwhile', 'kim')).outcome, 'issued')
      assert.equal((await crowd.mine('sale', 'user-0')).status < 500, true)
      assert.equal(await allRows(crowd, 40, 'sale'), rows)
    })
    const dropped = await droppedOffset()
    assert.ok(dropped >= 41, `all of the log may have been applied, not ${dropped} records`)
  })

  async function droppedOffset(): Promise<number> {
    const database = await openProjection(data, () => {})
    const text = 'select max(dropped_offset) from coupons.positions'
    const { rows: found } = await database.query({ name: 'dropped', text })
    await database.close()
    return Number(found[0]?.[0])
  }

  it('are derived anew where their directory cannot be opened, and the broken one is kept', async () => {
    const global = join(data, 'projection', 'global')
    for (const name of await readdir(global)) {
      if (name.startsWith('pg_control')) await writeFile(join(global, name), 'nonsense')
    }
    await using(async (crowd, service) => {
      assert.equal(await allRows(crowd, 40, 'sale'), rows)
      assert.match(service.output(), /derived anew/)
    })
    assert.ok((await readdir(data)).includes('projection.broken'))
  })

  it('are not trusted after the machine was started again, because they are never synced', async () => {
    await writeFile(join(data, 'projection.machine-start'), 'another start of the machine')
    await using(async (crowd, service) => {
      assert.equal(await allRows(crowd, 40, 'sale'), rows)
      assert.match(service.output(), /the machine was started again/)
    })
  })

  it('are derived anew by "firstcome rebuild", with the same codes', async () => {
    const rebuilt = run('rebuild', '--json')
    assert.equal(rebuilt.status, 0, rebuilt.stderr)
    const { rows: derived, orders } = JSON.parse(rebuilt.stdout) as Record<string, number>
    assert.deepEqual({ derived, orders }, { derived: 41, orders: 0 })
    await using(async (crowd) => {
      assert.equal(await allRows(crowd, 40, 'sale'), rows)
    })
  })

  it('cannot be rebuilt while the service runs', async () => {
    await using(async (_, service) => {
      const refused = run('rebuild')
      assert.equal(refused.status, 2)
      assert.match(refused.stderr, new RegExp(`process ${service.pid}`))
    })
  })

  function run(...args: string[]) {
    const command = [cli, '--data', data, ...args]
    return spawnSync(process.execPath, command, { encoding: 'utf8', timeout: waitMsMax })
  }
})

/** The rows as the operator reads them, once there are `count`. */
async function allRows(crowd: Crowd, count: number, couponId = 'sale'): Promise<string> {
  const deadline = performance.now() + waitMsMax
  for (;;) {
    const path = `/issued-coupons?limit=10000&couponId=${couponId}`
    const { status, text } = await crowd.get(path, 'operator')
    if (status === 200) {
      const { issued } = JSON.parse(text) as { issued: object[] }
      if (issued.length === count) return JSON.stringify(issued)
    }
    assert.ok(performance.now() < deadline, `not ${count} rows: ${text}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
