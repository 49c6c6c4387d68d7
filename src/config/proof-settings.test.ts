import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import type { Environment } from './given-texts.ts'
import { secretBytesMin } from './setting-table.ts'
import { readSettings } from './settings.ts'

const longEnough = 'x'.repeat(secretBytesMin)
const pemOf = (key: KeyObject) => String(key.export({ type: 'pkcs8', format: 'pem' }))
const proofKey = pemOf(generateKeyPairSync('ed25519').privateKey)

function mistakes(env: Environment, command = 'start'): readonly string[] {
  const read = readSettings(env, {}, { command, names: [] })
  return read.ok ? [] : read.mistakes
}

test('Several nodes that sign proofs under a name need the key and the secret.', () => {
  const given = { FIRSTCOME_PROOF_ORIGIN: 'coupons.example' }
  const missing = ['KEY', 'SECRET'].map((one) => {
    return `FIRSTCOME_PROOF_${one} is missing: FIRSTCOME_PROOF_ORIGIN goes with it`
  })
  assert.deepEqual(mistakes(given, 'api'), missing)
  assert.deepEqual(mistakes(given, 'issuer'), missing)
  assert.deepEqual(mistakes(given, 'start'), [])
  assert.deepEqual(mistakes({ ...given, FIRSTCOME_PROOF: 'false' }, 'api'), [])
  const whole = { FIRSTCOME_PROOF_KEY: proofKey, FIRSTCOME_PROOF_SECRET: longEnough }
  assert.deepEqual(mistakes({ ...given, ...whole }, 'api'), [])
})

test('A name of proofs is one, and their key is of Ed25519.', () => {
  for (const origin of ['a b', 'a+b', 'a/', '', 'x'.repeat(201)]) {
    const [mistake = ''] = mistakes({ FIRSTCOME_PROOF_ORIGIN: `${origin}\t` })
    assert.match(mistake, /^FIRSTCOME_PROOF_ORIGIN must be a name/)
  }
  const other = pemOf(generateKeyPairSync('x25519').privateKey)
  for (const key of [other, 'AAAA', `${proofKey.slice(0, 40)}\n`]) {
    const [mistake] = mistakes({ FIRSTCOME_PROOF_KEY: key })
    assert.equal(mistake, 'FIRSTCOME_PROOF_KEY must be a private Ed25519 key, PKCS #8 in PEM')
  }
})
