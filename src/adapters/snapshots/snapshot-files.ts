// Snapshots as files of a directory that one process has: one that was made anew (`000007-base`),
// and what was added to it since (`000008-more`, …). Each appears by a rename once it is synced.

import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SnapshotFault, type SnapshotStore } from '../../ports/snapshots.ts'
import { piecesOf, writeSnapshotFile } from './snapshot-file.ts'
import { readPart } from './snapshot-format.ts'

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
      const before = anew ? null : last
      last = await writeSnapshotFile(join(directory, name), added, { before })
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
