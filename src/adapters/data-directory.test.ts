import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import * as config from '../config/setting-table.ts'
import {
  type DataDirectory,
  DataDirectoryError,
  type DataDirectoryErrorCode,
  openDataDirectory,
  readOwner,
  readSecrets,
  type Secrets,
  secretBytesMin,
} from './data-directory.ts'

const now = Date.UTC(2026, 0, 2)
const jwtSecret = 'j'.repeat(secretBytesMin)
const codeSecret = 'c'.repeat(secretBytesMin)
let parent = ''
let path = ''
let open: DataDirectory[] = []

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'firstcome-data-'))
  path = join(parent, 'deeper', 'data')
})
afterEach(() => {
  for (const directory of open) directory.close()
  open = []
  rmSync(parent, { recursive: true, force: true })
})

function start(secrets: Partial<Secrets> = {}): DataDirectory {
  const directory = openDataDirectory({ path, secrets, now })
  open.push(directory)
  return directory
}

function restarted(secrets: Partial<Secrets> = {}): DataDirectory {
  for (const directory of open) directory.close()
  return start(secrets)
}

function refused(code: DataDirectoryErrorCode, message: RegExp, run: () => void): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof DataDirectoryError, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, message)
    return true
  })
}

test('A secret has the same least length here as in the settings.', () => {
  assert.equal(secretBytesMin, config.secretBytesMin)
})

test('A new directory belongs to its owner only, and so do its files.', () => {
  start()
  assert.equal(statSync(path).mode & 0o777, 0o700)
  assert.equal(statSync(join(parent, 'deeper')).mode & 0o777, 0o700)
  for (const file of ['secrets.json', 'owner.json', 'code-secret.sha256']) {
    assert.equal(statSync(join(path, file)).mode & 0o777, 0o600, file)
  }
})

test('A directory that others may look into is closed to them, and so is what lies in it.', () => {
  mkdirSync(join(path, 'projection'), { recursive: true })
  writeFileSync(join(path, 'lock.db'), '')
  symlinkSync(parent, join(path, 'elsewhere'))
  for (const [name, mode] of Object.entries({ '.': 0o755, projection: 0o777, 'lock.db': 0o666 })) {
    chmodSync(join(path, name), mode)
  }
  const before = statSync(parent).mode
  start()
  for (const name of readdirSync(path)) {
    if (name !== 'elsewhere') assert.equal(statSync(join(path, name)).mode & 0o077, 0, name)
  }
  assert.equal(statSync(path).mode & 0o777, 0o700)
  assert.equal(statSync(parent).mode, before)
})

test('The owner is named while the directory is open, with the URL once it is announced.', () => {
  const directory = start()
  const owner = { pid: process.pid, startedAt: '2026-01-02T00:00:00.000Z' }
  assert.deepEqual(readOwner(path), owner)
  directory.announce('http://127.0.0.1:1234')
  assert.deepEqual(readOwner(path), { ...owner, url: 'http://127.0.0.1:1234' })
  directory.close()
  directory.close()
  assert.equal(readOwner(path), null)
})

test('An owner.json that is damaged names nobody.', () => {
  start()
  for (const text of ['', '{', '[]', '{"pid":"1","startedAt":""}', '{"pid":-1,"startedAt":""}']) {
    writeFileSync(join(path, 'owner.json'), text)
    assert.equal(readOwner(path), null, text)
  }
})

test('The same process cannot open it twice either, and keeps it.', () => {
  start()
  refused('in_use', new RegExp(`process ${process.pid}`), start)
  refused('in_use', new RegExp(`process ${process.pid}`), start)
})

test('The lock keeps no journal, so that it can be taken on a full disk.', () => {
  start()
  assert.deepEqual(
    readdirSync(path).filter((name) => name.startsWith('lock')),
    ['lock.db'],
  )
  assert.equal(statSync(join(path, 'lock.db')).size, 0)
})

test('Secrets are made on the first start and are the same ever after.', () => {
  const first = start()
  assert.ok(first.firstRun)
  assert.ok(Buffer.byteLength(first.secrets.jwtSecret) >= secretBytesMin)
  assert.notEqual(first.secrets.jwtSecret, first.secrets.codeSecret)
  assert.deepEqual(readSecrets(path), first.secrets)
  const second = restarted()
  assert.ok(!second.firstRun)
  assert.deepEqual(second.secrets, first.secrets)
  assert.deepEqual(
    readdirSync(path).filter((file) => file.endsWith('.new')),
    [],
  )
})

test('Secrets that are given win over the kept ones and are never written.', () => {
  const first = start({ jwtSecret, codeSecret }).secrets
  const { proofKey, proofSecret } = first
  assert.deepEqual(first, { jwtSecret, codeSecret, proofKey, proofSecret })
  assert.deepEqual(readSecrets(path), { proofKey, proofSecret })
  const later = restarted({ codeSecret })
  assert.equal(later.secrets.codeSecret, codeSecret)
  const kept = { jwtSecret: later.secrets.jwtSecret, proofKey, proofSecret }
  assert.deepEqual(readSecrets(path), kept)
  assert.deepEqual(restarted({ jwtSecret, codeSecret }).secrets, first)
  assert.deepEqual(readSecrets(path), kept)
  for (const file of readdirSync(path)) {
    const text = readFileSync(join(path, file), 'latin1')
    assert.ok(!text.includes(codeSecret) && !text.includes(jwtSecret), file)
  }
})

describe('A code secret other than the first is refused, for codes would change:', () => {
  test('another one is given', () => {
    start()
    refused('code_secret_changed', /another code secret/, () => restarted({ codeSecret }))
  })
  test('the kept one is gone', () => {
    start().close()
    rmSync(join(path, 'secrets.json'))
    refused('code_secret_changed', /secrets.json does not hold it/, start)
    assert.ok(!existsSync(join(path, 'secrets.json')), 'a new one was drawn')
  })
  test('it is no longer given', () => {
    start({ codeSecret }).close()
    refused('code_secret_changed', /secrets.json does not hold it/, start)
  })
})

test('After a refusal the lock is free and nobody is named.', () => {
  const { secrets } = start()
  refused('code_secret_changed', /./, () => restarted({ codeSecret }))
  assert.equal(readOwner(path), null)
  assert.deepEqual(start().secrets, secrets)
})

describe('A secrets.json that cannot be used is refused and left as it is:', () => {
  const table: [what: string, text: string, message: RegExp][] = [
    ['empty', '', /is not JSON/],
    ['half written', '{"jwtSecret": "abc', /is not JSON/],
    ['a list', '[]', /not a JSON object/],
    ['null', 'null', /not a JSON object/],
    ['no text', `{"jwtSecret": ${'1'.repeat(40)}}`, /jwtSecret of less than 32 bytes/],
    ['too short', `{"jwtSecret": "${jwtSecret}", "codeSecret": "c"}`, /codeSecret of less than/],
  ]
  for (const [what, text, message] of table) {
    test(what, () => {
      start().close()
      writeFileSync(join(path, 'secrets.json'), text)
      refused('secrets_damaged', message, start)
      assert.equal(readFileSync(join(path, 'secrets.json'), 'utf8'), text)
    })
  }
})

test('Without a directory there are no secrets and no owner, and none is made.', () => {
  assert.deepEqual(readSecrets(path), {})
  assert.equal(readOwner(path), null)
  assert.ok(!existsSync(path))
})

test('A path that is a file is refused in plain words.', () => {
  path = join(parent, 'file')
  writeFileSync(path, '')
  refused('unusable', /data directory .*file cannot be used/, start)
})

test('A lock.db that is something else is refused and not touched.', () => {
  start().close()
  const text = 'This is not a database at all.'.repeat(40)
  writeFileSync(join(path, 'lock.db'), text)
  refused('unusable', /cannot be used/, start)
  assert.equal(readFileSync(join(path, 'lock.db'), 'utf8'), text)
})
