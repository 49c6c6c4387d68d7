import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { SnapshotFault } from '../../ports/snapshots.ts'
import { openAuditedFile } from './audited-file.ts'

let directory: string
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'firstcome-audited-'))
})
after(() => rmSync(directory, { recursive: true, force: true }))

const blocks = ['first', 'second', '', 'fourth'].map((text) => Buffer.from(text))

async function fileWith(name: string, added: readonly Buffer[]): Promise<string> {
  const path = join(directory, name, 'audited', 'claims')
  await openAuditedFile(path).add(added, { anew: true })
  return path
}

async function textsIn(path: string): Promise<string[]> {
  const found = (await Array.fromAsync(openAuditedFile(path).blocks())).flat()
  return found.map((block) => block.toString())
}

test('nothing is kept where there is no file', async () => {
  assert.deepEqual(await textsIn(join(directory, 'none')), [])
})

test('what was kept last is there as a whole, for its owner alone', async () => {
  const path = await fileWith('last', [Buffer.from('older')])
  await openAuditedFile(path).add(blocks, { anew: true })
  assert.deepEqual(await textsIn(path), ['first', 'second', '', 'fourth'])
  assert.deepEqual(readdirSync(join(path, '..')), ['claims'])
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('what could not be written leaves what was there', async () => {
  const path = await fileWith('failing', blocks)
  const failing = (function* () {
    yield Buffer.alloc(100_000)
    throw new Error('no room')
  })()
  await assert.rejects(openAuditedFile(path).add(failing, { anew: true }), /no room/)
  assert.deepEqual(await textsIn(path), ['first', 'second', '', 'fourth'])
  assert.deepEqual(readdirSync(join(path, '..')), ['claims'])
})

test('what a process that was ended has left is taken away, and that of one that lives is not', async () => {
  const path = await fileWith('left', [])
  const { pid } = spawnSync(process.execPath, ['--version'])
  for (const name of [`claims.${pid}.new`, `claims.${process.ppid}.new`, `other.${pid}.new`]) {
    writeFileSync(join(path, '..', name), 'half')
  }
  await openAuditedFile(path).add(blocks, { anew: true })
  const names = ['claims', `claims.${process.ppid}.new`, `other.${pid}.new`]
  assert.deepEqual(readdirSync(join(path, '..')).sort(), names)
})

test('nothing is left of what could not take its place', async () => {
  const path = join(directory, 'taken')
  mkdirSync(join(path, 'claims'), { recursive: true })
  await assert.rejects(openAuditedFile(path).add(blocks, { anew: true }), /taken/)
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.startsWith('taken')),
    ['taken'],
  )
})

const damages: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  'nothing in it': () => Buffer.alloc(0),
  'another beginning': (bytes) => Buffer.concat([Buffer.from('x'), bytes.subarray(1)]),
  'an end before its own': (bytes) => bytes.subarray(0, -1),
  'no digest': (bytes) => bytes.subarray(0, -32),
  'half of it': (bytes) => bytes.subarray(0, bytes.length >> 1),
  'more behind it': (bytes) => Buffer.concat([bytes, Buffer.from('x')]),
  'itself once more behind it': (bytes) => Buffer.concat([bytes, bytes]),
}

describe('a file is not believed that has', () => {
  for (const [what, damage] of Object.entries(damages)) {
    test(what, async () => {
      const path = await fileWith(what.replaceAll(' ', '-'), blocks)
      writeFileSync(path, damage(readFileSync(path)))
      await assert.rejects(textsIn(path), SnapshotFault)
    })
  }

  test('any one bit changed', async () => {
    const path = await fileWith('bit', blocks)
    const whole = readFileSync(path)
    for (let at = 0; at < whole.length; at++) {
      const bytes = Buffer.from(whole)
      bytes.writeUInt8((bytes[at] ?? 0) ^ (1 << (at % 8)), at)
      writeFileSync(path, bytes)
      await assert.rejects(textsIn(path), SnapshotFault, `byte ${at}`)
    }
  })
})
