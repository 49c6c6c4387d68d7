// The runner of migrations, with migrations of its own beside those of this version.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Database } from '../../../src/adapters/database/database.ts'
import {
  type Migration,
  migrate,
  migrateHint,
  migrationFaults,
  readMigrations,
} from '../../../src/adapters/database/migrations.ts'
import { PortError } from '../../../src/ports/port-error.ts'
import { openPgliteCopy } from '../../contracts/pglite-copies.ts'

const [first] = readMigrations()
assert(first !== undefined)
const one: Migration = {
  name: '0001-one.sql',
  text: 'create schema m; create table m.one (n int);',
}
const two: Migration = { name: '0002-two.sql', text: 'create table m.two (n int);' }
const broken: Migration = { name: '0003-broken.sql', text: 'create table m.three (n int); oops;' }

describe('Migrations', () => {
  let database: Database
  before(async () => {
    database = await openPgliteCopy()
  })
  beforeEach(() => {
    const schemas = 'm, coupons, stock, payments, orders, dead_letters, proof, nodes, firstcome'
    return database.script(`drop schema if exists ${schemas} cascade`)
  })
  after(() => database.close())

  const run = (...migrations: Migration[]) => migrate(database, [first, ...migrations])
  const count = (table: string) => {
    const text = `select count(*)::int from ${table}`
    return database.query({ name: text, text })
  }

  it('of this version run once, and running them again changes nothing', async () => {
    const names = readMigrations().map(({ name }) => name)
    assert.deepEqual(await migrate(database), names.slice(1))
    assert.deepEqual(await migrate(database), [])
    assert.deepEqual((await count('coupons.coupons')).rows, [[0]])
  })

  it('of earlier versions keep the values of columns that are renamed', async () => {
    await migrate(database, readMigrations().slice(0, 5))
    await database.script("insert into coupons.positions values ('issuer', 'claims', 0, 9, 8, 7)")
    await migrate(database)
    const text = 'select notified_offset from coupons.positions'
    assert.deepEqual((await database.query({ name: 'notified', text })).rows, [[7]])
  })

  it('do not begin where the database cannot hold every character', async () => {
    const latin: Database = {
      ...database,
      query: async (statement, values) => {
        const found = await database.query(statement, values)
        return statement.name === 'read-encoding' ? { ...found, rows: [['LATIN1']] } : found
      },
    }
    for (const begin of [migrate, migrationFaults]) {
      await assert.rejects(
        begin(latin),
        /keeps text as LATIN1, not UTF8; make another one: createdb/,
      )
    }
    const nothing = ['nothing was ever migrated there', migrateHint]
    assert.deepEqual(await migrationFaults(database), nothing)
  })

  it('that are new run, in their order', async () => {
    assert.deepEqual(await run(one), [one.name])
    assert.deepEqual(await run(one, two), [two.name])
    await count('m.two')
  })

  it('run all or none', async () => {
    await run(one)
    await assert.rejects(run(one, two, broken), { code: 'store_broken' })
    await assert.rejects(count('m.two'), /m\.two/)
    assert.deepEqual(await run(one, two), [two.name])
  })

  it('that were edited after they ran are refused by name', async () => {
    await run(one, two)
    const edited = { ...one, text: `${one.text} -- edited` }
    await assert.rejects(run(edited, two), brokenBy(one.name))
  })

  it('that this version does not know are refused by name', async () => {
    await run(one, two)
    await assert.rejects(run(one), brokenBy(two.name))
  })

  it('that are missing, unknown or edited are reported to who only looks, which changes nothing', async () => {
    const faults = (...known: Migration[]) => migrationFaults(database, [first, ...known])
    assert.deepEqual(await faults(one), ['nothing was ever migrated there', migrateHint])
    await run(one)
    assert.deepEqual(await faults(one), [])
    assert.deepEqual(await faults(one, two), [`migration ${two.name} has not run yet`, migrateHint])
    await run(one, two)
    const edited = { ...one, text: `${one.text} -- edited` }
    assert.deepEqual(await faults(edited), [
      `migration ${one.name} has run on this database, but its file is another one now`,
      `migration ${two.name} has run on this database, but this version does not know it`,
      'use the version that has run it, or restore a dump of before',
    ])
  })

  it('may be started several times at once', async () => {
    const ran = await Promise.all([run(one, two), run(one, two), run(one, two)])
    assert.deepEqual(ran.flat(), [one.name, two.name])
  })
})

function brokenBy(name: string): (error: unknown) => true {
  return (error) => {
    assert(error instanceof PortError, String(error))
    assert.equal(error.code, 'store_broken')
    assert(error.message.includes(name), error.message)
    return true
  }
}
