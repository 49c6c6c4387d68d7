// What an audit keeps for the next one, as one file that is the auditor's own: best where nobody
// else can write.

import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { SnapshotStore } from '../../ports/snapshots.ts'
import { piecesOf, writeSnapshotFile } from './snapshot-file.ts'
import { readPart } from './snapshot-format.ts'

export function openAuditedFile(path: string): Pick<SnapshotStore, 'blocks' | 'add'> {
  return {
    async *blocks() {
      if (existsSync(path)) yield* readPart(piecesOf(path), { before: null, name: path })
    },
    async add(blocks) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      // Two audits at a time do not write into each other's.
      const fresh = `${path}.${process.pid}.new`
      removeLeft(path)
      await writeSnapshotFile(path, blocks, { before: null, fresh })
    },
  }
}

/** What processes that were ended in the middle of it have left. */
function removeLeft(path: string): void {
  for (const name of readdirSync(dirname(path))) {
    const [, pid] = /\.(\d+)\.new$/.exec(name) ?? []
    if (pid === undefined || name !== `${basename(path)}.${pid}.new` || isAlive(Number(pid)))
      continue
    rmSync(join(dirname(path), name), { force: true })
  }
}

/** Also one that belongs to somebody else (EPERM). */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
