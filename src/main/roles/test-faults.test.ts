import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { createFaults, faultWarning } from './test-faults.ts'

test('Without faults there are no hooks at all, and nothing to warn of.', () => {
  const none = { crashPoint: undefined, failSync: undefined, snapshotEveryRecords: undefined }
  assert.deepEqual(createFaults([]), none)
  assert.equal(faultWarning([]), null)
})

test('Only the hooks that were asked for are there.', () => {
  assert.equal(createFaults([{ kind: 'sync', attempt: 1 }]).crashPoint, undefined)
  assert.equal(createFaults([{ kind: 'crash', point: 'K7', passing: 1 }]).failSync, undefined)
  const { snapshotEveryRecords, ...others } = createFaults([{ kind: 'snapshots', everyRecords: 9 }])
  assert.equal(snapshotEveryRecords, 9)
  assert.deepEqual(others, { crashPoint: undefined, failSync: undefined })
})

test('A crash point kills at its nth passing; the passings of others do not count.', () => {
  let deaths = 0
  const { crashPoint } = createFaults([{ kind: 'crash', point: 'K7', passing: 3 }], () => {
    deaths += 1
  })
  const deathsAfter = ['K7', 'K8', 'K8', 'K8', 'K7', 'K7', 'K7'].map((point) => {
    crashPoint?.(point)
    return deaths
  })
  assert.deepEqual(deathsAfter, [0, 0, 0, 0, 0, 1, 1])
})

test('The syncs that were named fail, and no other.', () => {
  const { failSync } = createFaults([
    { kind: 'sync', attempt: 2 },
    { kind: 'sync', attempt: 4 },
  ])
  const failed = Array.from({ length: 5 }, () => failSync?.())
  assert.deepEqual(failed, [false, true, false, true, false])
})

test('The warning names every fault.', () => {
  const warning = faultWarning([
    { kind: 'crash', point: 'K7', passing: 3 },
    { kind: 'sync', attempt: 5 },
  ])
  assert.match(warning ?? '', /on purpose \(killed at K7, passing 3; sync 5 of the log fails\)$/)
})

const faults = join(import.meta.dirname, 'test-faults.ts')
const program = `
  import { createFaults } from ${JSON.stringify(faults)}
  const { crashPoint } = createFaults([{ kind: 'crash', point: 'K7', passing: 2 }])
  crashPoint('K7')
  process.stdout.write('one')
  crashPoint('K7')
  process.stdout.write('two')
`

test('The death is a kill that nothing can catch, before the next instruction.', () => {
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', program])
  assert.equal(run.signal, 'SIGKILL', String(run.stderr))
  assert.equal(String(run.stdout), 'one')
})

test('It works in a worker thread too.', () => {
  const text = JSON.stringify(`data:text/javascript,${encodeURIComponent(inWorker())}`)
  const start = `new (require('node:worker_threads').Worker)(new URL(${text}))`
  const run = spawnSync(process.execPath, ['--eval', start])
  assert.equal(run.signal, 'SIGKILL', String(run.stderr))
})

function inWorker(): string {
  return program.replace(JSON.stringify(faults), JSON.stringify(`file://${faults}`))
}
