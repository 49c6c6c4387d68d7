// Another key on several nodes while claims come: Kafka, PostgreSQL, and each role a process of its
// own. What was published before stays verifiable; a log that contradicts it starts nobody.

import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { formatCheckpoint, openCheckpoint } from '../../../src/domain/proof/checkpoint.ts'
import { heldFault, openHeld } from '../../../src/domain/proof/held-checkpoint.ts'
import { parseVerifierKey, signNote } from '../../../src/domain/proof/signed-note.ts'
import { waitFor } from '../../services/server-process.ts'
import { Crowd } from '../processes/crowd.ts'
import { type RoleProcess, runRole } from '../processes/service-process.ts'
import { type FaultServices, startFaultServices } from './fault-services.ts'

const couponId = 'sale'
const origin = `coupons.example/coupons/${couponId}`
const newPem = () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
}
const [first, second] = [newPem(), newPem()]
const signedBy = (key: string) => ({
  FIRSTCOME_PROOF_ORIGIN: 'coupons.example',
  FIRSTCOME_PROOF_SECRET: 'a secret of the proofs of several nodes',
  FIRSTCOME_PROOF_KEY: key,
})
const sizeOf = (note: string) => Number(note.split('\n')[1])

describe('another key on several nodes', { timeout: 120_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'firstcome-rotated-'))
  let services: FaultServices
  let api: RoleProcess
  let issuer: RoleProcess
  let crowd: Crowd
  before(async () => {
    services = await startFaultServices()
    issuer = await services.role('issuer', signedBy(first))
    api = await services.role('api', signedBy(first))
    crowd = new Crowd(api, 16)
    await crowd.create({ couponId, quantity: 50 })
  })
  after(async () => {
    await crowd?.close()
    await services?.close()
    rmSync(directory, { recursive: true })
  })

  const proof = (call: string) => crowd.get(`/coupons/${couponId}/proof/${call}`)
  function file(name: string, text: string): string {
    const path = join(directory, name)
    writeFileSync(path, text)
    return path
  }

  async function checkpointWhere(what: string, fits: (note: string) => boolean): Promise<string> {
    let note = ''
    await waitFor(what, async () => {
      const { status, text } = await proof('checkpoint')
      note = text
      return status === 200 && fits(text)
    })
    return note
  }

  it('takes over while claims come, and what the old one has signed still holds', async () => {
    const stop = new AbortController()
    let asked = 0
    async function claimOn(): Promise<void> {
      while (!stop.signal.aborted) {
        const { outcome } = await crowd.claim(couponId, `user-${asked++}`)
        assert.notEqual(outcome, 'unknown')
      }
    }
    const sizes: number[] = []
    async function watch(): Promise<void> {
      while (!stop.signal.aborted) {
        const { status, text } = await proof('checkpoint')
        assert.ok(status === 200 || status === 503, text)
        if (status === 200) sizes.push(sizeOf(text))
      }
    }
    const saved = await checkpointWhere('a checkpoint', (note) => sizeOf(note) > 0)
    const [oldKey = ''] = (await proof('key')).text.split('\n')
    const going = Promise.all([claimOn(), watch()])
    const { text: receipt } = await crowd.get(`/coupons/${couponId}/claims/mine/receipt`, 'user-0')
    const env = { ...services.env, ...signedBy(second) }
    const rotated = await runRole({ role: 'proof', env }, ['rotate-key', '--json'])
    assert.equal(rotated.code, 0, rotated.err)
    assert.equal(await issuer.stop(), 0)
    issuer = await services.role('issuer', signedBy(second))
    const keys = async () => (await proof('keys')).text.trimEnd().split('\n')
    await waitFor('the new key', async () => (await keys())[1] === oldKey)
    const [newKey = ''] = await keys()
    const by = (text: string) => {
      const key = parseVerifierKey(text)
      return key === null ? [] : [key]
    }
    const opens = (note: string, text: string) => {
      return !('fault' in openCheckpoint(note, { couponId, keys: by(text) }))
    }
    await checkpointWhere('its signature', (note) => opens(note, newKey))
    stop.abort()
    await going
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => a - b),
      'no node serves a smaller one',
    )

    assert.ok(opens(saved, oldKey) && !opens(saved, newKey))
    // Claims that are answered from memory have no record.
    const claims = [...crowd.ledger.values()].flat().filter(({ offset }) => offset !== undefined)
    const now = await checkpointWhere('the last claim', (note) => sizeOf(note) > claims.length)
    const both = openHeld({ couponId, keys: [...by(oldKey), ...by(newKey)], saved, now })
    assert.ok(!('fault' in both))
    const { text } = await proof(`consistency?from=${sizeOf(saved)}&to=${sizeOf(now)}`)
    const { hashes } = JSON.parse(text) as { hashes: string[] }
    assert.equal(heldFault(both, hashes), null)
    const given = [
      '--receipt',
      file('receipt.json', receipt),
      '--key',
      file('keys.txt', `${oldKey}\n${newKey}\n`),
    ]
    const verify = { role: 'verify', env: {} }
    const verified = await runRole(verify, [api.url, '--coupon', couponId, ...given])
    assert.equal(verified.code, 0, verified.out + verified.err)
    assert.match(verified.out, /Your receipt \(user-0, .*\) is of this tree/)

    const refused = await runRole({ role: 'issuer', env: { ...services.env, ...signedBy(first) } })
    assert.equal(refused.code, 1, refused.out)
    assert.match(refused.err, /FIRSTCOME_PROOF_KEY is an old one, which [0-9a-f]{8} has replaced/)
  })

  it('starts nobody where the log contradicts what was published, ends who runs, and says which', async () => {
    const size = sizeOf((await proof('checkpoint')).text)
    assert.equal(await issuer.stop(), 0)
    // As of a log in which somebody else has won: signed, and not what this log makes.
    const note = signNote(formatCheckpoint({ origin, size: 2, root: Buffer.alloc(32, 7) }), [
      { name: origin, privateKey: createPrivateKey(second) },
    ])
    await services.sql(
      `insert into proof.checkpoints select coupon_id, 2, 'planted', partition, '${note}'
        from proof.trees where coupon_id = '${couponId}' and size = ${size}`,
    )
    for (const table of ['entries', 'nodes', 'trees', 'positions']) {
      await services.sql(`delete from proof.${table}`)
    }
    const says = /another tree of coupon sale than was published at 2 entries/
    // It makes the trees again, and meets it there.
    const env = { ...services.env, ...signedBy(second) }
    const ended = await runRole({ role: 'issuer', env })
    assert.equal(ended.code, 1, ended.out)
    assert.match(ended.out + ended.err, says)
    // And who runs ends by what it has found.
    assert.deepEqual(await api.exited, { code: 1, signal: null })
    assert.match(api.output(), says)
    const starts = ['api', 'issuer', 'orders'].map((role) => runRole({ role, env }))
    for (const { code, err } of await Promise.all(starts)) {
      assert.equal(code, 1, err)
      assert.match(err, says)
    }
  })
})
