// The high-water mark of a topic file, in a file of its own: how many bytes have been acknowledged.
// By it a torn tail (never acknowledged: cut off) differs from lost records (refused).
// Written after every sync, not synced itself: it may be behind after a power cut, never ahead.

import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'

const markBytes = 12

export type HighWaterMark = { acknowledge(bytes: number): void; close(): void }

/** Acknowledged bytes; 0 where nothing readable is there. */
export function readHighWaterMark(path: string): number {
  if (!existsSync(path)) return 0
  const stored = readFileSync(path)
  if (stored.length !== markBytes) return 0
  const intact = stored.readUInt32LE(8) === crc32(stored.subarray(0, 8))
  return intact ? stored.readDoubleLE(0) : 0
}

export function openHighWaterMark(path: string): HighWaterMark {
  const file = openSync(path, existsSync(path) ? 'r+' : 'w+')
  const buffer = Buffer.alloc(markBytes)
  return {
    acknowledge(bytes) {
      buffer.writeDoubleLE(bytes, 0)
      buffer.writeUInt32LE(crc32(buffer.subarray(0, 8)), 8)
      writeSync(file, buffer, 0, markBytes, 0)
    },
    close: () => closeSync(file),
  }
}
