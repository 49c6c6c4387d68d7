// The keys of proofs where several nodes sign: recorded in PostgreSQL, replaced by a command while
// nodes run, and told apart at each start.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { migrate } from '../../../src/adapters/database/migrations.ts'
import { type PostgresDatabase, startPostgres } from '../../../src/adapters/database/postgres.ts'
import { virtualClock } from '../../../src/adapters/memory/clock-virtual.ts'
import { createProofStoreSql } from '../../../src/adapters/stores/proof-store.ts'
import { readSettings } from '../../../src/config/settings.ts'
import { runRotateKey } from '../../../src/main/commands/proof/rotate-key.ts'
import { oldKeysInSql } from '../../../src/main/commands/proof/rotate-key-sql.ts'
import type { rotatedJson } from '../../../src/main/commands/proof/rotated-text.ts'
import { type ProofSettings, settleProof } from '../../../src/main/roles/proof/proof.ts'
import { shownKeysIn } from '../../../src/main/roles/proof/proof-keys.ts'
import { findPostgres, startPostgresServer } from '../../services/postgres.ts'

const skip = findPostgres() === null ? 'PostgreSQL is not installed' : false
const newPem = () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
}
const secret = 'a secret of the proofs of several nodes'
const proofOf = (key: string): ProofSettings => {
  return { origin: 'coupons.example', key, secret, witnesses: [] }
}

describe('the keys of several nodes', { skip, timeout: 60_000 }, () => {
  const [first, second, third] = [newPem(), newPem(), newPem()]
  let server: Awaited<ReturnType<typeof startPostgresServer>>
  let url = ''
  let database: PostgresDatabase
  before(async () => {
    server = await startPostgresServer({
      directory: mkdtempSync(join(tmpdir(), 'firstcome-keys-')),
    })
    url = await server.newDatabase()
    database = startPostgres({ url, clock: systemClock() })
    await migrate(database)
  })
  after(async () => {
    await database?.close()
    await server?.remove()
  })

  function settingsOf(key: string) {
    const read = readSettings(
      {
        FIRSTCOME_KAFKA_BROKERS: '127.0.0.1:1',
        FIRSTCOME_POSTGRES_URL: url,
        FIRSTCOME_PROOF_KEY: key,
      },
      {},
    )
    assert.ok(read.ok)
    return read.settings
  }

  async function rotate(key: string): Promise<ReturnType<typeof rotatedJson>> {
    let said = ''
    const out = (text: string) => {
      said += text
    }
    await runRotateKey({ json: true }, { settings: settingsOf(key), out, err: out })
    return JSON.parse(said) as ReturnType<typeof rotatedJson>
  }

  it('are replaced by the command only, and the old ones kept', async () => {
    await assert.rejects(rotate(first), /no proof was ever made here/)
    const known = await settleProof(database, proofOf(first))
    const clock = virtualClock(0)
    const shown = shownKeysIn(database, { known, clock })
    const [signs] = await shown()
    await assert.rejects(settleProof(database, proofOf(second)), /another .* rotate-key/s)
    await assert.rejects(rotate(first), /it is the one that signs already/)

    const note = { couponId: 'sale', signer: 'any', partition: 0, note: 'a note' }
    await createProofStoreSql(database).publish([3, 12].map((size) => ({ ...note, size })))
    const told = await rotate(second)
    assert.deepEqual(told.coupons, [{ couponId: 'sale', from: 12 }])
    assert.equal(told.oldKeys.length, 1)
    await assert.rejects(settleProof(database, proofOf(first)), /an old one, which .* has replaced/)
    assert.equal((await settleProof(database, proofOf(second))).oldKeys[0]?.id, signs?.id)

    // A node that runs shows it within a second.
    assert.deepEqual(await shown(), [signs])
    await clock.runUntil(1_000)
    const [now, old, ...none] = await shown()
    assert.deepEqual([old, none.length], [signs, 0])
    assert.notEqual(now?.id, signs?.id)
  })

  it('never sign again, and of two changes at once one is made', async () => {
    await assert.rejects(rotate(first), /it is an old one, which was replaced at/)
    const changes = await Promise.allSettled([rotate(third), rotate(newPem())])
    const made = changes.filter(({ status }) => status === 'fulfilled')
    const keys = await oldKeysInSql(settingsOf(third))
    assert.equal(made.length === 1 ? keys.length : keys.length - 1, 2)
    assert.equal(new Set(keys.map(({ id }) => id)).size, keys.length)
  })
})
