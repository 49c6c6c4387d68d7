import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { formatWitnessKey, witnessKey } from '../domain/proof/cosignature.ts'
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

test('Witnesses are lines of a key and an address, each once.', () => {
  const [one, two] = ['one', 'two'].map((name) => {
    return formatWitnessKey(witnessKey(`${name}.example`, Buffer.alloc(32, 7)))
  })
  const read = (text: string) => readSettings({ FIRSTCOME_PROOF_WITNESSES: text }, {})
  const good = read(`${one} http://127.0.0.1:8090\n\n  ${two} https://two.example/witness/\n`)
  assert.ok(good.ok)
  assert.deepEqual(good.settings.proofWitnesses, [
    { key: one, url: 'http://127.0.0.1:8090' },
    { key: two, url: 'https://two.example/witness/' },
  ])
  const address = 'https://one.example'
  for (const text of [one, `${one} ftp://a`, `${one} ${address} more`, `a ${address}`]) {
    const [mistake = ''] = mistakes({ FIRSTCOME_PROOF_WITNESSES: text ?? '' })
    assert.match(mistake, /^FIRSTCOME_PROOF_WITNESSES must be lines of/)
  }
  assert.equal(mistakes({ FIRSTCOME_PROOF_WITNESSES: `${one} ${address}\n`.repeat(2) }).length, 1)
})
