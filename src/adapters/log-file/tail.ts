// Follows one topic file from given offsets: first what is stored, then what is acknowledged
// later. It reads the file itself and checks every frame, so it works in the writer's thread, in
// another thread, or in another process that knows where the acknowledged bytes end.

import { type FileHandle, open } from 'node:fs/promises'
import type { Clock } from '../../ports/clock.ts'
import type { LogRecord, Tail, TailOptions } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { type FrameHeader, fileHeaderBytes, readRecords, takeFrames } from './format.ts'

/** One read: some ten thousand claims at once when catching up. */
const chunkBytes = 2 * 1024 * 1024

/** Where the acknowledged bytes end, and a way to wait for more. */
export type Growth = { bytes(): number; grown(beyond: number): Promise<void> }

export type TailParts = { path: string; growth: Growth; clock: Clock }

export function tailTopicFile({ path, growth, clock }: TailParts, options: TailOptions): Tail {
  const next = new Map(options.from)
  let position = fileHeaderBytes
  let lastReadAt = 0
  let closed = false
  const stopped = Promise.withResolvers<void>()

  async function follow(): Promise<void> {
    const file = await open(path, 'r')
    try {
      while (!closed) {
        if (position < growth.bytes()) await readChunk(file)
        else await Promise.race([growth.grown(position), stopped.promise])
      }
    } finally {
      await file.close()
    }
  }

  async function readChunk(file: FileHandle): Promise<void> {
    const batches = new Map<number, LogRecord[]>()
    const take = (header: FrameHeader, frame: Buffer): null => {
      const { partition, baseOffset, count } = header
      const from = next.get(partition)
      if (from === undefined || baseOffset + count <= from) return null
      const records = batches.get(partition) ?? []
      batches.set(partition, records)
      readRecords(frame, header, { from, records })
      next.set(partition, baseOffset + count)
      return null
    }
    position += await takeChunk(file, { path, position, limit: growth.bytes(), take })
    for (const [partition, records] of batches) {
      if (closed) return
      const handled = options.onBatch({ partition, records })
      if (handled !== undefined) await handled
    }
    lastReadAt = clock.monotonic()
  }

  const done = follow().catch((error: unknown) => options.onError(error))
  return {
    lastReadAt: () => (position >= growth.bytes() ? clock.monotonic() : lastReadAt),
    async close() {
      closed = true
      stopped.resolve()
      await done
    },
  }
}

/** Takes whole, checked frames from `position` on: at least one, else about a chunk of them. */
async function takeChunk(file: FileHandle, chunk: Chunk): Promise<number> {
  const { path, position, limit, take } = chunk
  for (let wanted = chunkBytes; ; ) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(wanted, limit - position))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
    const { length, needed, damage } = takeFrames(buffer.subarray(0, bytesRead), take)
    if (damage !== null) throw damaged(path, position + length)
    if (length > 0) return length
    if (position + needed > limit || needed <= wanted) throw damaged(path, position)
    wanted = needed
  }
}

type Chunk = {
  path: string
  position: number
  limit: number
  take(header: FrameHeader, frame: Buffer): null
}

function damaged(path: string, position: number): PortError {
  return new PortError('log_damaged', `${path} is damaged at byte ${position}`)
}
