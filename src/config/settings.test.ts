import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { witnessSetting } from '../../test/models/published-sale.ts'
import type { Environment, SettingFlags } from './given-texts.ts'
import {
  mayBeInFile,
  neededSettings,
  type SettingName,
  secretBytesMax,
  secretBytesMin,
  settingNames,
} from './setting-table.ts'
import { ignoredByEmbedded, readSettings, type Settings } from './settings.ts'

const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
const directory = mkdtempSync(join(tmpdir(), 'firstcome-config-'))
const pemPath = join(directory, 'one.pem')
writeFileSync(pemPath, pem)
const keySetPath = join(directory, 'keys.json')
writeFileSync(keySetPath, '{"keys":[]}')
after(() => rmSync(directory, { recursive: true }))

const longEnough = 'x'.repeat(secretBytesMin)

function settings(env: Environment, flags?: SettingFlags): Settings {
  const read = readSettings(env, flags)
  assert.ok(read.ok, read.ok ? '' : read.mistakes.join('\n'))
  return read.settings
}

function mistakes(env: Environment, flags?: SettingFlags): readonly string[] {
  const read = readSettings(env, flags)
  assert.ok(!read.ok, 'no mistake was found')
  return read.mistakes
}

const pemOf = (key: KeyObject) => String(key.export({ type: 'pkcs8', format: 'pem' }))
const proofKey = pemOf(generateKeyPairSync('ed25519').privateKey)

test('Nothing given means the documented defaults.', () => {
  assert.deepEqual(settings({ HOME: '/root', FIRST: 'no' }), {
    port: 8080,
    host: '127.0.0.1',
    dataDirectory: resolve('data'),
    tokenRules: { userClaim: 'sub' },
    makesProof: true,
    userRateMax: 20,
    operatorRateMax: 500,
    addressRateMax: 0,
    orderTimeLimitSeconds: 30,
    returnDays: 7,
    reservationSeconds: 900,
    closedCouponHours: 24,
    consoleStreamsMax: 100,
    isDemo: false,
    keepAliveSeconds: 75,
    logLevel: 'info',
    testFaults: [],
  })
})

test('Every setting is read from the environment.', () => {
  const read = settings({
    FIRSTCOME_PORT: '0',
    FIRSTCOME_HOST: '::1',
    FIRSTCOME_DATA: '/var/lib/firstcome/',
    FIRSTCOME_JWT_SECRET: longEnough,
    FIRSTCOME_JWKS_FILE: keySetPath,
    FIRSTCOME_JWT_ISSUER: 'https://id.example',
    FIRSTCOME_JWT_AUDIENCE: 'shop',
    FIRSTCOME_JWT_USER_CLAIM: 'email',
    FIRSTCOME_JWT_SCOPE_CLAIM: 'realm_access.roles',
    FIRSTCOME_CODE_SECRET: 'é'.repeat(16),
    FIRSTCOME_PROOF: 'false',
    FIRSTCOME_PROOF_ORIGIN: 'coupons.example/shop',
    FIRSTCOME_PROOF_KEY: proofKey,
    FIRSTCOME_PROOF_SECRET: longEnough,
    FIRSTCOME_PROOF_WITNESSES: Object.values(witnessSetting).join(' '),
    FIRSTCOME_USER_RATE_MAX: '0',
    FIRSTCOME_OPERATOR_RATE_MAX: '7',
    FIRSTCOME_ADDRESS_RATE_MAX: '1000000',
    FIRSTCOME_ORDER_TIME_LIMIT_SECONDS: '86400',
    FIRSTCOME_RETURN_DAYS: '0',
    FIRSTCOME_RESERVATION_SECONDS: '86400',
    FIRSTCOME_CLOSED_COUPON_HOURS: '0',
    FIRSTCOME_KAFKA_BROKERS: 'one:9092, [::1]:9093',
    FIRSTCOME_KAFKA_TLS: 'true',
    FIRSTCOME_KAFKA_TLS_CA_FILE: pemPath,
    FIRSTCOME_KAFKA_TLS_CERT_FILE: pemPath,
    FIRSTCOME_KAFKA_TLS_KEY_FILE: pemPath,
    FIRSTCOME_KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
    FIRSTCOME_KAFKA_SASL_USERNAME: 'kim',
    FIRSTCOME_KAFKA_SASL_PASSWORD: 'hunter2',
    FIRSTCOME_REDIS_URL: 'redis://localhost:6379',
    FIRSTCOME_POSTGRES_URL: 'postgres://me:secret@db/coupons',
    FIRSTCOME_POSTGRES_TLS: 'true',
    FIRSTCOME_POSTGRES_TLS_CA_FILE: pemPath,
    FIRSTCOME_ALLOWED_ORIGINS: 'https://shop.example, http://localhost:3000',
    FIRSTCOME_CONSOLE_STREAMS_MAX: '7',
    FIRSTCOME_KEEP_ALIVE_SECONDS: '5',
    FIRSTCOME_DRAIN_SECONDS: '0',
    FIRSTCOME_PAYMENT_URL: 'https://pay.example/v1',
    FIRSTCOME_PAYMENT_TOKEN: 'hunter2!~',
    FIRSTCOME_LOG_LEVEL: 'debug',
    FIRSTCOME_TEST_FAULTS: 'crash:K7:3, sync:5, snapshots:100',
  })
  assert.deepEqual(read, {
    port: 0,
    host: '::1',
    dataDirectory: '/var/lib/firstcome',
    jwtSecret: longEnough,
    keySet: { path: keySetPath },
    tokenRules: {
      issuer: 'https://id.example',
      audience: 'shop',
      userClaim: 'email',
      scopeClaim: 'realm_access.roles',
    },
    codeSecret: 'é'.repeat(16),
    makesProof: false,
    proofOrigin: 'coupons.example/shop',
    proofKey,
    proofSecret: longEnough,
    proofWitnesses: [witnessSetting],
    userRateMax: 0,
    operatorRateMax: 7,
    addressRateMax: 1_000_000,
    orderTimeLimitSeconds: 86_400,
    returnDays: 0,
    reservationSeconds: 86_400,
    closedCouponHours: 0,
    kafka: {
      brokers: ['one:9092', '[::1]:9093'],
      tls: { ca: pem, cert: pem, key: pem },
      sasl: { mechanism: 'SCRAM-SHA-512', username: 'kim', password: 'hunter2' },
    },
    redisUrl: 'redis://localhost:6379',
    postgres: { url: 'postgres://me:secret@db/coupons', tls: { ca: pem } },
    allowedOrigins: ['https://shop.example', 'http://localhost:3000'],
    consoleStreamsMax: 7,
    isDemo: false,
    keepAliveSeconds: 5,
    drainSeconds: 0,
    payment: { url: 'https://pay.example/v1', token: 'hunter2!~' },
    logLevel: 'debug',
    testFaults: [
      { kind: 'crash', point: 'K7', passing: 3 },
      { kind: 'sync', attempt: 5 },
      { kind: 'snapshots', everyRecords: 100 },
    ],
  })
  assert.deepEqual(ignoredByEmbedded(read), [
    'FIRSTCOME_KAFKA_BROKERS',
    'FIRSTCOME_REDIS_URL',
    'FIRSTCOME_POSTGRES_URL',
  ])
})

test('A flag overrides the environment, even where the environment is wrong.', () => {
  const env = { FIRSTCOME_PORT: 'many', FIRSTCOME_DATA: '/a', FIRSTCOME_LOG_LEVEL: 'loud' }
  const read = settings(env, { port: '81', data: '/b', host: 'example.org', logLevel: 'warn' })
  assert.equal(read.port, 81)
  assert.equal(read.dataDirectory, '/b')
  assert.equal(read.host, 'example.org')
  assert.equal(read.logLevel, 'warn')
})

test('A wrong flag is named as the flag.', () => {
  assert.match(mistakes({}, { port: '65536' })[0] ?? '', /^--port must be .* not "65536"$/)
})

describe('These values are refused, by name and with what is allowed:', () => {
  const table: [name: string, values: string[]][] = [
    ['FIRSTCOME_PORT', [' ', '-1', '65536', '8080x', '80.5', '1e3', '0x50', '٨٠', '99999999999']],
    ['FIRSTCOME_HOST', ['http://localhost', 'localhost:80', 'a b', '-x', ':::']],
    ['FIRSTCOME_DATA', ['  ', 'a\0b']],
    ['FIRSTCOME_JWT_SECRET', ['x'.repeat(secretBytesMin - 1), 'x'.repeat(secretBytesMax + 1)]],
    ['FIRSTCOME_JWKS_URL', ['id.example', 'ftp://id', 'https://me:hunter2@id/keys']],
    ['FIRSTCOME_JWKS_FILE', [pemPath, directory, join(directory, 'none')]],
    ['FIRSTCOME_JWT_ISSUER', ['a b', 'x'.repeat(1025)]],
    ['FIRSTCOME_CODE_SECRET', ['short', 'x'.repeat(secretBytesMin - 1)]],
    ['FIRSTCOME_USER_RATE_MAX', ['-1', '1000001', 'off', '0.5']],
    ['FIRSTCOME_OPERATOR_RATE_MAX', ['-1', '1000001']],
    ['FIRSTCOME_ADDRESS_RATE_MAX', ['-1', '1000001']],
    ['FIRSTCOME_RETURN_DAYS', ['-1', '36501', '7d', '1.5']],
    ['FIRSTCOME_ORDER_TIME_LIMIT_SECONDS', ['0', '-1', '86401', '30s', '1.5']],
    [
      'FIRSTCOME_ALLOWED_ORIGINS',
      ['*', 'shop.example', 'https://shop.example/', 'https://a.b/c', 'https://A.b', 'null'],
    ],
    ['FIRSTCOME_RESERVATION_SECONDS', ['0', '86401', '1.5']],
    ['FIRSTCOME_CLOSED_COUPON_HOURS', ['-1', '87601', '24h', '1.5']],
    ['FIRSTCOME_CONSOLE_STREAMS_MAX', ['0', '10001', 'many']],
    ['FIRSTCOME_KEEP_ALIVE_SECONDS', ['0', '3601', '75s']],
    ['FIRSTCOME_DRAIN_SECONDS', ['-1', '601', '5s']],
    ['FIRSTCOME_KAFKA_BROKERS', ['one', 'one:0', 'one:65536', 'one:1,', 'kafka://one:1']],
    ['FIRSTCOME_KAFKA_TLS', ['yes', 'TRUE', '1']],
    ['FIRSTCOME_REDIS_URL', ['localhost:6379', 'http://localhost', 'redis:x']],
    ['FIRSTCOME_POSTGRES_URL', ['mysql://db', 'db', 'postgres:db']],
    [
      'FIRSTCOME_PAYMENT_URL',
      ['pay.example', 'ftp://pay', 'http:pay', 'http://me:hunter2@pay', 'http://pay/?a=1'],
    ],
    ['FIRSTCOME_LOG_LEVEL', ['INFO', 'verbose']],
    [
      'FIRSTCOME_TEST_FAULTS',
      ['crash', 'crash:K7', 'crash:K7:0', 'crash:K31:1', 'crash:K7:1:1', 'sync:0', 'sync:K7:1'],
    ],
  ]
  for (const [name, values] of table) {
    test(name, () => {
      for (const value of values) {
        const [mistake = '', ...more] = mistakes({ [name]: value })
        assert.ok(mistake.startsWith(`${name} must be `), `${JSON.stringify(value)}: ${mistake}`)
        assert.deepEqual(more, [])
        assert.ok(!mistake.includes('\n') && mistake.length < 200, mistake)
      }
    })
  }
})

test('Files of certificates must be there and hold PEM, and secrets in them are not repeated.', () => {
  const noPem = join(directory, 'no.pem')
  writeFileSync(noPem, 'hunter2')
  for (const path of [join(directory, 'none.pem'), directory, noPem]) {
    const [mistake = '', ...more] = mistakes({
      FIRSTCOME_KAFKA_TLS: 'true',
      FIRSTCOME_KAFKA_TLS_CA_FILE: path,
    })
    assert.match(mistake, /^FIRSTCOME_KAFKA_TLS_CA_FILE must be a file with certificates in PEM/)
    assert.ok(!mistake.includes('hunter2'))
    assert.deepEqual(more, [])
  }
})

describe('What is secret, or may hold a secret, may stand in a file:', () => {
  const inFiles: [name: SettingName, text: string, read: (settings: Settings) => unknown][] = [
    ['FIRSTCOME_JWT_SECRET', longEnough, ({ jwtSecret }) => jwtSecret],
    ['FIRSTCOME_CODE_SECRET', longEnough, ({ codeSecret }) => codeSecret],
    ['FIRSTCOME_PROOF_KEY', proofKey.trimEnd(), ({ proofKey: key }) => key],
    ['FIRSTCOME_PROOF_SECRET', longEnough, ({ proofSecret }) => proofSecret],
    [
      'FIRSTCOME_JWKS_URL',
      'https://id.example/keys?tenant=1',
      ({ keySet }) => keySet && 'url' in keySet && keySet.url,
    ],
    ['FIRSTCOME_KAFKA_SASL_PASSWORD', 'hunter2', ({ kafka }) => kafka?.sasl?.password],
    ['FIRSTCOME_REDIS_URL', 'redis://:hunter2@r', ({ redisUrl }) => redisUrl],
    ['FIRSTCOME_POSTGRES_URL', 'postgres://me:hunter2@p/db', ({ postgres }) => postgres?.url],
    ['FIRSTCOME_PAYMENT_URL', 'https://pay.example', ({ payment }) => payment?.url],
    ['FIRSTCOME_PAYMENT_TOKEN', 'hunter2', ({ payment }) => payment?.token],
  ]
  const beside = {
    FIRSTCOME_KAFKA_BROKERS: 'one:1',
    FIRSTCOME_KAFKA_TLS: 'true',
    FIRSTCOME_KAFKA_SASL_MECHANISM: 'PLAIN',
    FIRSTCOME_KAFKA_SASL_USERNAME: 'kim',
    FIRSTCOME_KAFKA_SASL_PASSWORD: 'x',
    FIRSTCOME_PAYMENT_URL: 'http://pay',
  }
  const without = (name: string) => ({ ...beside, [name]: '' })
  const path = join(directory, 'secret')

  for (const [name, text, value] of inFiles) {
    test(`${name}_FILE`, () => {
      for (const end of ['', '\n', '\r\n']) {
        writeFileSync(path, text + end)
        const read = settings({ ...without(name), [`${name}_FILE`]: path })
        assert.equal(value(read), text, JSON.stringify(end))
      }
      const [both = '', ...more] = mistakes({ ...beside, [name]: text, [`${name}_FILE`]: path })
      assert.equal(both, `${name}_FILE is given, and ${name} too: only one of them may be`)
      assert.deepEqual(more, [])
      for (const wrong of [join(directory, 'none'), directory]) {
        const [mistake] = mistakes({ ...without(name), [`${name}_FILE`]: wrong })
        assert.equal(mistake, `${name}_FILE must name a file that can be read`)
      }
      writeFileSync(path, '\n')
      const [empty = ''] = mistakes({ ...without(name), [`${name}_FILE`]: path })
      assert.match(empty, new RegExp(`^what ${name}_FILE names must be .*; it is empty$`))
    })
  }

  test('and nothing else', () => {
    const names = settingNames.filter(mayBeInFile)
    assert.deepEqual(names.toSorted(), inFiles.map(([name]) => name).toSorted())
    assert.match(mistakes({ FIRSTCOME_PORT_FILE: path })[0] ?? '', /^FIRSTCOME_PORT_FILE is not a/)
  })
})

test('White space at an end of a secret is warned of, wherever it comes from.', () => {
  const path = join(directory, 'spaced')
  writeFileSync(path, `${longEnough} \n`)
  const read = readSettings({
    FIRSTCOME_JWT_SECRET: `${longEnough}\n`,
    FIRSTCOME_CODE_SECRET_FILE: path,
  })
  assert.deepEqual(read.ok && read.warnings, [
    'FIRSTCOME_JWT_SECRET has white space at an end, which counts as a part of it',
    'what FIRSTCOME_CODE_SECRET_FILE names has white space at an end, which counts as a part of it',
  ])
  const fine = readSettings({ FIRSTCOME_JWT_SECRET: `${longEnough} ${longEnough}` })
  assert.deepEqual(fine.ok && fine.warnings, [])
})

test('What a command needs is asked for all at once, beside what is wrong.', () => {
  const names = neededSettings.api ?? []
  const read = readSettings(
    { FIRSTCOME_PORT: 'x', FIRSTCOME_JWT_SECRET: 'short' },
    {},
    { command: 'api', names },
  )
  assert.deepEqual(read.ok ? [] : read.mistakes, [
    'FIRSTCOME_PORT must be a whole number from 0 to 65535 (0: any free port), not "x"',
    'FIRSTCOME_JWT_SECRET must be 32 to 4096 bytes long, not 5',
    'FIRSTCOME_KAFKA_BROKERS is missing: "api" needs it',
    'FIRSTCOME_POSTGRES_URL is missing: "api" needs it',
    'FIRSTCOME_CODE_SECRET is missing: "api" needs it',
  ])
})

test('The limits themselves are allowed.', () => {
  assert.equal(settings({ FIRSTCOME_PORT: '65535' }).port, 65_535)
  const longest = 'x'.repeat(secretBytesMax)
  assert.equal(settings({ FIRSTCOME_JWT_SECRET: longest }).jwtSecret, longest)
})

test('All mistakes are listed at once.', () => {
  const env = {
    FIRSTCOME_PORT: 'a',
    FIRSTCOME_HOST: 'b c',
    FIRSTCOME_NOPE: '',
    FIRSTCOME_DATA: ' ',
  }
  const names = mistakes(env).map((mistake) => mistake.split(' ')[0])
  const wanted = ['FIRSTCOME_NOPE', 'FIRSTCOME_PORT', 'FIRSTCOME_HOST', 'FIRSTCOME_DATA']
  assert.deepEqual(names, wanted)
})

test('What is empty is not given, but for a flag.', () => {
  const env = Object.fromEntries(settingNames.map((name) => [name, '']))
  assert.deepEqual(settings(env), settings({}))
  assert.match(mistakes({}, { port: '' }).join(), /^--port must be .*; it is empty$/)
})

test('What Kubernetes tells of services of a like name is no mistake, and no setting.', () => {
  const links = {
    FIRSTCOME_SERVICE_HOST: '10.96.0.12',
    FIRSTCOME_SERVICE_PORT: '8080',
    FIRSTCOME_SERVICE_PORT_HTTP: '8080',
    FIRSTCOME_PORT: 'tcp://10.96.0.12:8080',
    FIRSTCOME_PORT_8080_TCP: 'tcp://10.96.0.12:8080',
    FIRSTCOME_PORT_8080_TCP_PROTO: 'tcp',
    FIRSTCOME_PORT_8080_TCP_PORT: '8080',
    FIRSTCOME_PORT_8080_UDP_ADDR: '10.96.0.12',
    FIRSTCOME_API_SERVICE_HOST: '10.96.0.13',
    FIRSTCOME_API_SERVICE_PORT: '80',
    FIRSTCOME_API_PORT: 'tcp://10.96.0.13:80',
    FIRSTCOME_API_PORT_80_TCP_ADDR: '10.96.0.13',
  }
  assert.deepEqual(settings(links), settings({}))
  assert.equal(settings({ ...links, FIRSTCOME_PORT: '81' }).port, 81)
  const [mistake] = mistakes({ ...links, FIRSTCOME_API_PORT: '80' })
  assert.match(mistake ?? '', /^FIRSTCOME_API_PORT is not a setting/)
})

test('An unknown name is a mistake, and a near one is suggested.', () => {
  const [far, near] = mistakes({ FIRSTCOME_PROT: '1', FIRSTCOME_COLOUR: 'red', OTHER: 'x' })
  assert.equal(far, 'FIRSTCOME_COLOUR is not a setting')
  assert.equal(near, 'FIRSTCOME_PROT is not a setting; did you mean FIRSTCOME_PORT?')
})

test('No mistake repeats a secret or a URL that may hold a password.', () => {
  const text = mistakes({
    FIRSTCOME_JWT_SECRET: 'hunter2',
    FIRSTCOME_CODE_SECRET: 'hunter2',
    FIRSTCOME_REDIS_URL: 'http://:hunter2@x',
    FIRSTCOME_POSTGRES_URL: 'http://:hunter2@x',
  }).join('\n')
  assert.ok(!text.includes('hunter2'), text)
  assert.match(text, /FIRSTCOME_JWT_SECRET must be 32 to 4096 bytes long, not 7/)
})
