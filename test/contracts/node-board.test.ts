// The reports of API nodes, what the console asks of the rows, and what keys were given for.

import assert from 'node:assert/strict'
import { after, before, describe, it, test } from 'node:test'
import type { Database } from '../../src/adapters/database/database.ts'
import { migrate } from '../../src/adapters/database/migrations.ts'
import { createGivenKeysMemory } from '../../src/adapters/memory/given-keys.ts'
import { createConsoleReaderSql } from '../../src/adapters/stores/console-reader.ts'
import { createGivenKeysSql } from '../../src/adapters/stores/nodes/given-keys.ts'
import { createNodeBoardSql } from '../../src/adapters/stores/nodes/node-board.ts'
import type { NodeReport } from '../../src/ports/console-figures.ts'
import type { GivenKeys } from '../../src/ports/given-keys.ts'
import { openPgliteCopy } from './pglite-copies.ts'

const reportOf = (issued: number): NodeReport => ({
  claims: { issued },
  latency: [[3, issued]],
  tooMany: 0,
  unavailable: 0,
  isReady: true,
})

const forA = { key: 'k', givenFor: 'a' }
const forB = { key: 'k', givenFor: 'b' }

let database: Database
before(async () => {
  database = await openPgliteCopy()
  await migrate(database)
})
after(() => database.close())

testGivenKeys()

describe('the reports of nodes', () => {
  it('are given to the others, the newest of each, until it leaves', async () => {
    const board = createNodeBoardSql(database)
    assert.deepEqual(await board.exchange('one', reportOf(1)), [])
    await board.exchange('one', reportOf(2))
    const [one, ...rest] = await board.exchange('two', reportOf(9))
    assert.deepEqual([one?.node, one?.report, rest], ['one', reportOf(2), []])
    assert.ok(one !== undefined && one.startedAgo >= one.reportedAgo && one.reportedAgo >= 0)
    await board.leave('one')
    assert.deepEqual(await board.exchange('two', reportOf(9)), [])
  })

  it('are forgotten when they are old, and of another version have no figures', async () => {
    const board = createNodeBoardSql(database)
    await database.script(
      `insert into nodes.reports (node, started_at, reported_at, report)
       values ('old', now() - interval '1 hour', now() - interval '11 minutes', '{}'),
              ('later', now() - interval '1 hour', now() - interval '9 minutes', '{"x": 1}')`,
    )
    const [later, ...rest] = await board.exchange('two', reportOf(1))
    assert.deepEqual([later?.node, later?.report, rest], ['later', null, []])
    const ago = Number(later?.reportedAgo)
    assert.ok(ago >= 540_000 && ago < 560_000, `${ago} ms`)
    const { rows } = await database.query({ name: 'n', text: 'select node from nodes.reports' })
    assert.deepEqual(rows.flat().toSorted(), ['later', 'two'])
  })

  it('stand beside what the rows say', async () => {
    const reader = createConsoleReaderSql(database)
    assert.deepEqual([...(await reader.rowsUpTo())], [])
    assert.equal(await reader.lettersWaiting(), 0)
    await database.script(
      `insert into dead_letters.letters (id, consumer, status, letter)
       values ('a', 'c', 'waiting', '{}'), ('b', 'c', 'redriven', '{}');
       insert into coupons.positions (reader, topic, partition, next_offset, published_offset)
       values ('issuer', 'firstcome.claims', 3, 17, 17)`,
    )
    assert.deepEqual([...(await reader.rowsUpTo())], [[3, 17]])
    assert.equal(await reader.lettersWaiting(), 1)
  })
})

function testGivenKeys(): void {
  testGivenKeysOf('memory', createGivenKeysMemory)
  testGivenKeysOf('SQL', () => createGivenKeysSql(database))
  test('a key is forgotten after a day, and only then', async () => {
    const keys = createGivenKeysSql(database)
    const rows = async () => {
      const select = { name: 'keys', text: 'select key from nodes.given_keys order by key' }
      return (await database.query(select)).rows.flat()
    }
    await database.script(
      `delete from nodes.given_keys;
     insert into nodes.given_keys (key, given_for, takers, given_at)
     values ('asked again', 'a', 2, now() - interval '25 hours'),
            ('old', 'a', 1, now() - interval '25 hours'),
            ('new', 'a', 1, now() - interval '23 hours')`,
    )
    assert.equal(await keys.take({ key: 'new', givenFor: 'b' }), false)
    assert.deepEqual(await rows(), ['new'])
    await database.script("update nodes.given_keys set given_at = now() - interval '25 hours'")
    assert.equal(await keys.take({ key: 'new', givenFor: 'b' }), true)
    await keys.giveBack({ key: 'new', givenFor: 'b' })
    assert.equal(await keys.take({ key: 'new', givenFor: 'a' }), true, 'it was counted anew')
  })
}

function testGivenKeysOf(name: string, open: () => GivenKeys): void {
  describe(`given keys: ${name}`, () => {
    test('are for one thing, however many ask for it', async () => {
      const keys = open()
      assert.deepEqual(await Promise.all([keys.take(forA), keys.take(forB)]), [true, false])
      assert.equal(await keys.take(forA), true)
      assert.equal(await keys.take(forB), false)
      assert.equal(await keys.take({ ...forB, key: 'K' }), true, 'another key')
    })

    test('are free once all who asked for it had nothing of it', async () => {
      const keys = open()
      const [mine, yours] = [forA, forB].map((given) => ({ ...given, key: 'free' }))
      assert.ok(mine && yours)
      await keys.take(mine)
      await keys.take(mine)
      await keys.giveBack(yours)
      await keys.giveBack(mine)
      assert.equal(await keys.take(yours), false)
      for (let n = 0; n < 3; n++) await keys.giveBack(mine)
      assert.equal(await keys.take(yours), true)
      assert.equal(await keys.take(mine), false)
      await keys.giveBack(mine)
      assert.equal(await keys.take(mine), false, 'what is given back is no longer its own')
    })
  })
}
