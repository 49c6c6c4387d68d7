// One file of a snapshot: there as a whole or not at all, for it appears by a rename once it is
// synced.

import { rmSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from '../file-atomic.ts'
import { writePart } from './snapshot-format.ts'

const readBytes = 4 * 1024 * 1024

/** `fresh`: what it is called until then; absent: as it will be, with `.new`. */
export type WritingFile = { before: Buffer | null; fresh?: string }

/** Resolves to its digest. */
export async function writeSnapshotFile(
  path: string,
  blocks: Iterable<Buffer>,
  { before, fresh = `${path}.new` }: WritingFile,
): Promise<Buffer> {
  try {
    const digest = await writeSynced(fresh, blocks, before)
    await rename(fresh, path)
    syncDirectory(dirname(path))
    return digest
  } catch (error) {
    rmSync(fresh, { force: true })
    throw error
  }
}

async function writeSynced(
  path: string,
  blocks: Iterable<Buffer>,
  before: Buffer | null,
): Promise<Buffer> {
  const file = await open(path, 'w', 0o600)
  try {
    const digest = await writePart(blocks, { before, write: (piece) => file.appendFile(piece) })
    await file.sync()
    return digest
  } finally {
    await file.close()
  }
}

export async function* piecesOf(path: string): AsyncIterable<Buffer> {
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
