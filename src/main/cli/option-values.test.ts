import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InvalidArgumentError } from 'commander'
import {
  parseCount,
  parseDiscount,
  parseDuration,
  parseRate,
  parseServiceUrl,
  parseTime,
  parseZone,
} from './option-values.ts'

const now = Date.UTC(2026, 4, 1, 0, 0, 0)
const time = (text: string) => parseTime(text, now)

describe('These values are taken:', () => {
  const table: [parse: (text: string) => unknown, text: string, value: unknown][] = [
    [parseCount, '1', 1],
    [parseCount, '9007199254740991', Number.MAX_SAFE_INTEGER],
    [parseRate, '0.5', 0.5],
    [parseRate, '20000', 20_000],
    [parseDuration, '90s', 90],
    [parseDuration, '10m', 600],
    [parseDuration, '24h', 86_400],
    [parseDuration, '3650d', 3_650 * 86_400],
    [time, '+5s', { at: '2026-05-01T00:00:05.000Z' }],
    [time, '+10m', { at: '2026-05-01T00:10:00.000Z' }],
    [time, '2026-05-01T10:00:00+09:00', { at: '2026-05-01T01:00:00.000Z' }],
    [time, '2028-02-29T23:59:59.5Z', { at: '2028-02-29T23:59:59.500Z' }],
    [time, '2026-05-01T10:00:00', { local: '2026-05-01T10:00:00' }],
    [time, '2026-05-01 10:00', { local: '2026-05-01T10:00:00' }],
    [parseZone, 'Asia/Seoul', 'Asia/Seoul'],
    [parseZone, 'UTC', 'UTC'],
    [parseDiscount, '10%', { kind: 'percent', value: 10 }],
    [parseDiscount, '5000', { kind: 'amount', value: 5000 }],
    [parseServiceUrl, 'http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    [parseServiceUrl, 'https://Coupons.example.org/', 'https://coupons.example.org'],
    [parseServiceUrl, 'http://[::1]:81', 'http://[::1]:81'],
  ]
  for (const [parse, text, value] of table) {
    test(`${text} is ${JSON.stringify(value)}`, () => assert.deepEqual(parse(text), value))
  }
})

describe('These values are refused, with what is allowed:', () => {
  const table: [parse: (text: string) => unknown, allowed: RegExp, texts: string[]][] = [
    [parseCount, /whole number/, ['', '0', '-1', '1.5', '1e3', '0x1', '９', '9007199254740992']],
    [parseRate, /above 0/, ['', '0', '-1', '1e3', 'fast', '9'.repeat(400)]],
    [parseDuration, /such as 90s/, ['', '5', '0s', '-1s', '1.5h', '1w', '36501d', '1h30m']],
    [time, /such as 2026-05-01/, ['', 'tomorrow', '2026-05-01', '2026-05-01T10', '+', '+5']],
    [time, /such as/, ['2026-02-30 10:00', '2026-05-01 24:00', '2026-05-01 10:60']],
    [parseZone, /time zone such as Asia/, ['', 'Seoul', 'Asia/Nowhere', '+25:00']],
    [time, /such as/, ['2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', '2026-01-01T25:00:00Z']],
    [parseDiscount, /percentage/, ['', '0', '0%', '-5', '10 %', '1.5%', '%', '10%%']],
    [parseServiceUrl, /an address/, ['', 'localhost:80', 'ftp://x', 'http://x/y', 'http://a:b@x']],
    [parseServiceUrl, /an address/, ['http://x?y', 'http://', 'http://x:99999']],
  ]
  for (const [parse, allowed, texts] of table) {
    for (const text of texts) {
      test(`${parse.name} ${JSON.stringify(text.slice(0, 40))}`, () => {
        assert.throws(
          () => parse(text),
          (error) => error instanceof InvalidArgumentError && allowed.test(error.message),
        )
      })
    }
  }
})
