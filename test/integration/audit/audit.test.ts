// The audit command against real files: beside a running service, on its directory once it is
// stopped, and with differences planted in the rows and in a copy of the log.

import assert from 'node:assert/strict'
import {
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { openDataDirectory, readSecrets } from '../../../src/adapters/data-directory.ts'
import type { Database, Session } from '../../../src/adapters/database/database.ts'
import { openDatabasePglite } from '../../../src/adapters/database/pglite.ts'
import { openLogFile, openLogFileReader } from '../../../src/adapters/log-file/log-file.ts'
import { highWaterMarkPath, topicPath } from '../../../src/adapters/log-file/topic-readers.ts'
import { createCouponReaderSql } from '../../../src/adapters/stores/coupon-reader.ts'
import { type AuditReport, audit } from '../../../src/audit/audit.ts'
import { readSettings } from '../../../src/config/settings.ts'
import { codesDeriver } from '../../../src/domain/coupons/codes.ts'
import { claimsTopic, couponEventsTopic } from '../../../src/domain/coupons/messages.ts'
import { partitionFor } from '../../../src/domain/partitioner.ts'
import { type AuditOptions, runAudit } from '../../../src/main/commands/audit.ts'
import { CommandError } from '../../../src/main/context.ts'
import { projectionDirectory } from '../../../src/main/roles/projection.ts'
import type { LogRecord } from '../../../src/ports/log.ts'
import { everyRecord } from '../../contracts/log.ts'
import { runCli } from '../processes/cli-process.ts'
import { Crowd, users } from '../processes/crowd.ts'
import {
  newDataDirectory,
  newEmptyDirectory,
  removeDataDirectory,
  startService,
} from '../processes/service-process.ts'

const topics = { [couponEventsTopic]: 4, [claimsTopic]: 4 }
const clock = { ...systemClock(), after: () => () => {} }
const couponId = 'spring'
const quantity = 20
const copies: string[] = []
let data: string

/** A sale of 20 coupons to 40 people, audited while it runs, stopped, its rows complete. */
before(async () => {
  data = await newDataDirectory()
  const service = await startService({ data })
  const crowd = new Crowd(service)
  await crowd.create({ couponId, quantity })
  await crowd.create({ couponId: 'autumn', quantity: 2 })
  for (const user of users(couponId, 2 * quantity)) await crowd.claim(couponId, user)
  await crowd.command(`/coupons/${couponId}/pause`)
  await crowd.claim('autumn', 'ann')
  await rowsWritten(crowd, quantity + 1)
  const running = await runCli(['audit', '--data', data])
  assert.equal(running.exitCode, 0, running.out + running.err)
  assert.match(running.out, /^Compared the log with the rows of the service at http:/)
  assert.match(running.out, /2 coupons, 21 winners; 21 rows; \d+\.\d s\n/)
  await crowd.close()
  assert.equal(await service.stop(), 0)
})

after(async () => {
  for (const directory of [data, ...copies]) await removeDataDirectory(directory)
})

describe('the audit command', () => {
  test('finds a stopped service healthy, and changes nothing in its directory', async () => {
    const listing = () => readdirSync(data).sort()
    const names = listing()
    const { exitCode, out, err } = await runCli(['audit', '--data', data])
    assert.equal(exitCode, 0, out + err)
    assert.match(out, /the rows in .*; no service runs on it\.\n/)
    assert.match(out, /\n {2}✓ I1 [^✗]*Every promise holds\.\n$/)
    assert.deepEqual(listing(), names)
  })

  test('prints JSON and nothing else where that is asked for', async () => {
    const { exitCode, out, err } = await auditIn(data, { json: true })
    assert.equal(exitCode, 0, out + err)
    const report = JSON.parse(out) as AuditReport
    assert.equal(report.fair, true)
    assert.equal(report.counts.winners, quantity + 1)
    assert.deepEqual(report.firstDifferences, [])
    assert.equal(err, '')
  })

  test('looks at one coupon, and tells where there is no such coupon', async () => {
    const one = await auditIn(data, { coupon: 'autumn' })
    assert.match(one.out, /1 coupon, 1 winner; 1 row;/)
    assert.equal(one.exitCode, 0)
    const none = await auditIn(data, { coupon: 'winter' })
    assert.equal(none.exitCode, 2)
    assert.match(none.err, /there is no coupon winter in /)
  })

  test('counts rows that were deleted with the projection as behind, not as lost', async () => {
    const copy = copyOf(data)
    rmSync(projectionDirectory(copy), { recursive: true })
    const { exitCode, out } = await auditIn(copy)
    assert.equal(exitCode, 0, out)
    assert.match(out, /the next start derives them/)
    assert.match(out, /0 rows, \d+ records behind the log;/)
  })

  test('says what is wrong with the place: 2 without a log, 3 where it is held', async () => {
    const empty = await newEmptyDirectory()
    copies.push(empty)
    const nowhere = await auditIn(empty)
    assert.equal(nowhere.exitCode, 2)
    assert.match(nowhere.err, /there is no log in .* --data$/)
    assert.deepEqual(readdirSync(empty), [])

    const held = openDataDirectory({ path: data, now: Date.now() })
    const busy = await runCli(['audit', '--data', data])
    held.close()
    assert.equal(busy.exitCode, 3, busy.out)
    assert.match(busy.err, /is in use by process \d+/)
  })

  test('says of rows that were made from another log that they were', async () => {
    const copy = copyOf(data)
    const database = await openDatabasePglite({ directory: projectionDirectory(copy) })
    await database.script(`
      update coupons.positions set fingerprint = 'of another' where next_offset > 0;
      update coupons.issued_coupons set user_id = 'mallory' where slot = 2`)
    await database.close()
    const { exitCode, out } = await auditIn(copy)
    assert.equal(exitCode, 1, out)
    assert.match(out, /\nThese rows were not made from this log as it is: are they those/)
  })

  test('compares nothing with rows of a newer version, and names the way out', async () => {
    const copy = copyOf(data)
    const database = await openDatabasePglite({ directory: projectionDirectory(copy) })
    await database.script("insert into firstcome.migrations values ('9999-later.sql', 'x')")
    await database.close()
    const { exitCode, err } = await auditIn(copy)
    assert.equal(exitCode, 2)
    assert.match(err, /nothing was compared: the rows are those of another version:\n/)
    assert.match(
      err,
      /9999-later.sql has run .* does not know it\n {2}use the version that has run it/,
    )
    const json = await auditIn(copy, { json: true })
    assert.partialDeepStrictEqual(JSON.parse(json.out), { fair: null })
    assert.equal(json.exitCode, 2)
  })

  test('prints the first differences and ends with 1', async () => {
    const copy = copyOf(data)
    const database = await openDatabasePglite({ directory: projectionDirectory(copy) })
    await database.script("update coupons.issued_coupons set user_id = 'mallory' where slot = 2")
    await database.close()
    const { exitCode, out } = await runCli(['audit', '--data', copy])
    assert.equal(exitCode, 1, out)
    assert.match(out, /✗ I2 .*: 1 difference\n/)
    assert.match(out, /\n {2}I2 {2}slot 2 of spring: the row names mallory /)
    assert.match(out, /\nPromises are broken: 1 difference\.\n$/)
  })
})

test('an audit beside a running service waits for its rows, and storms give no alarm', async () => {
  const service = await startService()
  copies.push(service.data)
  const crowd = new Crowd(service)
  const nothing = await auditIn(service.data)
  assert.equal(nothing.exitCode, 2)
  assert.match(nothing.out, /\nNothing was compared: the log has no record/)
  await crowd.create({ couponId, quantity: 300 })
  let claiming = true
  const storm = Promise.all(users(couponId, 600).map((user) => crowd.claim(couponId, user)))
  const ended = storm.finally(() => {
    claiming = false
  })
  let audits = 0
  for (; claiming || audits === 0; audits += 1) {
    const { exitCode, out, err } = await auditIn(service.data)
    assert.equal(exitCode, 0, out + err)
  }
  await ended
  await crowd.close()
  assert.equal(await service.stop(), 0)
  const { exitCode, out } = await auditIn(service.data)
  assert.equal(exitCode, 0, out)
  assert.match(out, /300 winners/)
})

/** By name: what is done to the rows, and what must be found, and nothing else. */
const plants: Readonly<Record<string, readonly [string, readonly RegExp[]]>> = {
  'nothing at all': ['select 1', []],
  'a row deleted': [
    "delete from coupons.issued_coupons where coupon_id = 'spring' and slot = 7",
    [/^I2 slot 7 of spring: the row is missing/],
  ],
  'a row added': [
    `insert into coupons.issued_coupons
     select coupon_id, 2, 'mallory', 'made-up', code, partition, 999, appended_at_ms
       from coupons.issued_coupons where coupon_id = 'autumn'`,
    [/^I2 slot 2 of autumn: there is a row for mallory by record 999/],
  ],
  'two slots swapped': [
    `update coupons.issued_coupons set slot = 100 where coupon_id = 'spring' and slot = 3;
     update coupons.issued_coupons set slot = 3 where coupon_id = 'spring' and slot = 4;
     update coupons.issued_coupons set slot = 4 where slot = 100`,
    [/^I2 slot 3 of spring: the row names/, /^I2 slot 4 of spring: the row names/],
  ],
  'a user changed': [
    "update coupons.issued_coupons set user_id = 'mallory' where slot = 20",
    [/^I2 slot 20 of spring: the row names mallory/],
  ],
  'a code changed': [
    "update coupons.issued_coupons set code = 'AAAAAAAAAAAAA' where slot = 20",
    [/^I7 slot 20 of spring: the code is not the one derived for it$/],
  ],
  'a time changed': [
    'update coupons.issued_coupons set appended_at_ms = appended_at_ms - 1 where slot = 20',
    [/^I7 slot 20 of spring: the row has the time/],
  ],
  'a quantity changed': [
    "update coupons.coupons set quantity = 21 where coupon_id = 'spring'",
    [/^I7 spring: the row has quantity 21, the log gives 20$/],
  ],
  'a pause lifted': [
    "update coupons.coupons set paused = false where coupon_id = 'spring'",
    [/^I7 spring: the row has paused false, the log gives true$/],
  ],
  'a position beyond the log': [
    `update coupons.positions set next_offset = 500
      where partition = ${partitionFor('spring', 4)}`,
    [/^I2 partition \d: rows were written up to offset 500, but the log ends at \d+: \d+ records/],
  ],
}

describe('an audit of real rows finds', () => {
  let database: Database
  before(async () => {
    const copy = copyOf(data)
    database = await openDatabasePglite({ directory: projectionDirectory(copy) })
  })
  after(() => database.close())

  for (const [name, [sql, expected]] of Object.entries(plants)) {
    test(name, async () => {
      const found = await whilePlanted(database, sql)
      assert.equal(found.length, expected.length, found.join('\n'))
      for (const [index, text] of expected.entries()) assert.match(found[index] ?? '', text)
    })
  }
})

describe('an audit of a damaged log', () => {
  test('finds the record that a copy of it lacks', async () => {
    const records = await recordsOf(data)
    const dropped = records.findIndex((it) => it.value.includes('claimed'))
    const copy = copyOf(data)
    await writeLog(copy, records.toSpliced(dropped, 1))
    const { exitCode, out } = await auditIn(copy)
    assert.equal(exitCode, 1, out)
    assert.match(out, /but the log ends at \d+: 1 record is lost\n/)
    assert.match(out, /I2 {2}slot 1 of spring: the row names .* won it/)
  })

  test('stops at a record of a newer version', async () => {
    const copy = copyOf(data)
    const records = await recordsOf(data)
    const newer = Buffer.from('{"type":"coupon.claimed","v":2}')
    await writeLog(copy, [...records, { ...record(records, -1), value: newer }])
    const stopped = await auditIn(copy)
    assert.equal(stopped.exitCode, 1, stopped.out)
    assert.match(stopped.err, /stops at record \d+ of partition \d: version 2 of coupon.claimed/)
    const json = await auditIn(copy, { json: true })
    assert.equal(json.exitCode, 1)
    const { fair, stopped: reason } = JSON.parse(json.out) as { fair: null; stopped: string }
    assert.equal(fair, null)
    assert.match(reason, /version 2 of coupon.claimed/)
  })

  test('stops at a flipped bit, and at a file that was cut', async () => {
    const flipped = copyOf(data)
    const path = topicPath(flipped, claimsTopic)
    const bytes = readFileSync(path)
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 4, bytes.length >> 1)
    writeFileSync(path, bytes)
    const cut = copyOf(data)
    truncateSync(topicPath(cut, claimsTopic), statSync(path).size - 1)
    for (const copy of [flipped, cut]) {
      const { exitCode, err } = await auditIn(copy)
      assert.equal(exitCode, 1, err)
      assert.match(err, /is damaged at byte \d+/)
    }
  })
})

type Audited = { exitCode: number; out: string; err: string }

/** As the command line runs it, without a process for each. */
async function auditIn(directory: string, options: AuditOptions = {}): Promise<Audited> {
  const read = readSettings({}, { data: directory })
  assert.ok(read.ok)
  const audited = { exitCode: 0, out: '', err: '' }
  const context = {
    settings: read.settings,
    out: (text: string) => void (audited.out += text),
    err: (text: string) => void (audited.err += text),
  }
  try {
    audited.exitCode = await runAudit(options, context)
  } catch (error) {
    assert.ok(error instanceof CommandError, String(error))
    audited.exitCode = error.exitCode
    audited.err += error.message
  }
  return audited
}

function copyOf(directory: string): string {
  const copy = `${directory}-copy-${copies.length}`
  copies.push(copy)
  cpSync(directory, copy, { recursive: true })
  return copy
}

async function rowsWritten(crowd: Crowd, count: number): Promise<void> {
  const deadline = performance.now() + 30_000
  for (;;) {
    const { status, text } = await crowd.get('/issued-coupons?limit=1000', 'operator')
    if (status === 200 && (JSON.parse(text) as { issued: [] }).issued.length === count) return
    assert.ok(performance.now() < deadline, `not ${count} rows within 30 s: ${text}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

class Undo extends Error {}

/** Plants by SQL, audits within the same transaction, and rolls back. */
async function whilePlanted(database: Database, sql: string): Promise<string[]> {
  let found: string[] = []
  const { codeSecret = '' } = readSecrets(data)
  const plantAndAudit = async (session: Session): Promise<void> => {
    await session.script(sql)
    const report = await audit({
      source: createCouponReaderSql(session),
      openLog: () => openLogFileReader({ directory: data, topics, clock }),
      deriveCodes: async (wanted) => wanted.map(codesDeriver(codeSecret)),
      clock,
    })
    found = report.firstDifferences.map(({ invariant, text }) => `${invariant} ${text}`)
    throw new Undo()
  }
  await assert.rejects(database.transaction(plantAndAudit), Undo)
  return found
}

async function recordsOf(directory: string): Promise<LogRecord[]> {
  const log = await openLogFileReader({ directory, topics, clock })
  return everyRecord(log, claimsTopic)
}

function record(records: readonly LogRecord[], at: number): LogRecord {
  const found = records.at(at)
  assert.ok(found !== undefined)
  return found
}

/** A new log of these records, with their times, in place of the one there. */
async function writeLog(directory: string, records: readonly LogRecord[]): Promise<void> {
  rmSync(topicPath(directory, claimsTopic))
  rmSync(highWaterMarkPath(directory, claimsTopic))
  let now = 0
  const claims = { [claimsTopic]: 4 }
  const at = { ...clock, now: () => now }
  const log = await openLogFile({ directory, topics: claims, clock: at })
  for (const { key, value, appendedAt } of records) {
    now = appendedAt
    await log.append(claimsTopic, [{ key, value }])
  }
  await log.close()
}
