// Follows one topic file from given offsets: first what is stored, then what is acknowledged
// later. It reads the file itself and checks every frame, so it works in the writer's thread, in
// another thread, or in another process that knows where the acknowledged bytes end.

import { type FileHandle, open } from 'node:fs/promises'
import type { Clock } from '../../ports/clock.ts'
import { type LogRecord, PortError, type Tail, type TailOptions } from '../../ports/coupons.ts'
import { decodeFrame, type FrameHeader, fileHeaderBytes, readRecords } from './format.ts'

/** One read: some ten thousand claims at once when catching up. */
const chunkBytes = 2 * 1024 * 1024

/** Where the acknowledged bytes end, and a way to wait for more. */
export type Growth = { bytes(): number; grown(beyond: number): Promise<void> }

export type TailParts = { path: string; growth: Growth; clock: Clock }

export function tailTopicFile(parts: TailParts, options: TailOptions): Tail {
  const next = new Map(options.from)
  let position = fileHeaderBytes
  let lastReadAt = 0
  let closed = false
  let stopWaiting = () => {}
  const stopped = new Promise<void>((resolve) => {
    stopWaiting = resolve
  })

  async function follow(): Promise<void> {
    const file = await open(parts.path, 'r')
    try {
      while (!closed) {
        if (position < parts.growth.bytes()) await readChunk(file)
        else await Promise.race([parts.growth.grown(position), stopped])
      }
    } finally {
      await file.close()
    }
  }

  async function readChunk(file: FileHandle): Promise<void> {
    const chunk = await readFrames(file, {
      position,
      limit: parts.growth.bytes(),
      path: parts.path,
    })
    const batches = new Map<number, LogRecord[]>()
    for (const { header, bytes } of chunk.frames) {
      const { partition, baseOffset, count } = header
      const from = next.get(partition)
      if (from === undefined || baseOffset + count <= from) continue
      const records = batches.get(partition) ?? []
      batches.set(partition, records)
      readRecords(bytes, header, { from, records })
      next.set(partition, baseOffset + count)
    }
    position += chunk.length
    for (const [partition, records] of batches) {
      if (closed) return
      const handled = options.onBatch({ partition, records })
      if (handled !== undefined) await handled
    }
    lastReadAt = parts.clock.now()
  }

  const done = follow().catch((error: unknown) => options.onError(error))
  return {
    lastReadAt: () => (position >= parts.growth.bytes() ? parts.clock.now() : lastReadAt),
    async close() {
      closed = true
      stopWaiting()
      await done
    },
  }
}

type Reading = { position: number; limit: number; path: string }

type Frame = { header: FrameHeader; bytes: Buffer }
type Chunk = { frames: Frame[]; length: number }

/** Whole, checked frames from `position` on: at least one, else about a chunk of them. */
async function readFrames(file: FileHandle, reading: Reading): Promise<Chunk> {
  const { position, limit, path } = reading
  for (let wanted = chunkBytes; ; ) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(wanted, limit - position))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
    const { frames, length, needed } = takeFrames(buffer.subarray(0, bytesRead), reading)
    if (length > 0) return { frames, length }
    if (position + needed > limit || needed <= wanted) throw damaged(path, position)
    wanted = needed
  }
}

/** The whole frames that the buffer starts with, and how many bytes the next one needs. */
function takeFrames(buffer: Buffer, { path, position }: Reading): Chunk & { needed: number } {
  const frames: Frame[] = []
  let length = 0
  while (length < buffer.length) {
    const decoded = decodeFrame(buffer, length)
    if (decoded.kind === 'damaged') throw damaged(path, position + length)
    if (decoded.kind === 'incomplete') return { frames, length, needed: decoded.bytes }
    const { header } = decoded
    frames.push({ header, bytes: buffer.subarray(length, length + header.bytes) })
    length += header.bytes
  }
  return { frames, length, needed: 0 }
}

function damaged(path: string, position: number): PortError {
  return new PortError('log_damaged', `${path} is damaged at byte ${position}`)
}
