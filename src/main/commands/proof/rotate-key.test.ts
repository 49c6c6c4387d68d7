import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openDataDirectory, type Secrets } from '../../../adapters/data-directory.ts'
import { topicPath } from '../../../adapters/log-file/topic-readers.ts'
import { readProofFile, settleProofFile } from '../../../adapters/proof-identity-file.ts'
import { claimsTopic } from '../../../domain/coupons/messages.ts'
import { verifierKeysOf } from '../../../domain/proof/identity.ts'
import { identityOf } from '../../roles/proof/proof.ts'
import { rotateBesideLog } from './rotate-key.ts'
import { rotatedJson, rotatedText } from './rotated-text.ts'

const origin = 'coupons.example'
const later = '2026-03-01T09:00:00.000Z'
const newPem = () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
}

/** A directory in which a service has started once. */
function startedOnce(t: TestContext, given: Partial<Secrets> = {}) {
  const path = mkdtempSync(join(tmpdir(), 'firstcome-rotate-'))
  t.after(() => rmSync(path, { recursive: true }))
  mkdirSync(dirname(topicPath(path, claimsTopic)))
  writeFileSync(topicPath(path, claimsTopic), '')
  /** As a start settles who signs. */
  function start(secrets = given) {
    const directory = openDataDirectory({ path, secrets, now: 0 })
    directory.close()
    const { proofKey: key, proofSecret: secret } = directory.secrets
    return settleProofFile(path, identityOf({ origin, key, secret, witnesses: [] }), later)
  }
  const file = (name: string) => join(path, name)
  return { path, first: start(), start, file, read: (name: string) => readFileSync(file(name)) }
}

test('A key of one process is made anew, and the old one kept, however often.', (t) => {
  const { path, first, start } = startedOnce(t)
  const { known } = rotateBesideLog(path, undefined)
  assert.notEqual(known.key, first.key)
  assert.deepEqual(
    known.oldKeys.map(({ key, name }) => [key, name]),
    [[first.key, origin]],
  )
  assert.deepEqual(start(), known)
  const again = rotateBesideLog(path, undefined).known
  assert.deepEqual(
    again.oldKeys.map(({ key }) => key),
    [known.key, first.key],
  )
  assert.deepEqual(start(), again)
  const keys = verifierKeysOf(again).map(({ publicKey }) => publicKey.toString('base64'))
  assert.deepEqual(keys, [again.key, known.key, first.key])
})

test('Broken off at any point, the change is ended or was never begun; no key is lost.', (t) => {
  const { path, first, start, file, read } = startedOnce(t)
  const secrets = read('secrets.json')
  const { known } = rotateBesideLog(path, undefined)
  const newSecrets = read('secrets.json')
  const begun = `${JSON.stringify({ ...first, oldKeys: undefined, nextKey: known.key })}\n`

  // After the first file, before the key is kept: the old one signs on.
  writeFileSync(file('proof.json'), begun)
  writeFileSync(file('secrets.json'), secrets)
  assert.deepEqual(start(), first)
  assert.deepEqual(readProofFile(path), first)

  // The new key is kept, and not named yet: a start ends it, and so does the same command.
  writeFileSync(file('secrets.json'), newSecrets)
  for (const end of [start, () => rotateBesideLog(path, undefined).known]) {
    writeFileSync(file('proof.json'), begun)
    const { key, oldKeys } = end()
    assert.deepEqual([key, oldKeys.map((old) => old.key)], [known.key, [first.key]])
    assert.equal(readProofFile(path)?.nextKey, undefined)
  }
})

test('A key of the environment is replaced by the one that is given, which stays outside.', (t) => {
  const [one, other] = [newPem(), newPem()]
  const { path, first, start, read } = startedOnce(t, { proofKey: one })
  const secrets = read('secrets.json')
  assert.throws(() => start({ proofKey: other }), /by another FIRSTCOME_PROOF_KEY .*rotate-key/s)
  assert.throws(() => rotateBesideLog(path, one), /FIRSTCOME_PROOF_KEY: .* signs already/)
  const { known } = rotateBesideLog(path, other)
  assert.deepEqual([known.oldKeys.length, known.oldKeys[0]?.key], [1, first.key])
  assert.deepEqual(read('secrets.json'), secrets)
  assert.deepEqual(start({ proofKey: other }), known)
  assert.throws(() => start({ proofKey: one }), /an old one, which [0-9a-f]{8} has replaced/)
  assert.throws(() => rotateBesideLog(path, one), /FIRSTCOME_PROOF_KEY: it is an old one/)
  assert.throws(() => rotateBesideLog(path, undefined), /FIRSTCOME_PROOF_KEY is missing/)
})

test('Nothing is changed where there is no service, or no proof, or an old copy of its key.', (t) => {
  const { path, read, file } = startedOnce(t)
  assert.throws(() => rotateBesideLog(join(path, 'none'), undefined), /there is no log in/)
  const secrets = read('secrets.json')
  rotateBesideLog(path, undefined)
  writeFileSync(file('secrets.json'), secrets)
  assert.throws(() => rotateBesideLog(path, undefined), /secrets.json: it is an old one/)
  rmSync(file('proof.json'))
  assert.throws(() => rotateBesideLog(path, undefined), /no proof was ever made here/)
})

test('It says both keys, and from which size on the new one signs each coupon.', (t) => {
  const { path, file } = startedOnce(t)
  const kept = Array.from({ length: 22 }, (_, n) => ({ couponId: `sale-${n}`, size: n + 1 }))
  const lines = [...kept, { couponId: 'sale-0', size: 9 }, { couponId: 'sale-0', size: 4 }].map(
    (one) => JSON.stringify({ ...one, signer: 'key', partition: 0, note: `${one.size}` }),
  )
  writeFileSync(file('proof-checkpoints.jsonl'), `${lines.join('\n')}\n`)
  const rotated = rotateBesideLog(path, undefined)
  const { key, oldKeys, coupons } = rotatedJson(rotated)
  assert.deepEqual(coupons[0], { couponId: 'sale-0', from: 9 })
  assert.equal(coupons.length, 22)
  const text = rotatedText(rotated)
  for (const line of [key, oldKeys[0]?.key, 'sale-0   9', 'and 2 more (--json names all)']) {
    assert.ok(text.includes(`\n  ${line}\n`), text)
  }
})
