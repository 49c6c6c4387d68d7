// What every adapter of the Log port must do. `open` gives a fresh log with the topic 'claims'
// of three partitions and 'events' of one; `reopen`, where given, the same log after a restart.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { partitionFor } from '../../src/domain/partitioner.ts'
import type { Log, LogBatch, LogEntry, LogRecord, TailOptions } from '../../src/ports/log.ts'

export const contractTopics = { claims: 3, events: 1 }

export type LogUnderTest = {
  log: Log
  /** Closes and opens it again; absent for logs that do not outlive their process. */
  reopen?: () => Promise<Log>
  close(): Promise<void>
}

const waitMsMax = 10_000

export type LogTraits = { outlivesItsProcess: boolean }

export function logContract(
  name: string,
  traits: LogTraits,
  open: () => Promise<LogUnderTest>,
): void {
  describe(`the log contract: ${name}`, () => {
    async function withLog(run: (parts: LogUnderTest) => Promise<void>): Promise<void> {
      const parts = await open()
      try {
        await run(parts)
      } finally {
        await parts.close()
      }
    }

    it('gives every record an offset of its partition, without a hole', () =>
      withLog(async ({ log }) => {
        const keys = Array.from({ length: 60 }, (_, n) => `key-${n % 7}`)
        const places = await log.append(
          'claims',
          keys.map((key, n) => entry(key, `${n}`)),
        )
        const next = [0, 0, 0]
        places.forEach(({ partition, offset }, n) => {
          assert.equal(partition, partitionFor(keys[n] ?? '', 3))
          assert.equal(offset, next[partition])
          next[partition] = offset + 1
        })
        assert.deepEqual(
          (await log.bounds('claims')).map(({ end }) => end),
          next,
        )
        assert.deepEqual(await log.bounds('events'), [{ start: 0, end: 0 }])
        const many = Array.from({ length: 20 }, () => log.bounds('claims'))
        for (const bounds of await Promise.all(many)) {
          assert.deepEqual(bounds, await log.bounds('claims'))
        }
        for (const [partition, bounds] of (await log.bounds('claims')).entries()) {
          assert.deepEqual(await log.partitionBounds('claims', partition), bounds)
        }
      }))

    it('gives back what was appended, byte for byte, in order, with its headers', () =>
      withLog(async ({ log }) => {
        const value = Buffer.from(Array.from({ length: 256 }, (_, n) => n))
        const entries: LogEntry[] = [
          { key: 'a', value, headers: { 'ce-id': '1', 'ce-type': '발급' } },
          { key: 'a', value: Buffer.alloc(0) },
          { key: '쿠폰', value: Buffer.from('한글') },
          { key: 'a', value: Buffer.alloc(100_000, 7) },
        ]
        await log.append('events', entries)
        const records = await readAll(log, { topic: 'events', count: 4 })
        assert.deepEqual(
          records.map(({ key, value: bytes, headers }) => ({ key, bytes, headers })),
          entries.map((e) => ({ key: e.key, bytes: e.value, headers: e.headers })),
        )
        assert.deepEqual(
          records.map(({ offset }) => offset),
          [0, 1, 2, 3],
        )
      }))

    it('gives append times that never go back', () =>
      withLog(async ({ log }) => {
        const before = Date.now() - 60_000
        for (let n = 0; n < 20; n++) await log.append('events', [entry('k', `${n}`)])
        const times = (await readAll(log, { topic: 'events', count: 20 })).map((r) => r.appendedAt)
        assert.ok(times.every((at) => Number.isInteger(at) && at > before))
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
        )
      }))

    it('reads on from any offset, and only the partitions that were named', () =>
      withLog(async ({ log }) => {
        const entries = Array.from({ length: 300 }, (_, n) => entry(`key-${n % 20}`, `${n}`))
        for (let n = 0; n < 300; n += 50) await log.append('claims', entries.slice(n, n + 50))
        const [{ end: end0 } = { end: 0 }, { end: end1 } = { end: 0 }] = await log.bounds('claims')
        assert.ok(end0 > 20 && end1 > 20)
        const from = new Map([
          [0, 17],
          [1, end1 - 1],
        ])
        const records = await readAll(log, { topic: 'claims', from, count: end0 - 17 + 1 })
        const offsets = (p: number) => records.filter((r) => r.partition === p).map((r) => r.offset)
        assert.deepEqual(
          offsets(0),
          Array.from({ length: end0 - 17 }, (_, n) => n + 17),
        )
        assert.deepEqual(offsets(1), [end1 - 1])
        assert.deepEqual(offsets(2), [])
      }))

    it('shows records to a tail that was there before them', () =>
      withLog(async ({ log }) => {
        const reading = readAll(log, { topic: 'events', count: 3 })
        for (const text of ['a', 'b', 'c']) await log.append('events', [entry('k', text)])
        assert.deepEqual(
          (await reading).map((r) => r.value.toString()),
          ['a', 'b', 'c'],
        )
      }))

    it('loses nothing and repeats nothing under many appends at once', () =>
      withLog(async ({ log }) => {
        const appends = Array.from({ length: 500 }, (_, n) =>
          log.append('claims', [
            entry(`key-${n % 11}`, `${n}.0`),
            entry(`key-${n % 11}`, `${n}.1`),
          ]),
        )
        const places = (await Promise.all(appends)).flat()
        const records = await readAll(log, { topic: 'claims', count: 1000 })
        const texts = records.map((r) => r.value.toString())
        assert.equal(new Set(texts).size, 1000)
        const byPlace = new Map(
          records.map((r) => [`${r.partition}/${r.offset}`, r.value.toString()]),
        )
        places.forEach(({ partition, offset }, n) => {
          assert.equal(byPlace.get(`${partition}/${offset}`), `${n >> 1}.${n % 2}`)
        })
      }))

    it('keeps the order of an append after one that was answered', () =>
      withLog(async ({ log }) => {
        let last = -1
        for (let n = 0; n < 50; n++) {
          const [place] = await log.append('claims', [entry('one', `${n}`)])
          assert.ok(place !== undefined && place.offset > last)
          last = place.offset
        }
      }))

    it('gives one batch at a time and waits for its reader', () =>
      withLog(async ({ log }) => {
        let running = 0
        let seen = 0
        const all = Promise.withResolvers<void>()
        const tail = log.tail({
          topic: 'claims',
          from: everyPartition(log, 'claims'),
          async onBatch({ records }) {
            assert.equal(++running, 1)
            await new Promise((resolve) => setImmediate(resolve))
            running--
            seen += records.length
            if (seen === 200) all.resolve()
          },
          onError: all.reject,
        })
        for (let n = 0; n < 20; n++) {
          await log.append(
            'claims',
            Array.from({ length: 10 }, (_, k) => entry(`${k}`, `${n}`)),
          )
        }
        await withDeadline(all.promise)
        await tail.close()
      }))

    it('tells a tail whose reader threw, once, and gives it nothing more', () =>
      withLog(async ({ log }) => {
        const failed = Promise.withResolvers<unknown>()
        let batches = 0
        const tail = log.tail({
          topic: 'events',
          from: new Map([[0, 0]]),
          onBatch() {
            batches++
            throw new Error('reader failed')
          },
          onError: failed.resolve,
        })
        await log.append('events', [entry('k', 'a')])
        assert.match(String(await withDeadline(failed.promise)), /reader failed/)
        await log.append('events', [entry('k', 'b')])
        await tail.close()
        assert.equal(batches, 1)
      }))

    it('gives nothing more once a tail is closed', () =>
      withLog(async ({ log }) => {
        let batches = 0
        const options = { topic: 'events', from: new Map([[0, 0]]), onError: assert.fail }
        const tail = log.tail({ ...options, onBatch: () => void batches++ })
        await tail.close()
        await log.append('events', [entry('k', 'a')])
        await readAll(log, { topic: 'events', count: 1 })
        assert.equal(batches, 0)
      }))

    it('knows that it has read everything', () =>
      withLog(async ({ log }) => {
        await log.append('events', [entry('k', 'a')])
        const seen = Promise.withResolvers<LogBatch>()
        const tail = log.tail({
          topic: 'events',
          from: new Map([[0, 0]]),
          onBatch: seen.resolve,
          onError: seen.reject,
        })
        await withDeadline(seen.promise)
        const readAt = performance.now()
        await until(() => tail.lastReadAt(0) >= readAt)
        await tail.close()
      }))

    it('shares the partitions among the members of a group', () =>
      withLog(async ({ log }) => {
        const shares = [new Set<number>(), new Set<number>()]
        const joinAs = (n: number) =>
          log.join({
            topic: 'claims',
            group: 'issuer',
            onAssigned(partitions) {
              shares[n] = new Set(partitions)
            },
            onError: assert.fail,
          })
        const first = await joinAs(0)
        await until(() => shares[0]?.size === 3)
        const second = await joinAs(1)
        await until(
          () => (shares[0]?.size ?? 0) + (shares[1]?.size ?? 0) === 3 && shares[1]?.size !== 0,
        )
        assert.ok(shares[0]?.isDisjointFrom(shares[1] ?? new Set()))
        await first.commit(new Map([[0, 1]]))
        await first.leave()
        await until(() => shares[1]?.size === 3)
        await second.leave()
      }))

    if (!traits.outlivesItsProcess) return

    it('has everything acknowledged after a restart, and goes on from there', () =>
      withLog(async ({ log, reopen }) => {
        const before = Array.from({ length: 50 }, (_, n) => entry(`key-${n % 5}`, `${n}`))
        await log.append('claims', before)
        assert.ok(reopen)
        const again = await reopen()
        const ends = (await again.bounds('claims')).map(({ end }) => end)
        assert.equal(
          ends.reduce((a, b) => a + b),
          50,
        )
        const [place] = await again.append('claims', [entry('key-0', 'after')])
        assert.equal(place?.offset, ends[place?.partition ?? 0])
        assert.equal((await readAll(again, { topic: 'claims', count: 51 })).length, 51)
      }))
  })
}

function entry(key: string, text: string): LogEntry {
  return { key, value: Buffer.from(text) }
}

export function everyPartition(log: Pick<Log, 'partitionsOf'>, topic: string): Map<number, number> {
  return new Map(Array.from({ length: log.partitionsOf(topic) }, (_, p) => [p, 0]))
}

type LogReader = Pick<Log, 'partitionsOf' | 'tail'>
type ReadOptions = { topic: string; count: number; from?: ReadonlyMap<number, number> }

/** The first `count` records from the given offsets (from 0 where none are given). */
export async function readAll(log: LogReader, options: ReadOptions): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  const done = Promise.withResolvers<void>()
  const tailOptions: TailOptions = {
    topic: options.topic,
    from: options.from ?? everyPartition(log, options.topic),
    onBatch(batch) {
      records.push(...batch.records)
      if (records.length >= options.count) done.resolve()
    },
    onError: done.reject,
  }
  const tail = log.tail(tailOptions)
  await withDeadline(done.promise)
  await tail.close()
  return records
}

/** All records of a topic. */
export async function everyRecord(
  log: LogReader & Pick<Log, 'bounds'>,
  topic: string,
): Promise<LogRecord[]> {
  const count = (await log.bounds(topic)).reduce((sum, { start, end }) => sum + end - start, 0)
  return count === 0 ? [] : readAll(log, { topic, count })
}

function withDeadline<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`not within ${waitMsMax} ms`)), waitMsMax)
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer))
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + waitMsMax
  while (!condition()) {
    assert.ok(performance.now() < deadline, `not within ${waitMsMax} ms`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
