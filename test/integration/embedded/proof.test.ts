// A sale of a real service, checked by both verifiers from its public calls and by receipts; and
// what was published: it outlives the rows, takes a name of its own, and is never contradicted.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { waitFor } from '../../services/server-process.ts'
import { Crowd, users } from '../processes/crowd.ts'
import {
  newDataDirectory,
  removeDataDirectory,
  runService,
  type ServiceProcess,
  startService,
} from '../processes/service-process.ts'

const root = join(import.meta.dirname, '../../..')
const named = { FIRSTCOME_PROOF_ORIGIN: 'coupons.example' }
const checkpointPath = '/coupons/sale/proof/checkpoint'
const sizeOf = (note: string) => Number(note.split('\n')[1])

describe('the proof of a sale', () => {
  let data: string
  let saved = ''
  before(async () => {
    data = await newDataDirectory()
  })
  after(() => removeDataDirectory(data))

  type Use = (crowd: Crowd, service: ServiceProcess) => Promise<void>
  async function using(env: Record<string, string>, use: Use): Promise<void> {
    const service = await startService({ data, env })
    const crowd = new Crowd(service, 8)
    try {
      await use(crowd, service)
      assert.equal(await service.stop(), 0, service.output())
    } finally {
      await crowd.close()
      await service.crash()
    }
  }

  /** The next start finds empty rows. */
  async function deleteRows(): Promise<void> {
    await rm(join(data, 'projection'), { recursive: true })
    await newDataDirectory(data)
  }

  function verified(url: string, receipt?: string): void {
    const given = receipt === undefined ? [] : ['--receipt', receipt]
    const asked = [url, '--coupon', 'sale', ...given]
    for (const program of [['bin/firstcome.js', 'verify'], ['tools/verify-sale.mjs']]) {
      const command = [...program, ...asked]
      const run = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' })
      assert.equal(run.status, 0, run.stdout + run.stderr)
      assert.match(run.stdout, /Proved/)
    }
  }

  /** While the service runs, or not. */
  function audited(note: string, exitCode: number): string {
    const path = join(data, 'saved.txt')
    writeFileSync(path, note)
    const command = ['bin/firstcome.js', 'audit', '--data', data, '--checkpoint', path]
    const run = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' })
    assert.equal(run.status, exitCode, run.stdout + run.stderr)
    return run.stdout
  }

  it('satisfies both verifiers, and holds for winners and for losers', async () => {
    await using({}, async (crowd, { url }) => {
      await crowd.create({ couponId: 'sale', quantity: 3 })
      for (const user of users('user', 5)) await crowd.claim('sale', user)
      await crowd.command('/coupons/sale/restock', { add: 1 })
      await crowd.claim('sale', 'user-4')
      for (const user of ['user-0', 'user-3', 'nobody']) {
        const path = join(data, `${user}.json`)
        await waitFor('a receipt', async () => {
          const { status, text } = await crowd.get('/coupons/sale/claims/mine/receipt', user)
          writeFileSync(path, text)
          return status === 200
        })
        verified(url, path)
      }
      saved = (await crowd.get(checkpointPath)).text
      assert.match(audited(saved, 0), /The log makes this checkpoint: \d+ entries of sale/)
    })
  })

  it('is the same after the rows were deleted, under a name that is set, and none smaller', async () => {
    audited(saved, 0)
    assert.match(audited(saved.replace(/\n\d+\n/, '\n2\n'), 1), /not signed by our key/)
    const kept = readFileSync(join(data, 'proof-checkpoints.jsonl'), 'utf8').trimEnd().split('\n')
    const sizes = kept.map((line) => (JSON.parse(line) as { size: number }).size)
    await deleteRows()
    await using(named, async (crowd, { url }) => {
      let note = ''
      await waitFor('the checkpoint', async () => {
        const { status, text } = await crowd.get(checkpointPath)
        note = text
        assert.ok(status === 200 || status === 503, text)
        return status === 200
      })
      assert.equal(note.split('\n')[0], 'coupons.example/coupons/sale')
      assert.equal(sizeOf(note), Math.max(...sizes))
      verified(url)
      await crowd.claim('sale', 'somebody-else')
      await crowd.command('/coupons/sale/pause')
      await waitFor('another one', async () => {
        return sizeOf((await crowd.get(checkpointPath)).text) > sizeOf(note)
      })
    })
  })

  it('is signed under no other name, and not made where nobody wants it', async () => {
    const other = { FIRSTCOME_PROOF_ORIGIN: 'other.example' }
    const { code, output } = await runService({ data, env: other })
    assert.equal(code, 1)
    assert.match(output, /signed under coupons.example, not under other.example/)
    await using({ FIRSTCOME_PROOF: 'false' }, async (crowd) => {
      for (const path of [checkpointPath, '/proof/key']) {
        const { status, text } = await crowd.get(path)
        assert.deepEqual([status, /no-proof/.test(text)], [404, true])
      }
      assert.equal((await crowd.claim('sale', 'user-0')).outcome, 'issued')
    })
  })

  it('is not gone on with where the log makes another tree than was published', async () => {
    const path = join(data, 'proof-checkpoints.jsonl')
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    const last = JSON.parse(lines.pop() ?? '') as { size: number; note: string }
    const [origin, size, , ...signature] = last.note.split('\n')
    const note = [origin, size, Buffer.alloc(32).toString('base64'), ...signature].join('\n')
    const forked = [...lines, JSON.stringify({ ...last, note })].join('\n')
    writeFileSync(path, `${forked}\n`)
    await deleteRows()
    for (const _ of ['at once', 'and again']) {
      const { code, output } = await runService({ data, env: named })
      assert.equal(code, 1)
      const said = `another tree of coupon sale than was published at ${last.size} entries`
      assert.match(output, new RegExp(said))
    }
  })
})
