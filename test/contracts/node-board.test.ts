// The reports of API nodes, and what the console asks of the rows, in SQL.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Database } from '../../src/adapters/database/database.ts'
import { migrate } from '../../src/adapters/database/migrations.ts'
import { createConsoleReaderSql } from '../../src/adapters/stores/console-reader.ts'
import { createNodeBoardSql } from '../../src/adapters/stores/node-board.ts'
import type { NodeReport } from '../../src/ports/console-figures.ts'
import { openPgliteCopy } from './pglite-copies.ts'

const reportOf = (issued: number): NodeReport => ({
  claims: { issued },
  latency: [[3, issued]],
  tooMany: 0,
  unavailable: 0,
  isReady: true,
})

describe('the reports of nodes', () => {
  let database: Database
  before(async () => {
    database = await openPgliteCopy()
    await migrate(database)
  })
  after(() => database.close())

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
