// Where nodes tell each other of runs: one of a kind at a time, its end asked for by any of them,
// and the last one kept.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Database } from '../../src/adapters/database/database.ts'
import { migrate } from '../../src/adapters/database/migrations.ts'
import { createRunBoardMemory } from '../../src/adapters/memory/run-board.ts'
import { createRunBoardSql } from '../../src/adapters/stores/nodes/run-board.ts'
import type { Run, RunBoard, RunKind } from '../../src/ports/console-runs.ts'
import { openPgliteCopy } from './pglite-copies.ts'

let database: Database
before(async () => {
  database = await openPgliteCopy()
  await migrate(database)
})
after(() => database.close())

function runOf(runId: string, kind: RunKind): Run {
  const sizes = { users: 3 }
  return {
    runId,
    kind,
    by: '운영자',
    sizes,
    startedAt: 7,
    endedAt: null,
    progress: null,
    end: null,
  }
}

const boards: Readonly<Record<string, () => RunBoard>> = {
  memory: createRunBoardMemory,
  SQL: () => createRunBoardSql(database),
}
for (const [name, open] of Object.entries(boards)) {
  describe(`the board of runs: ${name}`, () => {
    test('has one run of a kind at a time, and keeps the last one', async () => {
      const board = open()
      const [one, other] = [runOf('one', 'rehearsal'), runOf('other', 'rehearsal')]
      assert.deepEqual(await board.known('rehearsal'), { running: null, last: null })
      assert.equal(await board.begin(one), true)
      assert.equal(await board.begin(other), false)
      assert.equal(await board.begin(runOf('audit', 'audit')), true)
      const further = { ...one, progress: { step: 'Asking', part: 0.5 } }
      assert.equal(await board.goesOn(further), false)
      assert.deepEqual(await board.known('rehearsal'), { running: further, last: null })
      assert.equal(await board.report('rehearsal'), null)
      const ended: Run = { ...one, endedAt: 9, end: { verdict: 'kept', promises: [] } }
      await board.end(ended, 'the report')
      assert.deepEqual(await board.known('rehearsal'), { running: null, last: ended })
      assert.equal(await board.report('rehearsal'), 'the report')
      assert.equal(await board.begin(other), true)
      assert.deepEqual(await board.known('rehearsal'), { running: other, last: ended })
      await board.end({ ...other, endedAt: 11 }, '')
      await board.end({ ...runOf('audit', 'audit'), endedAt: 11 }, '')
    })

    test('tells whoever runs it that somebody asked for its end', async () => {
      const board = open()
      const run = runOf('run', 'audit')
      assert.equal(await board.askForEnd('audit'), false)
      await board.begin(run)
      assert.equal(await board.askForEnd('audit'), true)
      assert.equal(await board.goesOn(run), true)
      await board.end(run, '')
      await board.begin({ ...run, runId: 'next' })
      assert.equal(await board.goesOn({ ...run, runId: 'next' }), false)
    })
  })
}

test('a run whose node is gone is not under way, and its word counts no more', async () => {
  const board = createRunBoardSql(database)
  await database.script('delete from nodes.runs')
  const dead = runOf('dead', 'rehearsal')
  await board.begin(dead)
  await database.script("update nodes.runs set beat_at = now() - interval '11 seconds'")
  const { running, last } = await board.known('rehearsal')
  assert.deepEqual([running, last?.runId, last?.end?.verdict], [null, 'dead', 'failed'])
  assert.equal(last?.end?.reason, 'the node that ran it is gone')
  assert.ok(Date.now() - (last.endedAt ?? 0) > 10_000)
  assert.match((await board.report('rehearsal')) ?? '', /is gone/)
  assert.equal(await board.askForEnd('rehearsal'), false)
  const next = runOf('next', 'rehearsal')
  assert.equal(await board.begin(next), true)
  assert.equal(await board.goesOn(dead), true)
  await board.end(dead, 'too late')
  assert.deepEqual(await board.known('rehearsal'), { running: next, last: null })
})
