import assert from 'node:assert/strict'
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { usedBytes } from '../../../test/integration/processes/used-bytes.ts'
import type { TailOptions } from '../../ports/log.ts'
import { systemClock } from '../clock-system.ts'
import { encodeFrame, fileHeaderBytes } from './format.ts'
import { FrameIndex } from './frame-places.ts'
import { createTopicReaders, topicPath } from './topic-readers.ts'

const topic = 'claims'
const end = { bytes: fileHeaderBytes, ends: [0] }

/** Of a topic that has nothing but the head of its file. */
async function startReaders(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'firstcome-readers-'))
  t.after(() => rm(directory, { recursive: true }))
  const path = topicPath(directory, topic)
  await mkdir(dirname(path))
  await writeFile(path, Buffer.alloc(fileHeaderBytes))
  const readers = createTopicReaders(directory, { [topic]: 1 }, systemClock())
  readers.begin(topic, end, new FrameIndex(1))
  return { ...readers, path }
}

function optionsOf(onBatch: TailOptions['onBatch']): TailOptions {
  return { topic, from: new Map([[0, 0]]), onBatch, onError: assert.ifError }
}

describe('a tail of a file', () => {
  it('keeps nothing of its waits, however often it is woken for nothing', async (t) => {
    const readers = await startReaders(t)
    const tail = readers.tail(optionsOf(() => {}))
    async function usedAfter(wakes: number): Promise<number> {
      for (let n = 0; n < wakes; n++) {
        readers.grow(topic, end)
        // By then it waits again.
        for (let turns = 0; turns < 2; turns++) await endOfTurn()
      }
      return usedBytes()
    }
    const before = await usedAfter(1_000)
    const grown = (await usedAfter(20_000)) - before
    await tail.close()
    assert.ok(grown < 1_000_000, `${grown} bytes`)
  })

  it('reads at once all that is told of in one turn, as messages of another thread', async (t) => {
    const readers = await startReaders(t)
    const value = Buffer.from('{}')
    const frames = [0, 1, 2].map((baseOffset) => {
      return encodeFrame({ partition: 0, baseOffset, appendedAt: 1 }, [{ key: 'tea', value }])
    })
    await appendFile(readers.path, Buffer.concat(frames))
    const sizes: number[] = []
    let seen = Promise.withResolvers<void>()
    const tail = readers.tail(
      optionsOf(({ records }) => {
        sizes.push(records.length)
        seen.resolve()
      }),
    )
    let bytes = fileHeaderBytes
    const tell = async (n: number) => {
      bytes += frames[n]?.length ?? 0
      readers.grow(topic, { bytes, ends: [n + 1] })
      // What follows from a message is done before the next one is taken.
      for (let steps = 0; steps < 10; steps++) await Promise.resolve()
    }
    await tell(0)
    await seen.promise
    // By then it waits again.
    for (let turns = 0; turns < 2; turns++) await endOfTurn()
    seen = Promise.withResolvers()
    await tell(1)
    await tell(2)
    await seen.promise
    await tail.close()
    assert.deepEqual(sizes, [1, 2])
  })

  it('is forgotten once it is closed, also where nothing more comes', async (t) => {
    const readers = await startReaders(t)
    async function tailOnce(): Promise<WeakRef<object>> {
      const onBatch = () => {}
      await readers.tail(optionsOf(onBatch)).close()
      return new WeakRef(onBatch)
    }
    const closed = await tailOnce()
    await usedBytes()
    assert.equal(closed.deref(), undefined)
    readers.grow(topic, end)
  })
})
