import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { seededRandom } from '../../test/simulation/random.ts'
import { openSnapshotFiles } from './snapshot-files.ts'

const blocks = (...texts: string[]) => texts.map((text) => Buffer.from(text))

describe('snapshots in files', () => {
  let parent: string
  let directory: string
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'firstcome-snapshots-'))
    directory = join(parent, 'claims')
  })
  afterEach(() => rm(parent, { recursive: true }))

  async function textsIn(path = directory): Promise<string[]> {
    const all = await Array.fromAsync(openSnapshotFiles(path).blocks())
    return all.flat().map(String)
  }

  async function withThree(): Promise<string[]> {
    const store = openSnapshotFiles(directory)
    await store.add(blocks('a', '', 'b'), { anew: true })
    await store.add(blocks('c'.repeat(100_000), 'd'), { anew: false })
    // As after a start, which has read what there is.
    const next = openSnapshotFiles(directory)
    await Array.fromAsync(next.blocks())
    await next.add(blocks('e'), { anew: false })
    assert.equal(next.count(), 3)
    return ['a', '', 'b', 'c'.repeat(100_000), 'd', 'e']
  }

  it('gives back what was added, block by block, however large', async () => {
    assert.deepEqual(await textsIn(), [])
    assert.equal(openSnapshotFiles(directory).count(), 0)
    const texts = await withThree()
    assert.deepEqual(await textsIn(), texts)
    const large = Buffer.alloc(9 * 1024 * 1024, 'x')
    const store = openSnapshotFiles(directory)
    await store.add([large, Buffer.from('z')], { anew: true })
    const [first, second] = (await Array.fromAsync(store.blocks())).flat()
    assert.ok(first?.equals(large))
    assert.equal(String(second), 'z')
    assert.deepEqual(await readdir(directory), ['000004-base'])
  })

  it('keeps what there was until the new one is whole, and goes on behind that', async () => {
    const texts = await withThree()
    const store = openSnapshotFiles(directory)
    await Array.fromAsync(store.blocks())
    function* failing() {
      yield* blocks('x'.repeat(200_000))
      throw new Error('given up')
    }
    for (const anew of [true, false])
      await assert.rejects(store.add(failing(), { anew }), /given up/)
    assert.deepEqual(await textsIn(), texts)
    // What was before one that was made anew, and is only not removed yet, is not looked at.
    await copyFile(join(directory, '000002-more'), join(parent, 'kept'))
    await store.add(blocks('new'), { anew: true })
    await copyFile(join(parent, 'kept'), join(directory, '000003-more'))
    await writeFile(join(directory, '000009-more.new'), 'half of it')
    assert.deepEqual(await textsIn(), ['new'])
    await store.add(blocks('newer'), { anew: false })
    assert.deepEqual(await textsIn(), ['new', 'newer'])
  })

  it('gives nothing as whole that was damaged, cut, lost or put beside another', async () => {
    const texts = await withThree()
    const names = (await readdir(directory)).toSorted()
    const random = seededRandom(11)
    const damages: ((path: string, bytes: Buffer) => Promise<void>)[] = [
      async (path, bytes) => {
        const bit = random.int(0, 8 * bytes.length - 1)
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        await writeFile(path, bytes)
      },
      (path, bytes) => truncate(path, random.int(0, bytes.length - 1)),
      (path, bytes) =>
        writeFile(path, Buffer.concat([bytes, bytes.subarray(0, random.int(1, 40))])),
    ]
    for (let n = 0; n < 300; n++) {
      const path = join(directory, names[n % 3] ?? '')
      const bytes = await readFile(path)
      await damages[random.int(0, 2)]?.(path, Buffer.from(bytes))
      await assert.rejects(textsIn(), { name: 'Error' }, `round ${n}`)
      await writeFile(path, bytes)
    }
    for (const lost of names.slice(0, 2)) {
      await copyFile(join(directory, lost), join(parent, 'lost'))
      await rm(join(directory, lost))
      await assert.rejects(textsIn(), /has nothing before it|before .* is a gap/)
      await copyFile(join(parent, 'lost'), join(directory, lost))
    }
    assert.deepEqual(await textsIn(), texts)
    // Of the same number, and whole, but behind another first one.
    const other = join(parent, 'other')
    const foreign = openSnapshotFiles(other)
    await foreign.add(blocks('A'), { anew: true })
    await foreign.add(blocks('B'), { anew: false })
    await copyFile(join(other, '000002-more'), join(directory, '000002-more'))
    await assert.rejects(textsIn(), /is damaged/)
  })

  it('adds to nothing that it has not read', async () => {
    await withThree()
    const store = openSnapshotFiles(directory)
    await assert.rejects(store.add(blocks('x'), { anew: false }), /nothing to add to/)
  })
})
