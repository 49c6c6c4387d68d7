// A file for what does not fit in memory, in the directory for temporary files. It is made with the
// first write and has no name from then on, so whatever ends the process takes it along.

import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf, PortError } from '../ports/port-error.ts'
import type { Scratch } from '../ports/scratch.ts'

/** `directory`: absent, the one that the system has for temporary files (`TMPDIR`). */
export function createScratchFile(directory = tmpdir()): Scratch {
  let opened: Promise<FileHandle> | null = null
  let end = 0
  return {
    async write(bytes) {
      const position = end
      end += bytes.length
      try {
        opened ??= openUnnamed(directory)
        const file = await opened
        for (let at = 0; at < bytes.length; ) {
          const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at)
          at += bytesWritten
        }
      } catch (cause) {
        const reason = `${directory} takes no temporary file: ${messageOf(cause)}`
        const wayOut = 'name another directory by TMPDIR'
        throw new PortError('store_unavailable', `${reason}; ${wayOut}`, { cause })
      }
      return position
    },
    async read(position, length) {
      const file = await opened
      const bytes = Buffer.allocUnsafe(length)
      for (let at = 0; at < length; ) {
        const found = await file?.read(bytes, at, length - at, position + at)
        if (!found?.bytesRead) throw new Error(`nothing was written at ${position + at}`)
        at += found.bytesRead
      }
      return bytes
    },
    async close() {
      const file = await opened?.catch(() => null)
      await file?.close()
    },
  }
}

async function openUnnamed(directory: string): Promise<FileHandle> {
  const folder = await mkdtemp(join(directory, 'firstcome-'))
  try {
    return await open(join(folder, 'scratch'), 'wx+', 0o600)
  } finally {
    await rm(folder, { recursive: true })
  }
}
