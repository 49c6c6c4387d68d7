// What the file log does when the disk lies, fills up, fails, or was tampered with.

import assert from 'node:assert/strict'
import {
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { readAll } from '../../../test/contracts/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { systemClock } from '../clock-system.ts'
import { fileHeaderBytes } from './format.ts'
import { openLogFile, openLogFileReader } from './log-file.ts'
import { scanTopicFile } from './scan.ts'
import { highWaterMarkPath, topicPath } from './topic-readers.ts'
import { type WriteDurably, waitingRecordsMax } from './topic-writer.ts'

const topic = 'claims'
const topics = { [topic]: 2 }
const clock = systemClock()

describe('the file log', () => {
  let directory: string
  const warnings: string[] = []
  const onWarning = (message: string) => void warnings.push(message)
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'firstcome-log-'))
  })
  afterEach(() => rm(directory, { recursive: true }))

  const openLog = (writeDurably?: WriteDurably) =>
    openLogFile({ directory, topics, clock, writeDurably, onWarning })
  const path = () => topicPath(directory, topic)

  async function withRecords(count: number): Promise<void> {
    const log = await openLog()
    for (let n = 0; n < count; n++) await log.append(topic, [entry(`${n}`)])
    await log.close()
  }

  async function storedRecords(): Promise<number> {
    const log = await openLog()
    const ends = (await log.bounds(topic)).map(({ end }) => end)
    await log.close()
    return ends.reduce((sum, end) => sum + end, 0)
  }

  it('begins no earlier than it was last written, but by the word of an operator', async () => {
    const years = 5 * 365 * 86_400_000
    const ahead = { ...clock, now: () => Date.now() + years }
    const wrong = await openLogFile({ directory, topics, clock: ahead })
    await wrong.append(topic, [entry('1')])
    await wrong.close()
    const written = await readFile(path())
    await assert.rejects(openLog(), { code: 'log_damaged', message: /--accept-clock/ })
    assert.deepEqual(await readFile(path()), written)

    const log = await openLogFile({
      directory,
      topics,
      clock,
      acceptClockBy: 'kim@shop',
      onWarning,
    })
    assert.match(
      warnings.at(-1) ?? '',
      /^append times go back from \S+Z to \S+Z: accepted by kim@shop$/,
    )
    await log.append(topic, [entry('1')])
    await log.close()
    await withRecords(1)
    const reader = await openLogFileReader({ directory, topics, clock })
    const [accepted, ...more] = reader.acceptedClocks
    assert.deepEqual([accepted?.by, more], ['kim@shop', []])
    const records = await readAll(reader, { topic, count: 3 })
    const times = records.map(({ appendedAt }) => appendedAt)
    const first = times.findIndex((at) => at > Date.now())
    assert.deepEqual([first, accepted?.before], [0, times[0]])
    assert.ok(times.slice(1).every((at) => at >= (accepted?.at ?? Infinity) && at <= Date.now()))
  })

  it('cuts off a tail that was torn before it was acknowledged, and keeps a copy of it', async () => {
    await withRecords(20)
    const whole = await readFile(path())
    await writeFile(path(), Buffer.concat([whole, whole.subarray(16, 60)]))
    assert.equal(await storedRecords(), 20)
    assert.deepEqual(await readFile(path()), whole)
    const copies = (await readdir(join(directory, 'log'))).filter((name) => name.includes('torn'))
    assert.equal(copies.length, 1)
  })

  it('refuses a log that is shorter than what was acknowledged, wherever it was cut', async () => {
    await withRecords(20)
    const whole = await readFile(path())
    for (let bytes = 0; bytes < whole.length; bytes += 7) {
      await truncate(path(), 0)
      await writeFile(path(), whole.subarray(0, bytes))
      await assert.rejects(openLog(), damaged, `cut to ${bytes} bytes`)
    }
  })

  it('refuses a log whose file is gone although records were acknowledged', async () => {
    await withRecords(3)
    await rm(join(directory, 'log'), { recursive: true })
    await assert.rejects(openLog(), /the log is lost.*accept the loss by deleting/s)
  })

  it('finds every single flipped bit, and names the byte and the way out', async () => {
    await withRecords(4)
    const whole = await readFile(path())
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = Buffer.from(whole)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      await writeFile(path(), flipped)
      await assert.rejects(openLog(), damaged, `bit ${bit}`)
    }
  })

  it('says so, too, when the log is only read', async () => {
    await withRecords(4)
    const whole = await readFile(path())
    whole[100] = (whole[100] ?? 0) ^ 1
    await writeFile(path(), whole)
    await assert.rejects(openLogFileReader({ directory, topics, clock }), damaged)
    await rm(join(directory, 'log'), { recursive: true })
    await assert.rejects(openLogFileReader({ directory, topics, clock }), /there is no log/)
  })

  it('refuses a partition count other than the recorded one', async () => {
    await withRecords(1)
    await assert.rejects(
      openLogFile({ directory, topics: { [topic]: 3 }, clock }),
      /has 2 partitions, not 3/,
    )
  })

  it('takes a bad frame for damage where good ones follow, whatever the mark says', async () => {
    await withRecords(6)
    const whole = await readFile(path())
    for (let bit = fileHeaderBytes * 8; bit < whole.length * 8; bit += 5) {
      const flipped = Buffer.from(whole)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      await writeFile(path(), flipped)
      await rm(highWaterMarkPath(directory, topic), { force: true })
      const isLast = bit >= 8 * whole.lastIndexOf('FCR1')
      if (isLast) assert.equal(await storedRecords(), 5, `bit ${bit}`)
      else await assert.rejects(openLog(), /good records follow at byte \d+/, `bit ${bit}`)
    }
    // What may be cut off is told, and kept.
    assert.match(warnings.at(-1) ?? '', /\d+ bytes at the end of .* cut off, kept in .*torn-\d+$/)
  })

  it('ends a scan of a file that gets shorter meanwhile', { timeout: 10_000 }, async () => {
    await withRecords(6)
    const file = await open(path(), 'r')
    const { size } = await file.stat()
    const stat = async () => ({ size: size + 40 })
    const shrunk = new Proxy(file, {
      get: (target, name) => (name === 'stat' ? stat : Reflect.get(target, name).bind(target)),
    })
    const scan = await scanTopicFile(shrunk, { path: path(), partitions: 2 })
    assert.match(scan.torn ?? '', /became shorter|ends inside/)
    await file.close()
  })

  it('writes no frame that cannot be read again, and refuses what fits in none', async () => {
    const log = await openLog()
    const megabyte = Buffer.alloc(1 << 20, 'x')
    const large = { key: 'k', value: megabyte }
    const appends = Array.from({ length: 70 }, () => log.append(topic, [large]))
    const tooLarge = [
      Array.from({ length: 64 }, () => large),
      [{ key: 'k'.repeat(1 << 16), value: megabyte }],
      [{ ...large, headers: { h: '\u0000'.repeat(11_000) } }],
    ]
    for (const entries of tooLarge) {
      const refused = { code: 'log_full', retryable: false, appended: 'no' }
      await assert.rejects(log.append(topic, entries), refused)
    }
    await Promise.all(appends)
    await log.close()
    assert.equal(await storedRecords(), 70)
    const reader = await openLogFileReader({ directory, topics, clock })
    assert.equal((await readAll(reader, { topic, count: 70 })).length, 70)
  })

  it('accepts the loss once the high-water mark is deleted', async () => {
    await withRecords(20)
    const whole = await readFile(path())
    await writeFile(path(), whole.subarray(0, whole.length - 5))
    await assert.rejects(openLog(), damaged)
    await rm(highWaterMarkPath(directory, topic))
    assert.equal(await storedRecords(), 19)
  })

  it('says that an append was refused once its cut is on the disk, too', async () => {
    const calls: string[] = []
    let mayWrite = false
    const log = await openLog(async (file, data, position) => {
      await file.write(data, 0, data.length, position)
      if (mayWrite) return
      const [cutFile, syncFile] = [file.truncate.bind(file), file.sync.bind(file)]
      file.truncate = (bytes) => (calls.push('cut'), cutFile(bytes))
      file.sync = () => (calls.push('sync'), syncFile())
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    })
    await assert.rejects(log.append(topic, [entry('1')]), { code: 'log_full', appended: 'no' })
    assert.deepEqual(calls, ['cut', 'sync'])
    mayWrite = true
    await log.append(topic, [entry('2')])
    await log.close()
    assert.equal(await storedRecords(), 1)
  })

  it('refuses an append for which the disk has no room, stores nothing of it, and recovers', async () => {
    let full = false
    const log = await openLog(async (file, data, position) => {
      if (!full) return void (await file.write(data, 0, data.length, position))
      await file.write(data, 0, 20, position)
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    })
    await log.append(topic, [entry('before')])
    full = true
    await assert.rejects(log.append(topic, [entry('lost')]), (error) => {
      assert.ok(error instanceof PortError)
      assert.deepEqual(
        { code: error.code, appended: error.appended, retryable: error.retryable },
        { code: 'log_full', appended: 'no', retryable: true },
      )
      return true
    })
    full = false
    await log.append(topic, [entry('after')])
    await log.close()
    assert.equal(await storedRecords(), 2)
  })

  it('acknowledges nothing more after a failed sync; a restart tells what is there', async () => {
    let fails = false
    const log = await openLog(async (file, data, position) => {
      await file.write(data, 0, data.length, position)
      if (fails) throw Object.assign(new Error('i/o error'), { code: 'EIO' })
    })
    await log.append(topic, [entry('before')])
    fails = true
    await assert.rejects(log.append(topic, [entry('unknown')]), {
      code: 'log_failed',
      appended: 'unknown',
    })
    fails = false
    await assert.rejects(log.append(topic, [entry('refused')]), {
      code: 'log_failed',
      appended: 'no',
    })
    await log.close()
    assert.equal(await storedRecords(), 2)
  })

  it('holds a bounded number of records for a slow disk and refuses the rest', async () => {
    const slow = Promise.withResolvers<void>()
    const log = await openLog(async (file, data, position) => {
      await slow.promise
      await file.write(data, 0, data.length, position)
    })
    const first = log.append(topic, [entry('on its way')])
    await new Promise((resolve) => setImmediate(resolve))
    const many = Array.from({ length: waitingRecordsMax }, () => entry('x'))
    const waiting = log.append(topic, many)
    await assert.rejects(log.append(topic, [entry('one more')]), {
      code: 'log_full',
      appended: 'no',
    })
    slow.resolve()
    await Promise.all([first, waiting])
    await log.close()
    assert.equal(await storedRecords(), waitingRecordsMax + 1)
  })

  it('answers an append only after its write has returned', async () => {
    const order: string[] = []
    const log = await openLog(async (file, data, position) => {
      await file.write(data, 0, data.length, position)
      order.push('durable')
    })
    await log.append(topic, [entry('a')]).then(() => order.push('answered'))
    assert.deepEqual(order, ['durable', 'answered'])
    await log.close()
  })

  it('asks the system to sync each write', async () => {
    const log = await openLog()
    // O_DSYNC is 0o10000 in the flags that Linux reports of an open file.
    if (process.platform === 'linux') {
      const flags = await Promise.all(
        (await readdir('/proc/self/fdinfo')).map((fd) => readFlags(fd, path())),
      )
      assert.ok(flags.some((flag) => (flag & 0o10000) !== 0))
    }
    await log.close()
  })
})

async function readFlags(fd: string, path: string): Promise<number> {
  const target = await readlink(`/proc/self/fd/${fd}`).catch(() => '')
  if (target !== path) return 0
  const info = await readFile(`/proc/self/fdinfo/${fd}`, 'utf8')
  return Number.parseInt(/flags:\s*(\d+)/.exec(info)?.[1] ?? '0', 8)
}

function entry(text: string) {
  return { key: 'k', value: Buffer.from(`{"text":"${text}"}`) }
}

function damaged(error: unknown): boolean {
  assert.ok(error instanceof PortError)
  assert.equal(error.code, 'log_damaged')
  assert.match(error.message, /damaged at byte|does not start like|the log is lost|partitions, not/)
  return true
}
