// What an audit keeps for the next one, as one file that is the auditor's own: best where nobody
// else can write.

import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
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
      await writeSnapshotFile(path, blocks, { before: null, fresh })
    },
  }
}
