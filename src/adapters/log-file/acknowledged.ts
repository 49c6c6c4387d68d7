// A second file beside each topic file that says how many of its bytes have been acknowledged.
// It is what tells a torn tail (never acknowledged: cut off) from lost records (refused).
// Written after every sync, not synced itself: it may be behind after a power cut, never ahead.

import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'

const witnessBytes = 12

export type Witness = { acknowledge(bytes: number): void; close(): void }

/** Acknowledged bytes; 0 where nothing readable is there. */
export function readWitness(path: string): number {
  if (!existsSync(path)) return 0
  const stored = readFileSync(path)
  if (stored.length !== witnessBytes) return 0
  const intact = stored.readUInt32LE(8) === crc32(stored.subarray(0, 8))
  return intact ? stored.readDoubleLE(0) : 0
}

export function openWitness(path: string): Witness {
  const file = openSync(path, existsSync(path) ? 'r+' : 'w+')
  const buffer = Buffer.alloc(witnessBytes)
  return {
    acknowledge(bytes) {
      buffer.writeDoubleLE(bytes, 0)
      buffer.writeUInt32LE(crc32(buffer.subarray(0, 8)), 8)
      writeSync(file, buffer, 0, witnessBytes, 0)
    },
    close: () => closeSync(file),
  }
}
