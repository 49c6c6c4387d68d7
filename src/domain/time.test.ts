import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatInstant, parseInstant } from './time.ts'

const at = Date.UTC(2026, 0, 31, 9, 30, 15, 120)

const valid: [string, number][] = [
  ['2026-01-31T09:30:15.120Z', at],
  ['2026-01-31t09:30:15.12z', at],
  ['2026-01-31T09:30:15.120999999Z', at],
  ['2026-01-31T09:30:15Z', at - 120],
  ['2026-01-31T18:30:15.120+09:00', at],
  ['2026-01-31T05:00:15.120-04:30', at],
  ['2026-01-31T09:30:15.120-00:00', at],
  ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ['1970-01-01T00:00:00Z', 0],
  ['9999-12-31T23:59:59.999Z', 253_402_300_799_999],
]
const invalid = [
  '',
  '2026-13-01T00:00:00Z',
  '2026-00-01T00:00:00Z',
  '2026-01-00T00:00:00Z',
  '2026-02-29T00:00:00Z',
  '2026-04-31T00:00:00Z',
  '2026-01-31T24:00:00Z',
  '2026-01-31T23:60:00Z',
  '2026-01-31T23:59:60Z',
  '2026-01-31T23:59:59+24:00',
  '2026-01-31T23:59:59+09:60',
  '2026-01-31',
  '2026-01-31T09:30Z',
  '2026-01-31T09:30:15',
  '2026-01-31 09:30:15Z',
  '2026-01-31T09:30:15.Z',
  '2026-01-31T09:30:15.1234567890Z',
  '2026-01-31T09:30:15+0900',
  ' 2026-01-31T09:30:15Z',
  '2026-01-31T09:30:15Z\n',
  '1970-01-01T00:00:00+00:01',
  '1969-12-31T23:59:59Z',
  '9999-12-31T23:59:59-00:01',
  '0000-01-01T00:00:00Z',
  '0099-01-01T00:00:00Z',
  '+12026-01-31T09:30:15Z',
  '２０２６-01-31T09:30:15Z',
  'Sat, 31 Jan 2026 09:30:15 GMT',
  '1769851815120',
]

for (const [text, expected] of valid) {
  test(`reads ${text}`, () => assert.equal(parseInstant(text), expected))
}
for (const text of invalid) {
  test(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseInstant(text), null))
}
test('writes UTC with milliseconds, and reads back what it wrote', () => {
  assert.equal(formatInstant(at - 120), '2026-01-31T09:30:15.000Z')
  for (const each of [0, at, 253_402_300_799_999]) {
    assert.equal(parseInstant(formatInstant(each)), each)
  }
})
