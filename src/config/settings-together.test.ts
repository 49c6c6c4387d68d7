import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { Environment } from './given-texts.ts'
import { tokenCharactersMax } from './setting-table.ts'
import { readSettings } from './settings.ts'

const directory = mkdtempSync(join(tmpdir(), 'firstcome-config-'))
const pemPath = join(directory, 'one.pem')
writeFileSync(pemPath, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
const keySetPath = join(directory, 'keys.json')
writeFileSync(keySetPath, '{"keys":[]}')
after(() => rmSync(directory, { recursive: true }))

function mistakes(env: Environment): readonly string[] {
  const read = readSettings(env)
  assert.ok(!read.ok, 'no mistake was found')
  return read.mistakes
}

describe('Settings of Kafka that only make sense together are asked for together:', () => {
  const sasl = 'FIRSTCOME_KAFKA_SASL'
  const table: [title: string, env: Environment, expected: string[]][] = [
    [
      'a name without a mechanism and a password',
      { [`${sasl}_USERNAME`]: 'kim' },
      [
        `${sasl}_MECHANISM is missing: ${sasl}_USERNAME goes with it`,
        `${sasl}_PASSWORD is missing: ${sasl}_USERNAME goes with it`,
      ],
    ],
    [
      'a certificate without a key',
      { FIRSTCOME_KAFKA_TLS: 'true', FIRSTCOME_KAFKA_TLS_CERT_FILE: pemPath },
      ['FIRSTCOME_KAFKA_TLS_KEY_FILE is missing: FIRSTCOME_KAFKA_TLS_CERT_FILE goes with it'],
    ],
    [
      'a certificate where nothing is encrypted',
      { FIRSTCOME_KAFKA_TLS: 'false', FIRSTCOME_KAFKA_TLS_CA_FILE: pemPath },
      ['FIRSTCOME_KAFKA_TLS_CA_FILE is given, but FIRSTCOME_KAFKA_TLS is not true'],
    ],
    [
      'a certificate for PostgreSQL where nothing is encrypted',
      { FIRSTCOME_KAFKA_TLS: 'true', FIRSTCOME_POSTGRES_TLS_CA_FILE: pemPath },
      ['FIRSTCOME_POSTGRES_TLS_CA_FILE is given, but FIRSTCOME_POSTGRES_TLS is not true'],
    ],
    [
      'a mechanism that is none',
      { [`${sasl}_MECHANISM`]: 'GSSAPI', [`${sasl}_USERNAME`]: 'k', [`${sasl}_PASSWORD`]: 'p' },
      [`${sasl}_MECHANISM must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, not "GSSAPI"`],
    ],
    [
      'a password that would be sent as it is',
      { [`${sasl}_MECHANISM`]: 'PLAIN', [`${sasl}_USERNAME`]: 'k', [`${sasl}_PASSWORD`]: 'p' },
      [`${sasl}_MECHANISM is PLAIN, which anybody can read without FIRSTCOME_KAFKA_TLS`],
    ],
    [
      'a password that is too long, which is not repeated',
      {
        FIRSTCOME_KAFKA_TLS: 'true',
        [`${sasl}_MECHANISM`]: 'PLAIN',
        [`${sasl}_USERNAME`]: 'k',
        [`${sasl}_PASSWORD`]: 'hunter2'.repeat(200),
      },
      [`${sasl}_PASSWORD must be 1 to 1024 characters long`],
    ],
  ]
  for (const [title, env, expected] of table) {
    test(title, () => assert.deepEqual(mistakes(env), expected))
  }
})

test('Keys of an identity provider come from a URL or a file, not from both.', () => {
  const both = { FIRSTCOME_JWKS_URL: 'http://id/keys', FIRSTCOME_JWKS_FILE: keySetPath }
  assert.deepEqual(mistakes(both), [
    'FIRSTCOME_JWKS_URL and FIRSTCOME_JWKS_FILE are given: only one of them may be',
  ])
})

test('Only what is started by itself, to be tried out, lets anybody be anybody.', () => {
  const needs = { command: 'api', names: [] }
  const read = readSettings({ FIRSTCOME_DEMO: 'true' }, {}, needs)
  assert.deepEqual(!read.ok && read.mistakes, [
    'FIRSTCOME_DEMO is true: only "start" is for trying out',
  ])
  assert.ok(readSettings({ FIRSTCOME_DEMO: 'false' }, {}, needs).ok)
  assert.ok(readSettings({}, { demo: 'true' }).ok)
})

test('A token for payments must fit into a header, goes with a URL and is not repeated.', () => {
  const token = 'FIRSTCOME_PAYMENT_TOKEN'
  for (const wrong of ['hunter2 hunter2', 'hunter2\n', 'x'.repeat(tokenCharactersMax + 1)]) {
    const [mistake = '', ...more] = mistakes({
      FIRSTCOME_PAYMENT_URL: 'http://pay',
      [token]: wrong,
    })
    assert.match(
      mistake,
      /^FIRSTCOME_PAYMENT_TOKEN must be 1 to 4096 visible ASCII characters long/,
    )
    assert.ok(!mistake.includes('hunter2'))
    assert.deepEqual(more, [])
  }
  assert.deepEqual(mistakes({ [token]: 'hunter2' }), [
    `FIRSTCOME_PAYMENT_URL is missing: ${token} goes with it`,
  ])
  const read = readSettings({ FIRSTCOME_PAYMENT_URL: 'http://pay' })
  assert.deepEqual(read.ok && read.settings.payment, { url: 'http://pay' })
})
