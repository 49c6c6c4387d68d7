import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { describe, test } from 'node:test'
import {
  type Environment,
  ignoredByEmbedded,
  readSettings,
  type SettingFlags,
  type Settings,
  secretBytesMax,
  secretBytesMin,
} from './config.ts'

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

test('Nothing given means the documented defaults.', () => {
  assert.deepEqual(settings({ HOME: '/root', FIRST: 'no' }), {
    port: 8080,
    host: '127.0.0.1',
    dataDirectory: resolve('data'),
    userRateMax: 20,
    addressRateMax: 0,
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
    FIRSTCOME_CODE_SECRET: 'é'.repeat(16),
    FIRSTCOME_USER_RATE_MAX: '0',
    FIRSTCOME_ADDRESS_RATE_MAX: '1000000',
    FIRSTCOME_KAFKA_BROKERS: 'one:9092, [::1]:9093',
    FIRSTCOME_REDIS_URL: 'redis://localhost:6379',
    FIRSTCOME_POSTGRES_URL: 'postgres://me:secret@db/coupons',
    FIRSTCOME_LOG_LEVEL: 'debug',
    FIRSTCOME_TEST_FAULTS: 'crash:K7:3, sync:5',
  })
  assert.deepEqual(read, {
    port: 0,
    host: '::1',
    dataDirectory: '/var/lib/firstcome',
    jwtSecret: longEnough,
    codeSecret: 'é'.repeat(16),
    userRateMax: 0,
    addressRateMax: 1_000_000,
    kafkaBrokers: ['one:9092', '[::1]:9093'],
    redisUrl: 'redis://localhost:6379',
    postgresUrl: 'postgres://me:secret@db/coupons',
    logLevel: 'debug',
    testFaults: [
      { kind: 'crash', point: 'K7', passing: 3 },
      { kind: 'sync', attempt: 5 },
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
    [
      'FIRSTCOME_PORT',
      ['', ' ', '-1', '65536', '8080x', '80.5', '1e3', '0x50', '٨٠', '99999999999'],
    ],
    ['FIRSTCOME_HOST', ['', 'http://localhost', 'localhost:80', 'a b', '-x', ':::']],
    ['FIRSTCOME_DATA', ['', '  ', 'a\0b']],
    ['FIRSTCOME_JWT_SECRET', ['', 'x'.repeat(secretBytesMin - 1), 'x'.repeat(secretBytesMax + 1)]],
    ['FIRSTCOME_CODE_SECRET', ['', 'short', 'x'.repeat(secretBytesMin - 1)]],
    ['FIRSTCOME_USER_RATE_MAX', ['', '-1', '1000001', 'off', '0.5']],
    ['FIRSTCOME_ADDRESS_RATE_MAX', ['', '-1', '1000001']],
    ['FIRSTCOME_KAFKA_BROKERS', ['', 'one', 'one:0', 'one:65536', 'one:1,', 'kafka://one:1']],
    ['FIRSTCOME_REDIS_URL', ['', 'localhost:6379', 'http://localhost', 'redis:x']],
    ['FIRSTCOME_POSTGRES_URL', ['', 'mysql://db', 'db', 'postgres:db']],
    ['FIRSTCOME_LOG_LEVEL', ['', 'INFO', 'verbose']],
    [
      'FIRSTCOME_TEST_FAULTS',
      ['', 'crash', 'crash:K7', 'crash:K7:0', 'crash:K31:1', 'crash:K7:1:1', 'sync:0', 'sync:K7:1'],
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

test('The limits themselves are allowed.', () => {
  assert.equal(settings({ FIRSTCOME_PORT: '65535' }).port, 65_535)
  const longest = 'x'.repeat(secretBytesMax)
  assert.equal(settings({ FIRSTCOME_JWT_SECRET: longest }).jwtSecret, longest)
})

test('All mistakes are listed at once.', () => {
  const env = { FIRSTCOME_PORT: 'a', FIRSTCOME_HOST: 'b c', FIRSTCOME_NOPE: '', FIRSTCOME_DATA: '' }
  const names = mistakes(env).map((mistake) => mistake.split(' ')[0])
  const wanted = ['FIRSTCOME_NOPE', 'FIRSTCOME_PORT', 'FIRSTCOME_HOST', 'FIRSTCOME_DATA']
  assert.deepEqual(names, wanted)
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
