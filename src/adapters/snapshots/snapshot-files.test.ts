import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  addThree,
  addTo,
  blocksOf,
  snapshotStoreContract,
  textsIn,
} from '../../../test/contracts/snapshot-store.ts'
import type { Random } from '../../../test/simulation/random.ts'
import { openSnapshotFiles } from './snapshot-files.ts'

async function openedFiles() {
  const parent = await mkdtemp(join(tmpdir(), 'firstcome-snapshots-'))
  const directory = join(parent, 'claims')
  const open = () => openSnapshotFiles(directory)
  return {
    parent,
    directory,
    open,
    damage: (random: Random) => damageOne(directory, random),
    async mix() {
      // Of the same number, and whole, but behind another first one.
      const other = join(parent, 'other')
      await addThree({ open: () => openSnapshotFiles(other) })
      const foreign = openSnapshotFiles(other)
      await addTo(foreign, blocksOf('A'), { anew: true })
      for (const text of ['B', 'C']) await addTo(foreign, blocksOf(text), { anew: false })
      await copyFile(join(other, '000006-more'), join(directory, '000003-more'))
    },
    close: () => rm(parent, { recursive: true }),
  }
}

async function damageOne(directory: string, random: Random): Promise<() => Promise<void>> {
  const names = (await readdir(directory)).toSorted()
  const path = join(directory, names[random.int(0, names.length - 1)] ?? '')
  const bytes = await readFile(path)
  const damages: (() => Promise<void>)[] = [
    () => {
      const damaged = Buffer.from(bytes)
      const bit = random.int(0, 8 * bytes.length - 1)
      damaged[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return writeFile(path, damaged)
    },
    () => truncate(path, random.int(0, bytes.length - 1)),
    () => writeFile(path, Buffer.concat([bytes, bytes.subarray(0, random.int(1, 40))])),
  ]
  await damages[random.int(0, 2)]?.()
  return () => writeFile(path, bytes)
}

snapshotStoreContract('files', openedFiles, 300)

describe('snapshots in files', () => {
  it('are the last one that was made anew, and what was added to it', async () => {
    const { parent, directory, open, close } = await openedFiles()
    await addThree({ open })
    const store = open()
    await textsIn(store)
    await copyFile(join(directory, '000002-more'), join(parent, 'kept'))
    await addTo(store, blocksOf('new'), { anew: true })
    assert.deepEqual(await readdir(directory), ['000004-base'])
    // What was before it, and is only not removed yet, is not looked at; nor is half of one.
    await copyFile(join(parent, 'kept'), join(directory, '000003-more'))
    await writeFile(join(directory, '000009-more.new'), 'half of it')
    assert.deepEqual(await textsIn(open()), ['new'])
    await close()
  })

  it('with a gap are none', async () => {
    const { parent, directory, open, close } = await openedFiles()
    const texts = await addThree({ open })
    const names = (await readdir(directory)).toSorted()
    for (const lost of names.slice(0, 2)) {
      await copyFile(join(directory, lost), join(parent, 'lost'))
      await rm(join(directory, lost))
      await assert.rejects(textsIn(open()), /has nothing before it|before .* is a gap/)
      await copyFile(join(parent, 'lost'), join(directory, lost))
    }
    assert.deepEqual(await textsIn(open()), texts)
    await close()
  })
})
