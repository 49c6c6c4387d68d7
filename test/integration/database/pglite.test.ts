// What is PGlite's own: its directory, whole or broken, its stopping, and its write-ahead log.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { cp, mkdir, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { Database } from '../../../src/adapters/database/database.ts'
import { openDatabasePglite } from '../../../src/adapters/database/pglite.ts'
import { virtualClock } from '../../../src/adapters/memory/clock-virtual.ts'
import { PortError } from '../../../src/ports/port-error.ts'
import { createPgliteCopies } from '../../contracts/pglite-copies.ts'

const copies = await createPgliteCopies()
after(copies.remove)

async function numbers(database: Database): Promise<unknown> {
  const { rows } = await database.query({ name: 'numbers', text: 'select n from numbers' })
  return rows.flat()
}

const damages: readonly (readonly [string, (directory: string) => Promise<unknown>])[] = [
  ['no control file', (directory) => rm(join(directory, 'global/pg_control'))],
  ['an empty control file', (directory) => truncate(join(directory, 'global/pg_control'))],
  ['no write-ahead log', (directory) => rm(join(directory, 'pg_wal'), { recursive: true })],
  ['no tables', (directory) => rm(join(directory, 'base'), { recursive: true })],
  ['another version', (directory) => writeFile(join(directory, 'PG_VERSION'), '15\n')],
  ['no version', (directory) => rm(join(directory, 'PG_VERSION'))],
  [
    'only a file in its place',
    async (directory) => {
      await rm(directory, { recursive: true })
      await writeFile(directory, 'no database')
    },
  ],
]

describe('A directory', () => {
  it('keeps what was committed, also where the database was not closed', async () => {
    const directory = await copies.copy()
    const first = await openDatabasePglite({ directory })
    await first.script('create table numbers (n int); insert into numbers values (1)')
    // As a kill would leave it: no shutdown, no checkpoint.
    const killed = await copies.copy()
    await cp(directory, killed, { recursive: true, force: true })
    await first.close()
    for (const found of [directory, killed]) {
      const again = await openDatabasePglite({ directory: found })
      assert.deepEqual(await numbers(again), [1], found)
      await again.close()
    }
  })

  it('that is absent or empty is created, over what an earlier try left behind', async () => {
    const parent = await copies.copy()
    const directory = join(parent, 'deep/er')
    await mkdir(directory, { recursive: true })
    await mkdir(`${directory}.creating`)
    await writeFile(join(`${directory}.creating`, 'PG_VERSION'), '18\n')
    const database = await openDatabasePglite({ directory })
    await database.script('create table numbers (n int)')
    await database.close()
    assert.deepEqual(await readdir(join(parent, 'deep')), ['er'])
  })

  for (const [what, damage] of damages) {
    it(`with ${what} is refused as broken, and the error says that it can be deleted`, async () => {
      const directory = await copies.copy()
      await damage(directory)
      await assert.rejects(openDatabasePglite({ directory }), (error) => {
        assert(error instanceof PortError, String(error))
        assert.deepEqual([error.code, error.retryable], ['store_broken', false])
        assert.match(error.message, /Delete it: it is rebuilt from the log/)
        assert(error.message.includes(directory))
        return true
      })
    })
  }
})

/** PostgreSQL stops where it cannot write its log, as it does on a full disk. */
const writeToNextSegment = 'create table stops (n int); select pg_switch_wal()'
const stopped = { code: 'store_unavailable', retryable: true }

describe('A server that stops', () => {
  it('fails what was asked, can be asked again after a while, and then goes on', async () => {
    const directory = await copies.copy()
    const clock = virtualClock(0)
    const database = await openDatabasePglite({ directory, clock })
    await database.script('create table numbers (n int); insert into numbers values (1)')

    await rename(join(directory, 'pg_wal'), join(directory, 'aside'))
    await assert.rejects(
      database.transaction((session) => session.script(writeToNextSegment)),
      stopped,
    )
    await assert.rejects(numbers(database), stopped)

    await rename(join(directory, 'aside'), join(directory, 'pg_wal'))
    await assert.rejects(numbers(database), stopped, 'started again too soon')
    await clock.runUntil(5_000)
    assert.deepEqual(await numbers(database), [1])
    await database.script('insert into numbers values (2)')
    assert.deepEqual(await numbers(database), [1, 2])
    await database.close()
  })

  it('can be closed', async () => {
    const directory = await copies.copy()
    const database = await openDatabasePglite({ directory })
    await rename(join(directory, 'pg_wal'), join(directory, 'aside'))
    await assert.rejects(database.script(writeToNextSegment), stopped)
    await database.close()
    await assert.rejects(numbers(database), { code: 'store_unavailable' })
  })
})

describe('The write-ahead log', () => {
  it('is kept short by checkpoints while the database runs', async () => {
    const database = await openDatabasePglite({ directory: await copies.copy() })
    await database.script('create table texts (t text)')
    const insert = { name: 'insert', text: 'insert into texts values ($1)' }
    for (let n = 0; n < 60; n++) {
      await database.query(insert, [randomBytes(375_000).toString('base64')])
    }
    const { rows } = await database.query({
      name: 'behind',
      text: 'select (pg_current_wal_lsn() - redo_lsn)::bigint from pg_control_checkpoint()',
    })
    await database.close()
    const bytesToReplay = Number(rows[0]?.[0])
    assert(bytesToReplay < 10_000_000, `${bytesToReplay} bytes of 30 million`)
  })
})
