// The rows can be deleted, broken or old at any time: the log gives them back, the same ones.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { AuditReport } from '../../../src/audit/audit.ts'
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

  it('are compared only where they are new, after an audit that found nothing wrong', async () => {
    await using(async (crowd) => {
      await allRows(crowd, 1, 'meanwhile')
      const deadline = performance.now() + waitMsMax
      while (audited().counts.lagRecords > 0) assert.ok(performance.now() < deadline)
      const whole = sinceSnapshot()
      assert.deepEqual(whole.since, { from: null, putAside: null, notKept: null })
      assert.deepEqual([whole.counts.winners, whole.counts.rows], [41, 41])
      await crowd.create({ couponId: 'later', quantity: 2 })
      assert.equal((await crowd.claim('later', 'kim')).outcome, 'issued')
      await allRows(crowd, 1, 'later')
      const { since, counts } = sinceSnapshot()
      const from = since?.from ?? { winners: 0, claims: [] }
      const read = from.claims.reduce((sum, offset) => sum + offset, 0)
      assert.deepEqual([from.winners, read], [41, whole.counts.records])
      assert.deepEqual([counts.records, counts.winners, counts.rows], [2, 1, 1])
      assert.deepEqual([since?.putAside, since?.notKept], [null, null])
      const text = run('audit', '--since-snapshot').stdout
      assert.match(text, /\nOnly what came since the audit of 20.*:\n {2}claims from offset \d/)
      assert.match(text, /\n {2}No claim came since\n[^✗]*Every promise holds of what came since/)
      assert.match(text, /\nThe next audit can go on from here: .*audited\/claims\n$/)
    })
  })

  it('are derived anew by "firstcome rebuild", with the same codes', async () => {
    const rebuilt = run('rebuild', '--json')
    assert.equal(rebuilt.status, 0, rebuilt.stderr)
    const { rows: derived, orders } = JSON.parse(rebuilt.stdout) as Record<string, number>
    assert.deepEqual({ derived, orders }, { derived: 42, orders: 0 })
    const { since, counts } = sinceSnapshot()
    assert.equal(since?.putAside, 'the rows were made anew since')
    assert.deepEqual([counts.winners, counts.rows], [42, 42])
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

  const sinceSnapshot = () => audited('--since-snapshot')

  function audited(...options: string[]): AuditReport {
    const { status, stdout, stderr } = run('audit', '--json', ...options)
    assert.equal(status, 0, stdout + stderr)
    return JSON.parse(stdout) as AuditReport
  }

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
