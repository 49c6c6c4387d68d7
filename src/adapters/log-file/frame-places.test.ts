import assert from 'node:assert/strict'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import type { Log } from '../../ports/log.ts'
import { systemClock } from '../clock-system.ts'
import { fileHeaderBytes } from './format.ts'
import { FrameIndex } from './frame-places.ts'
import { openLogFile } from './log-file.ts'
import { connectLog } from './thread.ts'
import { topicPath } from './topic-readers.ts'

const topic = 'claims'
const topics = { [topic]: 2 }
const clock = systemClock()

it('begins behind what nobody wants, and before what anybody does', () => {
  const index = new FrameIndex(2)
  const megabytes = (count: number) => fileHeaderBytes + count * 1024 * 1024
  const ends = [
    [5, 0],
    [5, 7],
    [9, 8],
  ]
  ends.forEach((at, n) => index.remember(megabytes(n + 1), at))
  index.remember(megabytes(3) + 1, [10, 8])
  assert.equal(index.frames().length, 4)
  const where = (...from: [number, number][]) => index.before(new Map(from)).position
  assert.equal(where([0, 4]), megabytes(0))
  assert.equal(where([0, 5]), megabytes(2))
  assert.equal(where([0, 5], [1, 6]), megabytes(1))
  assert.equal(where([1, 6]), megabytes(1))
  assert.equal(where([0, 100], [1, 8]), megabytes(3))
  const known = new FrameIndex(2, index.frames())
  assert.deepEqual(known.before(new Map([[0, 100]])), { position: megabytes(3), ends: [9, 8] })
})

it('spares a reader what is before a late offset, after a start and in a thread', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'firstcome-index-'))
  const before = await openLogFile({ directory, topics, clock })
  const large = { key: 'k', value: Buffer.alloc(300_000, 'x') }
  for (let n = 0; n < 12; n++) await before.append(topic, [large])
  const [last] = await before.append(topic, [large])
  await before.close()
  const log = await openLogFile({ directory, topics, clock })
  const { port1: port, port2 } = new MessageChannel()
  const ends = { [topic]: log.end(topic) }
  const frames = { [topic]: log.index(topic).frames() }
  const inThread = connectLog({ directory, topics, ends, frames, port, clock })
  // The start has found nothing wrong: only who reads there now can see it.
  const file = await open(topicPath(directory, topic), 'r+')
  await file.write(Buffer.alloc(8), 0, 8, fileHeaderBytes)
  await file.close()

  const { partition = 0, offset = 0 } = last ?? {}
  for (const reader of [log, inThread]) {
    assert.equal(await firstRead(reader, new Map([[partition, offset]])), offset)
    await assert.rejects(firstRead(reader, new Map([[partition, 0]])), /damaged at byte 16/)
  }
  await inThread.close()
  port2.close()
  await log.close()
  await rm(directory, { recursive: true })
})

async function firstRead(log: Log, from: ReadonlyMap<number, number>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const tail = log.tail({
    topic,
    from,
    onBatch: ({ records }) => resolve(records[0]?.offset ?? -1),
    onError: reject,
  })
  try {
    return await promise
  } finally {
    await tail.close()
  }
}
