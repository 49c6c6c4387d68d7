import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
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
const waiting = { clock: virtualClock(0), onWaiting: assert.fail }

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
  const marks = openReadMarks(directory, topics, waiting)
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

test('Where the disk is full, what is read waits until it can be noted, or the reader ends.', async () => {
  for (const isClosed of [false, true]) {
    const clock = virtualClock(0)
    const log = openLogMemory({ topics, clock })
    await log.append('one', [{ key: 'key', value: Buffer.from('value') }])
    const partition = log.records('one').findIndex((own) => own.length === 1)
    let isFull = true
    const told: string[] = []
    const marks = openReadMarks(mkdtempSync(join(directory, 'full-')), topics, {
      clock,
      onWaiting: (text) => told.push(text),
      write(file, mark, at) {
        if (isFull) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
        writeSync(file, mark, 0, mark.length, at)
      },
    })
    let handled = 0
    const tail = marks.noting(log).tail({
      topic: 'one',
      from: new Map([[partition, 0]]),
      onBatch: () => void handled++,
      onError: assert.fail,
    })
    await clock.runUntil(5_000)
    assert.deepEqual([handled, told], [0, ['no room is left on the disk: its rows wait']])
    if (!isClosed) isFull = false
    if (!isClosed) await clock.runUntil(10_000)
    await tail.close()
    assert.equal(handled, isClosed ? 0 : 1)
    marks.close()
  }
})
