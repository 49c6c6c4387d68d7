// Snapshots as files of a directory that one process has: one that was made anew (`000007-base`),
// and what was added to it since (`000008-more`, …). Each appears by a rename once it is synced.

import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SnapshotFault, type SnapshotStore } from '../../ports/snapshots.ts'
import { syncDirectory } from '../file-atomic.ts'
import { readPart, writePart } from './snapshot-format.ts'

const readBytes = 4 * 1024 * 1024

type SnapshotFile = { number: number; isBase: boolean; path: string }

export function openSnapshotFiles(directory: string): SnapshotStore {
  mkdirSync(dirname(directory), { recursive: true, mode: 0o700 })
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  /** Of the last file that was read or written. */
  let last: Buffer | null = null

  async function* blocks(): AsyncIterable<readonly Buffer[]> {
    const files = filesOf(directory)
    last = null
    for (const [n, { isBase, path, number }] of files.entries()) {
      if (isBase !== (n === 0)) throw new SnapshotFault(`${path} has nothing before it`)
      if (number !== (files[0]?.number ?? 0) + n) throw new SnapshotFault(`before ${path} is a gap`)
      last = yield* readPart(piecesOf(path), { before: last, name: path })
    }
  }

  return {
    blocks,
    count: () => filesOf(directory).length,
    turn: async () => (last === null ? 'anew' : 'behind'),
    async add(added, { anew }) {
      const number = (allFiles(directory).at(-1)?.number ?? 0) + 1
      const name = `${String(number).padStart(6, '0')}-${anew ? 'base' : 'more'}`
      if (!anew && last === null) throw new SnapshotFault('there is nothing to add to')
      last = await writeFile(join(directory, name), added, anew ? null : last)
      for (const old of anew ? allFiles(directory) : []) {
        if (old.number < number) rmSync(old.path)
      }
    },
  }
}

/** From the last one that was made anew; those before it are only not removed yet. */
function filesOf(directory: string): SnapshotFile[] {
  const all = allFiles(directory)
  return all.slice(
    Math.max(
      0,
      all.findLastIndex(({ isBase }) => isBase),
    ),
  )
}

function allFiles(directory: string): SnapshotFile[] {
  const found = readdirSync(directory).flatMap((name) => {
    const [, number, kind] = /^(\d{6,12})-(base|more)$/.exec(name) ?? []
    if (number === undefined) return []
    return { number: Number(number), isBase: kind === 'base', path: join(directory, name) }
  })
  return found.toSorted((a, b) => a.number - b.number)
}

/** Resolves to its digest. */
async function writeFile(
  path: string,
  blocks: Iterable<Buffer>,
  before: Buffer | null,
): Promise<Buffer> {
  const fresh = `${path}.new`
  const file = await open(fresh, 'w', 0o600)
  let digest: Buffer
  try {
    digest = await writePart(blocks, { before, write: (piece) => file.appendFile(piece) })
    await file.sync()
  } catch (error) {
    rmSync(fresh, { force: true })
    throw error
  } finally {
    await file.close()
  }
  await rename(fresh, path)
  syncDirectory(dirname(path))
  return digest
}

async function* piecesOf(path: string): AsyncIterable<Buffer> {
  const file = await open(path, 'r')
  try {
    for (;;) {
      const piece = Buffer.allocUnsafeSlow(readBytes)
      const { bytesRead } = await file.read(piece, 0, readBytes)
      if (bytesRead === 0) return
      yield piece.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}
