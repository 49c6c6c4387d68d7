import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { recordFingerprint } from '../domain/fingerprint.ts'
import { readToEnd, undecoded } from '../ports/partition-reader.ts'
import { virtualClock } from './memory/clock-virtual.ts'
import { openLogMemory } from './memory/log.ts'
import { openReadMarks, readReadMarks } from './read-marks.ts'

const directory = mkdtempSync(join(tmpdir(), 'firstcome-marks-'))
after(() => rmSync(directory, { recursive: true }))
const topics = { one: 2, two: 2 }

test('What is read of a log is noted before it is handled, and stays noted.', async () => {
  const log = openLogMemory({ topics, clock: virtualClock(0) })
  const values = Array.from({ length: 9 }, (_, n) => Buffer.from(`value ${n}`))
  await log.append(
    'one',
    values.map((value, n) => ({ key: `key ${n}`, value })),
  )
  const expected = log.records('one').map((own, partition) => {
    const last = own.at(-1)
    assert.ok(last)
    const fingerprint = recordFingerprint(last)
    return { reader: 'this service', topic: 'one', partition, next: own.length, fingerprint }
  })
  const marks = openReadMarks(directory, topics)
  const read = async (bounds: { start: number; end: number }[]) => {
    await readToEnd({
      log: marks.noting(log),
      topic: 'one',
      bounds,
      decode: undecoded,
      onMessage({ partition }) {
        const noted = readReadMarks(directory, topics).find((at) => at.partition === partition)
        assert.deepEqual(noted, expected[partition])
      },
    })
  }
  const whole = await log.bounds('one')
  await read(whole)
  await read(whole.map(() => ({ start: 0, end: 1 })))
  marks.close()
  assert.deepEqual(readReadMarks(directory, topics), expected)
})

test('A mark that was half written is as if there were none.', () => {
  const path = join(directory, 'one')
  const bytes = readFileSync(path)
  bytes[3] = (bytes[3] ?? 0) ^ 1
  writeFileSync(path, bytes.subarray(0, bytes.length - 1))
  assert.deepEqual(readReadMarks(directory, topics), [])
})
