// What a role compares before its first answer, on rows as they are: a start goes on with the log
// and the secret that they were made with, and with no other.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Database } from '../../../src/adapters/database/database.ts'
import { migrate } from '../../../src/adapters/database/migrations.ts'
import { virtualClock } from '../../../src/adapters/memory/clock-virtual.ts'
import { openLogMemory } from '../../../src/adapters/memory/log.ts'
import { claimsTopic } from '../../../src/domain/coupons/messages.ts'
import { recordFingerprint } from '../../../src/domain/fingerprint.ts'
import { partitionFor } from '../../../src/domain/partitioner.ts'
import {
  checkPartition,
  checkPresent,
  checkStart,
  refuseOlderRows,
} from '../../../src/main/roles/start-check.ts'
import { embeddedTopics } from '../../../src/main/roles/topics.ts'
import type { Log } from '../../../src/ports/log.ts'
import { openPgliteCopy } from '../../contracts/pglite-copies.ts'

const clock = virtualClock(0)
const key = 'sale'
const own = partitionFor(key, embeddedTopics[claimsTopic])
const other = (own + 1) % embeddedTopics[claimsTopic]

async function logOf(...values: string[]) {
  const log = openLogMemory({ topics: embeddedTopics, clock })
  const entries = values.map((value) => ({ key, value: Buffer.from(value), headers: {} }))
  for (const entry of entries) await log.append(claimsTopic, [entry])
  return log
}

let database: Database
before(async () => {
  database = await openPgliteCopy()
  await migrate(database)
  const [, second] = (await logOf('one', 'two')).records(claimsTopic)[own] ?? []
  assert.ok(second)
  const text =
    'insert into coupons.positions (reader, topic, partition, next_offset, published_offset, ' +
    'fingerprint) values ($1, $2, $3, 2, 2, $4)'
  const values = ['issuer', claimsTopic, own, recordFingerprint(second)]
  await database.query({ name: 'stand-at-2', text }, values)
})
after(() => database.close())

const lost = { code: 'log_damaged', message: /not the one that the rows.*\n.*records are lost/ }
const strange = { code: 'log_damaged', message: /record 1 of .* is not the one that issuer/ }

describe('a start', () => {
  const starts = (log: Log) => checkStart({ log, database, codeSecret: undefined })

  it('goes on with the log that the rows were made from, however far it has grown', async () => {
    await starts(await logOf('one', 'two', 'three'))
  })

  it('is refused on a log that ends before them, and on another one', async () => {
    await assert.rejects(starts(await logOf('one')), lost)
    await assert.rejects(starts(await logOf('one', 'another', 'three')), strange)
  })

  it('is refused on a log whose first records are gone', async () => {
    const log = await logOf('one', 'two')
    const headless = { ...log, bounds: async () => [{ start: 1, end: 2 }] }
    await assert.rejects(starts(headless), { message: /the first records of the log are gone/ })
  })

  it('is refused with another code secret than the first one, which is remembered', async () => {
    const log = await logOf('one', 'two')
    await checkStart({ log, database, codeSecret: 'a'.repeat(32) })
    await checkStart({ log, database, codeSecret: 'a'.repeat(32) })
    const changed = checkStart({ log, database, codeSecret: 'b'.repeat(32) })
    await assert.rejects(changed, { code: 'store_broken', message: /another FIRSTCOME_CODE_/ })
  })
})

describe('a start while partitions have no leader', () => {
  function without(log: Log, away: readonly number[]): Log {
    return {
      ...log,
      partitionBounds: (topic, partition) =>
        topic === claimsTopic && away.includes(partition)
          ? new Promise(() => {})
          : log.partitionBounds(topic, partition),
    }
  }
  async function present(log: Log, away: readonly number[]) {
    const parts = { database, codeSecret: undefined, topic: claimsTopic }
    const waits = { clock, leaderWaitMsMax: 100 }
    const check = checkPresent({ log: without(log, away), ...parts, ...waits })
    check.catch(() => {})
    await clock.runUntil(clock.now() + 200)
    return check
  }

  it('compares the others, and says which are left', async () => {
    const left = await present(await logOf('one', 'two'), [other])
    assert.deepEqual(left, [{ topic: claimsTopic, partition: other }])
    await assert.rejects(present(await logOf('one'), [other]), lost)
  })

  it('does not hold what is away against the rows, until it is there', async () => {
    const log = await logOf('one', 'another')
    const at = { topic: claimsTopic, partition: own }
    const left = await present(log, [own, other])
    assert.equal(left.length, 2)
    assert.ok(left.some(({ partition }) => partition === own))
    await assert.rejects(checkPartition({ log, database }, at), strange)
    await checkPartition({ log, database }, { topic: claimsTopic, partition: other })
  })

  it('waits where no partition of the claims is there', async () => {
    const all = Array.from({ length: embeddedTopics[claimsTopic] }, (_, n) => n)
    const refused = { code: 'log_unavailable', retryable: true }
    await assert.rejects(present(await logOf('one', 'two'), all), refused)
  })
})

describe('rows that are older than the log', () => {
  it('are told, twenty of them at most, with the way out', () => {
    refuseOlderRows([])
    const faults = Array.from({ length: 22 }, (_, n) => `fault ${n}`)
    assert.throws(() => refuseOlderRows(faults), {
      message:
        /are older than the log:\n {2}fault 0\n[^]*fault 19\n {2}and 2 more\nRestore a newer/,
    })
  })
})
