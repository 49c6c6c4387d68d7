// What lies between the threads: deadlines, the bound on what is pending, either end going away.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MessageChannel, Worker } from 'node:worker_threads'
import { PortError } from '../../ports/port-error.ts'
import { virtualClock } from '../memory/clock-virtual.ts'
import type { Queryable, QueryResult } from './database.ts'
import { connectDatabase, serveDatabase } from './thread.ts'

const select = { name: 'select', text: 'select 1' }
const unavailable = (retryable: boolean) => ({ code: 'store_unavailable', retryable })

/** Answers when the test resolves what was asked. */
function slowDatabase() {
  const asked: PromiseWithResolvers<QueryResult>[] = []
  const waiting: { count: number; reached: () => void }[] = []
  const database: Queryable = {
    query() {
      const answer = Promise.withResolvers<QueryResult>()
      asked.push(answer)
      for (const { count, reached } of waiting) if (asked.length >= count) reached()
      return answer.promise
    },
  }
  return {
    database,
    asked,
    /** Resolves when it has been asked so many times. */
    askedTimes: (count: number) => {
      return new Promise<void>((reached) => {
        waiting.push({ count, reached })
        if (asked.length >= count) reached()
      })
    },
  }
}

describe('A database in another thread', () => {
  it('is given up on at the deadline, and an answer that comes later is dropped', async () => {
    const { port1, port2 } = new MessageChannel()
    const owner = slowDatabase()
    const clock = virtualClock(0)
    serveDatabase(owner.database, port1)
    const database = connectDatabase(port2, { clock, answerWaitMsMax: 500 })
    const late = database.query(select)
    late.catch(() => {})
    await owner.askedTimes(1)
    await clock.runUntil(500)
    await assert.rejects(late, unavailable(true))
    owner.asked[0]?.resolve({ rows: [['late']], count: 1 })
    const next = database.query(select)
    await owner.askedTimes(2)
    owner.asked[1]?.resolve({ rows: [['next']], count: 1 })
    assert.deepEqual((await next).rows, [['next']])
    await database.close()
  })

  it('is asked no more than the maximum at once, given up or not', async () => {
    const { port1, port2 } = new MessageChannel()
    const owner = slowDatabase()
    const clock = virtualClock(0)
    serveDatabase(owner.database, port1)
    const database = connectDatabase(port2, { clock, answerWaitMsMax: 500, pendingMax: 3 })
    const asked = [1, 2, 3].map(() => database.query(select))
    const settled = Promise.allSettled(asked)
    await assert.rejects(database.query(select), unavailable(true))
    await owner.askedTimes(3)
    await clock.runUntil(500)
    await settled
    await assert.rejects(database.query(select), unavailable(true), 'given up, but still asked')
    for (const { resolve } of owner.asked) resolve({ rows: [], count: 0 })
    const fresh = connectedAgain(() => database.query(select))
    await owner.askedTimes(4)
    owner.asked[3]?.resolve({ rows: [['fresh']], count: 1 })
    assert.deepEqual((await fresh).rows, [['fresh']])
    await database.close()
  })

  it('gives many rows a thousand at a time, so that others have their turn between', async () => {
    const { port1, port2 } = new MessageChannel()
    const rows = Array.from({ length: 2_500 }, (_, n) => [n])
    serveDatabase({ query: async () => ({ rows, count: rows.length }) }, port1)
    const pieces: number[] = []
    port2.on('message', ({ answer }: { answer: QueryResult }) => pieces.push(answer.rows.length))
    const database = connectDatabase(port2)
    assert.deepEqual(await database.query(select), { rows, count: 2_500 })
    assert.deepEqual(pieces, [1_000, 1_000, 500])
    await database.close()
  })

  it('passes on what kind of error it was', async () => {
    const { port1, port2 } = new MessageChannel()
    const errors = [
      new PortError('store_unavailable', 'later', { retryable: true }),
      new PortError('store_broken', 'constraint one_per_slot fired'),
      new TypeError('a bug'),
    ]
    const query = () => Promise.reject(errors.shift() ?? new Error('asked too often'))
    serveDatabase({ query }, port1)
    const database = connectDatabase(port2)
    const expected = [
      { code: 'store_unavailable', message: 'later', retryable: true },
      { code: 'store_broken', message: 'constraint one_per_slot fired', retryable: false },
      { code: 'store_broken', message: 'TypeError: a bug', retryable: false },
    ]
    for (const error of expected) {
      await assert.rejects(database.query(select), { name: 'PortError', ...error })
    }
    await database.close()
  })

  for (const end of ['this end', 'the other end'] as const) {
    it(`refuses what is pending, and what comes later, when ${end} is closed`, async () => {
      const { port1, port2 } = new MessageChannel()
      const owner = slowDatabase()
      const served = serveDatabase(owner.database, port1)
      const database = connectDatabase(port2)
      const pending = database.query(select)
      await owner.askedTimes(1)
      const refused = assert.rejects(pending, unavailable(false))
      if (end === 'this end') await database.close()
      else served.close()
      await refused
      await assert.rejects(database.query(select), unavailable(false))
      await database.close()
    })
  }

  it('refuses what is pending when its thread dies', async () => {
    const { port1, port2 } = new MessageChannel()
    const dying = `require('node:worker_threads').workerData.once('message', () => process.exit(1))`
    const worker = new Worker(dying, { eval: true, workerData: port1, transferList: [port1] })
    const database = connectDatabase(port2)
    await assert.rejects(database.query(select), unavailable(false))
    await worker.terminate()
  })
})

/** Room is made when the answers arrive, which takes a moment. */
async function connectedAgain(query: () => Promise<QueryResult>): Promise<QueryResult> {
  const until = performance.now() + 10_000
  for (;;) {
    try {
      return await query()
    } catch (error) {
      if (performance.now() > until) throw error
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
