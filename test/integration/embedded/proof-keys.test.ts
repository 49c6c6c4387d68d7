// Another key of a service that goes on: what the old one has signed still holds for everybody who
// kept it, and one that nobody knows is refused.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parseCheckpoint } from '../../../src/domain/proof/checkpoint.ts'
import type { KnownIdentity } from '../../../src/domain/proof/identity.ts'
import { isSignedBy, parseNote, parseVerifierKey } from '../../../src/domain/proof/signed-note.ts'
import { isConsistent } from '../../../src/domain/proof/tree-proofs.ts'
import { waitFor } from '../../services/server-process.ts'
import { runCli } from '../processes/cli-process.ts'
import { Crowd, users } from '../processes/crowd.ts'
import {
  newDataDirectory,
  removeDataDirectory,
  startService,
} from '../processes/service-process.ts'

const named = { FIRSTCOME_PROOF_ORIGIN: 'coupons.example' }
const small = join(import.meta.dirname, '../../../tools/verify-sale.mjs')
/** While the service answers from another process. */
async function runSmall([, ...args]: readonly string[]) {
  const {
    status: exitCode,
    stdout: out,
    stderr: err,
  } = spawnSync(process.execPath, [small, ...args], { encoding: 'utf8' })
  return { exitCode, out, err }
}
const proof = (call: string) => `/coupons/sale/proof/${call}`

describe('another key', () => {
  let data: string
  let oldKey = ''
  let oldNote = ''
  let receipt = ''
  before(async () => {
    data = await newDataDirectory()
  })
  after(() => removeDataDirectory(data))

  async function using(use: (crowd: Crowd, url: string) => Promise<void>): Promise<void> {
    const service = await startService({ data, env: named })
    const crowd = new Crowd(service, 8)
    try {
      await use(crowd, service.url)
      assert.equal(await service.stop(), 0, service.output())
    } finally {
      await crowd.close()
      await service.crash()
    }
  }

  async function got(crowd: Crowd, path: string, user?: string): Promise<string> {
    let found = ''
    await waitFor(path, async () => {
      const { status, text } = await crowd.get(path, user)
      found = text
      return status === 200
    })
    return found
  }

  function file(name: string, text: string): string {
    const path = join(data, name)
    writeFileSync(path, text)
    return path
  }
  const kept = () => JSON.parse(readFileSync(join(data, 'proof.json'), 'utf8')) as KnownIdentity
  const rotate = () => runCli(['proof', 'rotate-key', '--data', data, '--json'])

  it('is not made while the service runs', async () => {
    await using(async (crowd) => {
      await crowd.create({ couponId: 'sale', quantity: 3 })
      for (const user of users('user', 5)) await crowd.claim('sale', user)
      const mine = '/coupons/sale/claims/mine/receipt'
      receipt = file('receipt.json', await got(crowd, mine, 'user-0'))
      oldKey = await got(crowd, proof('key'))
      oldNote = await got(crowd, proof('checkpoint'))
      assert.equal(await got(crowd, proof('keys')), oldKey)
      const running = await rotate()
      assert.equal(running.exitCode, 2)
      assert.match(running.err, /is in use by process/)
    })
  })

  it('signs from the size on that the old one has come to, which is still known', async () => {
    const { exitCode, out, err } = await rotate()
    assert.equal(exitCode, 0, err)
    const told = JSON.parse(out) as { key: string; oldKeys: { key: string }[]; coupons: unknown }
    const oldSize = parseCheckpoint(parseNote(oldNote)?.text ?? '')?.size ?? 0
    assert.deepEqual(told.coupons, [{ couponId: 'sale', from: oldSize }])
    const recorded = JSON.stringify(kept())
    await using(async (crowd, url) => {
      const note = await got(crowd, proof('checkpoint'))
      const key = await got(crowd, proof('key'))
      assert.notEqual(key, oldKey)
      assert.equal(await got(crowd, '/proof/key'), `${told.key}\n`)
      assert.equal(await got(crowd, proof('keys')), key + oldKey)
      assert.equal(await got(crowd, '/proof/keys'), `${told.key}\n${told.oldKeys[0]?.key}\n`)
      const signs = (of: string, text: string) => {
        const [parsed, verifier] = [parseNote(of), parseVerifierKey(text.trim())]
        return parsed !== null && verifier !== null && isSignedBy(parsed, verifier)
      }
      await waitFor('the new key', async () => signs(await got(crowd, proof('checkpoint')), key))
      assert.equal(parseCheckpoint(parseNote(note)?.text ?? '')?.size, oldSize)

      await crowd.claim('sale', 'late')
      await crowd.command('/coupons/sale/pause')
      await waitFor('a larger one', async () => {
        const found = await got(crowd, proof('checkpoint'))
        const [from, to] = [oldNote, found].map((one) =>
          parseCheckpoint(parseNote(one)?.text ?? ''),
        )
        assert.ok(from && to)
        if (to.size === from.size) return false
        assert.ok(signs(found, key) && !signs(found, oldKey) && signs(oldNote, oldKey))
        const sizes = { from: from.size, to: to.size }
        const call = proof(`consistency?from=${sizes.from}&to=${sizes.to}`)
        const { hashes } = JSON.parse(await got(crowd, call)) as { hashes: string[] }
        const proves = hashes.map((one) => Buffer.from(one, 'base64'))
        const roots = { fromRoot: from.root, toRoot: to.root }
        return isConsistent({ ...sizes, ...roots, proof: proves })
      })
      await verifiedBy(url, { key, oldKey, receipt })
      const command = ['audit', '--data', data, '--checkpoint', file('note.txt', oldNote)]
      const { exitCode: code, out: said } = await runCli(command)
      assert.equal(code, 0, said)
      assert.match(said, /signed by an old key of ours \([0-9a-f]{8}\) under .* replaced at \d{4}-/)
    })
    assert.equal(JSON.stringify(kept()), recorded)
  })

  type Keys = { key: string; oldKey: string; receipt: string }
  async function verifiedBy(url: string, keys: Keys): Promise<void> {
    const both = ['--key', file('keys.txt', keys.key + keys.oldKey)]
    const mine = ['--receipt', keys.receipt]
    const oldId = new RegExp(oldKey.split('+')[1] ?? '')
    for (const program of [runCli, runSmall]) {
      const run = (...args: string[]) => program(['verify', url, '--coupon', 'sale', ...args])
      const good = await run(...both, ...mine)
      assert.equal(good.exitCode, 0, good.out)
      assert.match(good.out, /Proved/)
      const without = await run(...mine)
      assert.equal(without.exitCode, 1, without.out)
      assert.match(without.out, oldId, 'which key it is')
    }
    const old = await runSmall(['', url, '--coupon', 'sale', '--key', file('old.txt', oldKey)])
    assert.equal(old.exitCode, 1)
  }
})
