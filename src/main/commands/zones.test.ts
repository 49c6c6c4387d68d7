import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { CommandError } from '../context.ts'
import { instantOf, isZone, shownTime, timeIn } from './zones.ts'

describe('A time without an offset is understood in its zone:', () => {
  const table: [zone: string, local: string, at: string, said: string][] = [
    ['Asia/Seoul', '2026-05-01T18:00:00', '2026-05-01T09:00:00.000Z', '18:00:00.000+09:00'],
    ['UTC', '2026-05-01T18:00:00', '2026-05-01T18:00:00.000Z', '18:00:00.000Z'],
    ['America/St_Johns', '2026-01-01T00:30:00', '2026-01-01T04:00:00.000Z', '00:30:00.000-03:30'],
    ['Europe/Berlin', '2026-03-29T01:59:59', '2026-03-29T00:59:59.000Z', '01:59:59.000+01:00'],
    ['Europe/Berlin', '2026-03-29T03:00:00', '2026-03-29T01:00:00.000Z', '03:00:00.000+02:00'],
    ['Pacific/Kiritimati', '2026-01-01T00:00:00', '2025-12-31T10:00:00.000Z', '+14:00'],
  ]
  for (const [zone, local, at, said] of table) {
    test(`${local} in ${zone}`, () => {
      let text = ''
      assert.equal(
        instantOf({ local }, zone, (it) => (text += it)),
        at,
      )
      assert.ok(text.endsWith(`${said}\n`), text)
    })
  }

  test('but not one that its clocks skip', () => {
    assert.throws(
      () => instantOf({ local: '2026-03-29T02:30:00' }, 'Europe/Berlin', () => {}),
      (error) =>
        error instanceof CommandError && /there is no 2026-03-29 02:30/.test(error.message),
    )
  })

  test('nor one that they show twice, of which both offsets are named', () => {
    assert.throws(
      () => instantOf({ local: '2026-10-25T02:30:00' }, 'Europe/Berlin', () => {}),
      (error) => error instanceof CommandError && error.message.endsWith('+02:00 or +01:00'),
    )
  })
})

test('An instant is taken as it is, and nothing is said.', () => {
  const at = '2026-05-01T09:00:00.000Z'
  assert.equal(
    instantOf({ at }, 'Asia/Seoul', () => assert.fail()),
    at,
  )
})

test('What is shown is the same instant, in whatever zone.', () => {
  const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'))
  const instants = fc.integer({ min: Date.UTC(1980, 0), max: Date.UTC(2100, 0) })
  fc.assert(
    fc.property(zones, instants, (zone, at) => {
      assert.equal(Date.parse(timeIn(zone, at)), at)
    }),
  )
})

test('What is no time is not shown as one, and no zone is none.', () => {
  assert.equal(shownTime('UTC', null), null)
  assert.equal(shownTime('UTC', 'soon'), null)
  assert.deepEqual(['Asia/Seoul', 'Mars/Olympus', ''].map(isZone), [true, false, false])
})
