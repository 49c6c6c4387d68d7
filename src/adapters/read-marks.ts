// How far the rows of an embedded service may have read its log, in small files among the rows:
// noted before a batch is handled, so never behind what is stored. By them a start knows within
// milliseconds, before the database is up, whether the log is the one that the rows were made from.
// Written and not synced, as the rows are; where the disk has no room for one, its batch waits.

import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { recordFingerprint } from '../domain/fingerprint.ts'
import { type Clock, sleep } from '../ports/clock.ts'
import type { Log, LogBatch } from '../ports/log.ts'
import type { ReadPlace } from '../ports/log-check.ts'
import { isNoRoom } from './disk-room.ts'

/** One for each partition; a whole one is within a page, so a kill never leaves half of it. */
const markBytes = 64
const fingerprintAt = 8
const checksumAt = 60
const lookForRoomEveryMs = 500

export type ReadMarks = {
  /** The same log; what is read of it is noted first. */
  noting(log: Log): Log
  close(): void
}
type Topics = Readonly<Record<string, number>>
type Waiting = {
  clock: Clock
  /** The disk is full, and nothing more is read until it has room. */
  onWaiting(text: string): void
  /** Another one in tests. */
  write?(file: number, mark: Buffer, at: number): void
}
const reader = 'this service'

export function openReadMarks(directory: string, topics: Topics, waiting: Waiting): ReadMarks {
  const { clock, onWaiting, write = writeMark } = waiting
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const files = new Map(Object.keys(topics).map((topic) => [topic, openFile(directory, topic)]))
  const furthest = new Map(readReadMarks(directory, topics).map((at) => [nameOf(at), at.next]))

  /** Whether it is noted: there was room for it. */
  function note(topic: string, { partition, records }: LogBatch): boolean {
    const file = files.get(topic)
    const last = records.at(-1)
    const name = nameOf({ topic, partition })
    if (file === undefined || last === undefined) return true
    const next = last.offset + 1
    if (next <= (furthest.get(name) ?? 0)) return true
    const mark = { reader, topic, partition, next, fingerprint: recordFingerprint(last) }
    try {
      write(file, encodeMark(mark), partition * markBytes)
    } catch (error) {
      if (isNoRoom(error)) return false
      throw error
    }
    furthest.set(name, next)
    return true
  }

  return {
    noting: (log) => ({
      ...log,
      tail: ({ onBatch, ...options }) => {
        const { topic } = options
        const closing = new AbortController()
        async function onceNoted(batch: LogBatch): Promise<void> {
          onWaiting('no room is left on the disk: its rows wait')
          while (!note(topic, batch)) {
            await sleep(clock, lookForRoomEveryMs, closing.signal)
            // It comes again with the next start.
            if (closing.signal.aborted) return
          }
          await onBatch(batch)
        }
        const tail = log.tail({
          ...options,
          onBatch: (batch) => (note(topic, batch) ? onBatch(batch) : onceNoted(batch)),
        })
        return {
          ...tail,
          close() {
            closing.abort()
            return tail.close()
          },
        }
      },
    }),
    close() {
      for (const file of files.values()) closeSync(file)
    },
  }
}

/** Without those that are not readable. */
export function readReadMarks(directory: string, topics: Topics): ReadPlace[] {
  return Object.entries(topics).flatMap(([topic, partitions]) => {
    const path = join(directory, topic)
    if (!existsSync(path)) return []
    const bytes = readFileSync(path)
    return Array.from({ length: partitions }, (_, partition) => {
      const mark = bytes.subarray(partition * markBytes, (partition + 1) * markBytes)
      return decodeMark(mark, { topic, partition }) ?? []
    }).flat()
  })
}

function openFile(directory: string, topic: string): number {
  const path = join(directory, topic)
  return openSync(path, existsSync(path) ? 'r+' : 'w+', 0o600)
}

function writeMark(file: number, mark: Buffer, at: number): void {
  writeSync(file, mark, 0, markBytes, at)
}

function nameOf({ topic, partition }: Pick<ReadPlace, 'topic' | 'partition'>): string {
  return `${topic} ${partition}`
}

function encodeMark({ next, fingerprint }: ReadPlace): Buffer {
  const mark = Buffer.alloc(markBytes)
  mark.writeDoubleLE(next, 0)
  mark.write(fingerprint ?? '', fingerprintAt, 'latin1')
  mark.writeUInt32LE(crc32(mark.subarray(0, checksumAt)), checksumAt)
  return mark
}

function decodeMark(mark: Buffer, of: Pick<ReadPlace, 'topic' | 'partition'>): ReadPlace | null {
  if (mark.length < markBytes) return null
  if (mark.readUInt32LE(checksumAt) !== crc32(mark.subarray(0, checksumAt))) return null
  const end = mark.indexOf(0, fingerprintAt)
  const fingerprint = mark.toString('latin1', fingerprintAt, end)
  return { reader, ...of, next: mark.readDoubleLE(0), fingerprint }
}
