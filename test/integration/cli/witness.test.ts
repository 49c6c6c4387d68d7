// A witness as somebody runs it: what it answers on its port, and that it remembers what it has
// cosigned, whatever happens to it.

import assert from 'node:assert/strict'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { cosignatureIn, parseWitnessKey } from '../../../src/domain/proof/cosignature.ts'
import { formatVerifierKey, parseNote } from '../../../src/domain/proof/signed-note.ts'
import { consistencyProof } from '../../../src/domain/proof/tree.ts'
import { formatAddCheckpoint } from '../../../src/domain/proof/witness.ts'
import {
  checkpointOf,
  honestLeaves,
  keyOf,
  nodesOf,
  otherKey,
  ownKey,
} from '../../models/published-sale.ts'
import { runCli } from '../processes/cli-process.ts'
import {
  newEmptyDirectory,
  type RoleProcess,
  removeDataDirectory,
  runRole,
  startRole,
} from '../processes/service-process.ts'

const leaves = honestLeaves()
const forked = [...leaves.slice(0, 3), ...leaves.slice(4)]
const noteAt = (size: number, from = leaves, key = ownKey) => checkpointOf(from.slice(0, size), key)
const ask = (old: number, note: string, proof: Buffer[] = []) => {
  return formatAddCheckpoint({ old, proof, note })
}
const goesOn = (old: number, size: number, from = leaves) => {
  return ask(old, noteAt(size, from), consistencyProof(old, size, nodesOf(from)))
}

describe('a witness', () => {
  let data: string
  let witness: RoleProcess
  const log = formatVerifierKey(keyOf(ownKey, 'coupons.example'))
  const args = ['--name', 'witness.example', '--log', log]
  const start = () => startRole({ role: 'witness', env: { FIRSTCOME_DATA: data }, args })
  before(async () => {
    data = await newEmptyDirectory()
    witness = await start()
  })
  after(async () => {
    await witness.crash()
    await removeDataDirectory(data)
  })

  async function add(body: string) {
    const response = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body })
    const type = response.headers.get('content-type')
    return { status: response.status, type, text: await response.text() }
  }
  const statusOf = async (body: string) => (await add(body)).status
  const keyText = async () => (await fetch(`${witness.url}/key`)).text()

  async function assertCosigned(body: string, note: string): Promise<void> {
    const { status, text } = await add(body)
    assert.equal(status, 200, text)
    const key = parseWitnessKey((await keyText()).trimEnd())
    assert.ok(key)
    assert.equal(cosignatureIn(text, parseNote(note)?.text ?? '', key), text)
  }

  it('cosigns what goes on, and refuses all else by the status of the protocol', async () => {
    assert.match(await keyText(), /^witness\.example\+[0-9a-f]{8}\+B[A-Za-z0-9+/=]+\n$/)
    await assertCosigned(ask(0, noteAt(4)), noteAt(4))
    const { status, type, text } = await add(ask(0, noteAt(9)))
    assert.deepEqual([status, type, text], [409, 'text/x.tlog.size', '4\n'])
    await assertCosigned(goesOn(4, 9), noteAt(9))
    assert.equal(await statusOf(goesOn(4, 6)), 409, 'a log that was rolled back')
    assert.equal(await statusOf(ask(9, noteAt(9, forked))), 409, 'another root of this size')
    assert.equal(await statusOf(goesOn(9, 12, forked)), 422, 'a fork')
    assert.equal(await statusOf(ask(12, noteAt(9))), 400)
    assert.equal(await statusOf('hello'), 400)
    assert.equal(await statusOf(ask(9, noteAt(12, leaves, otherKey))), 403)
    assert.equal(await statusOf(ask(0, checkpointOf(leaves, ownKey, 'elsewhere/coupons/a'))), 404)
    assert.equal(await statusOf('x'.repeat(70_000)), 413)
    assert.match(witness.output(), /coupons\/first-sale: inconsistent/)
  })

  it('remembers it when it is killed, and lets only one of two go on from one size', async () => {
    const key = await keyText()
    await witness.crash()
    witness = await start()
    assert.equal(await keyText(), key)
    assert.equal((await add(ask(0, noteAt(4)))).text, '9\n')
    const two = await Promise.all([goesOn(9, 11), goesOn(9, 12)].map(statusOf))
    assert.deepEqual(two.toSorted(), [200, 409])
    assert.equal(await witness.stop(), 0, witness.output())
    witness = await start()
  })

  it('keeps its directory to itself, and cosigns nothing where it cannot read it', async () => {
    assert.equal(statSync(join(data, 'witness-key.pem')).mode & 0o77, 0)
    const second = await runRole({ role: 'witness', env: { FIRSTCOME_DATA: data } }, args)
    assert.equal(second.code, 2)
    assert.match(second.err, /is in use by/)
    const [name = ''] = readdirSync(join(data, 'witnessed'))
    writeFileSync(join(data, 'witnessed', name), 'x')
    assert.equal(await statusOf(ask(0, noteAt(12))), 500)
    assert.match(witness.output(), /cannot be read: restore it/)
  })

  it('is told the keys of its logs', async () => {
    const command = ['witness', '--port', '0', '--data', data, '--name', 'a']
    for (const given of [[], ['--log', 'coupons.example'], ['--log', log, '--name', 'a b']]) {
      const { exitCode } = await runCli([...command, ...given])
      assert.equal(exitCode, 2, given.join(' '))
    }
  })
})
