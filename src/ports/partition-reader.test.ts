import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogBatch, LogRecord, TailOptions } from './log.ts'
import { followPartitions, readToEnd, stopAtGap } from './partition-reader.ts'

test('A reader says what is missing, void, or of a newer version, in the order of the records.', async () => {
  const seen: string[] = []
  const reader = followPartitions({
    ...reading([records('a', 'void', 'new'), records('b').map((b) => ({ ...b, offset: 4 }))]),
    from: new Map([[0, 0]]),
    onMessage: (message) => seen.push(message),
    onVoid: (reason, { offset }) => seen.push(`${reason} at ${offset}`),
    onUnknown: (reason, { offset }) => seen.push(`${reason} at ${offset}`),
    onGap: ({ expected, found }) => seen.push(`${expected} to ${found}`),
    onError: assert.ifError,
  })
  await reader.close()
  assert.deepEqual(seen, ['a', 'not JSON at 1', 'version 2 at 2', '3 to 4', 'b'])
  assert.deepEqual(reader.next, [5])
})

test('Where nobody asks for newer records they are void, and void ones are skipped.', async () => {
  const seen: string[] = []
  const onMessage = (message: string) => void seen.push(message)
  const bounds = [{ start: 0, end: 3 }]
  await readToEnd({ ...reading([records('a', 'new', 'b', 'later')]), bounds, onMessage })
  assert.deepEqual(seen, ['a', 'b'])
})

test('What a message cannot do without is waited for, and nothing is read meanwhile.', async () => {
  const seen: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const reader = followPartitions({
    ...reading([records('a', 'b', 'c')]),
    from: new Map([[0, 0]]),
    bounds: [{ start: 0, end: 3 }],
    before: (message) => (message === 'b' ? promise : undefined),
    onMessage: (message) => seen.push(message),
    onBatch: () => void seen.push('all of them'),
    onError: assert.ifError,
  })
  assert.deepEqual([seen, reader.next, reader.hasCaughtUp()], [['a'], [1], false])
  resolve()
  await reader.close()
  assert.deepEqual([seen, reader.next], [['a', 'b', 'c', 'all of them'], [3]])
  assert.ok(reader.hasCaughtUp())
})

test('What a message cannot do without and is not found ends the reading.', async () => {
  const bounds = [{ start: 0, end: 1 }]
  const before = () => Promise.reject(new Error('not found'))
  const read = readToEnd({ ...reading([records('a')]), bounds, before, onMessage: assert.fail })
  await assert.rejects(read, /not found/)
})

test('Reading to the end ends with what stopped it.', async () => {
  const gap = records('a').map((a) => ({ ...a, offset: 1 }))
  const bounds = [{ start: 0, end: 2 }]
  const read = readToEnd({ ...reading([gap]), bounds, onMessage() {}, onGap: stopAtGap })
  await assert.rejects(read, /partition 0 of claims goes on at 1, but 0 is next/)
})

function reading(batches: LogRecord[][]) {
  return {
    log: { tail: (options: TailOptions) => tailOf(batches, options) },
    topic: 'claims',
    decode({ key }: LogRecord) {
      if (key === 'void') return { kind: 'void', reason: 'not JSON' } as const
      if (key === 'new') return { kind: 'unknown', reason: 'version 2' } as const
      return { kind: 'message', message: key } as const
    },
  }
}

function tailOf(batches: LogRecord[][], { onBatch, onError }: TailOptions) {
  const given = batches.map((batch): LogBatch => ({ partition: 0, records: batch }))
  const done = (async () => {
    for (const batch of given) await onBatch(batch)
  })().catch(onError)
  return { lastReadAt: () => 0, close: () => done }
}

function records(...keys: string[]): LogRecord[] {
  const value = Buffer.alloc(0)
  return keys.map((key, offset) => ({ key, value, partition: 0, offset, appendedAt: 0 }))
}
