// The backup as it is documented, taken again and again while claims and orders run: each copy is
// of one moment, is found whole, starts, and has what everybody was told before it began.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { readSecrets } from '../../../src/adapters/data-directory.ts'
import { waitFor } from '../../services/server-process.ts'
import { Crowd } from '../processes/crowd.ts'
import {
  newDataDirectory,
  newEmptyDirectory,
  removeDataDirectory,
  runRole,
  type ServiceProcess,
  startService,
} from '../processes/service-process.ts'

const backups = 3

describe('a backup that is taken while everything runs', { timeout: 300_000 }, () => {
  let root: string
  let service: ServiceProcess
  let crowd: Crowd
  const told = new Map<string, number>()
  before(async () => {
    root = await newEmptyDirectory()
    service = await startService({ data: await newDataDirectory(join(root, 'data')) })
    crowd = new Crowd(service, 16)
    await crowd.create({ couponId: 'sale', quantity: 100_000 })
    await waitFor('SQL', async () => (await crowd.get('/projection', 'operator')).status === 200)
  })
  after(async () => {
    await crowd.close()
    await service.crash()
    await removeDataDirectory(root)
  })

  const command = (data: string, role: string, ...args: string[]) => {
    const { jwtSecret = '', codeSecret = '' } = readSecrets(service.data)
    const secrets = { FIRSTCOME_JWT_SECRET: jwtSecret, FIRSTCOME_CODE_SECRET: codeSecret }
    return runRole({ role, env: { FIRSTCOME_DATA: data, ...secrets } }, args)
  }

  it('is no mixture', async () => {
    let isOver = false
    const claiming = (async () => {
      for (let n = 0; !isOver; n++) {
        const { outcome, slot } = await crowd.claim('sale', `user-${n}`)
        if (outcome === 'issued' && slot !== undefined) told.set(`user-${n}`, slot)
      }
    })()
    const size = ['--users', '300', '--quantity', '150', '--stock', '40']
    const ordering = command(service.data, 'rehearse', 'orders', ...size)
    const copies: { data: string; before: Map<string, number> }[] = []
    for (let n = 0; n < backups; n++) {
      const enough = told.size + 20
      await waitFor('more claims', () => told.size >= enough)
      const copy = { data: join(root, `backup-${n}`), before: new Map(told) }
      const { code, err } = await command(service.data, 'backup', copy.data)
      assert.equal(code, 0, err)
      copies.push(copy)
    }
    const rehearsed = await ordering
    assert.equal(rehearsed.code, 0, rehearsed.out + rehearsed.err)
    isOver = true
    await claiming
    for (const { data } of copies) {
      const { code, out, err } = await command(data, 'audit')
      assert.equal(code, 0, out + err)
      assert.match(out, /no rows in /)
    }
    const last = copies.at(-1)
    assert.ok(last)
    await startsWith(last)
  })

  async function startsWith(copy: { data: string; before: Map<string, number> }): Promise<void> {
    const started = await startService({ data: copy.data })
    const others = new Crowd(started, 16)
    for (const [user, slot] of copy.before) {
      const mine = await others.mine('sale', user)
      assert.deepEqual([mine.outcome, mine.slot], ['issued', slot], user)
    }
    await waitFor('SQL', async () => (await others.get('/projection', 'operator')).status === 200)
    await others.close()
    assert.equal(await started.stop(), 0, started.output())
    const { code, out, err } = await command(copy.data, 'audit')
    assert.equal(code, 0, out + err)
  }

  it('is refused where it would be written over something', async () => {
    const { code, err } = await command(service.data, 'backup', service.data)
    assert.equal(code, 2)
    assert.match(err, /is not empty/)
  })
})
