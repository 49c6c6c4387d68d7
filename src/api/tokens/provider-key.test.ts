import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { providerKeysMax, readKeySet } from './provider-key.ts'

const jwk = (key: KeyObject) => ({ ...key.export({ format: 'jwk' }) })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')
const read = (...keys: unknown[]) => readKeySet(JSON.stringify({ keys }))

test('a key is for the one algorithm of its kind', () => {
  const table: [key: object, algorithm: string][] = [
    [jwk(rsa.publicKey), 'RS256'],
    [{ ...jwk(rsa.publicKey), alg: 'RS256', use: 'sig', kid: '1' }, 'RS256'],
    [{ ...jwk(ec.publicKey), key_ops: ['verify'] }, 'ES256'],
    [jwk(ed.publicKey), 'EdDSA'],
    [{ ...jwk(ed.publicKey), alg: 'Ed25519' }, 'EdDSA'],
  ]
  for (const [key, algorithm] of table) {
    assert.deepEqual(
      read(key)?.map((one) => one.algorithm),
      [algorithm],
    )
  }
})

test('keys of other kinds are passed over, whatever stands beside them', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  const wide = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey
  const bitcoin = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey
  const others: unknown[] = [
    { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' },
    { ...jwk(rsa.publicKey), use: 'enc' },
    { ...jwk(rsa.publicKey), alg: 'RSA-OAEP' },
    { ...jwk(rsa.publicKey), alg: 'PS256' },
    { ...jwk(rsa.publicKey), alg: 'none' },
    { ...jwk(ec.publicKey), alg: 'HS256' },
    { ...jwk(ec.publicKey), key_ops: ['sign'] },
    { ...jwk(ec.publicKey), key_ops: 7 },
    { ...jwk(ec.publicKey), kid: 7 },
    { ...jwk(ec.publicKey), x: 'AAAA' },
    { ...jwk(ec.publicKey), y: undefined },
    jwk(rsa.privateKey),
    jwk(small),
    jwk(wide),
    jwk(bitcoin),
    jwk(generateKeyPairSync('x25519').publicKey),
    jwk(generateKeyPairSync('ed448').publicKey),
    { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA' },
    { kty: 'RSA' },
    {},
    null,
    'RSA',
  ]
  for (const other of others) assert.deepEqual(read(other), [], JSON.stringify(other))
  assert.equal(read(...others, jwk(ec.publicKey))?.length, 1)
})

test('what is no key set is none, and of a long one the first keys count', () => {
  for (const text of ['', '<html>', 'null', '[]', '{}', '{"keys":{}}', '{"keys":"none"}']) {
    assert.equal(readKeySet(text), null, text)
  }
  assert.deepEqual(readKeySet('{"keys":[]}'), [])
  const many = Array.from({ length: 100 }, (_, n) => ({ ...jwk(ec.publicKey), kid: `${n}` }))
  assert.equal(read(...many)?.length, providerKeysMax)
})
