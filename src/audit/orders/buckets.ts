// What is to be looked at together, key by key, though it comes in another order and there is more
// of it than fits in memory: it is gathered into buckets by the hash of the key. Whenever much has
// come it is put aside, sorted by bucket. Read back are a few buckets at a time, so memory depends
// on how much is gathered and how large a group is, not on how much there is.

import type { Scratch } from '../../ports/scratch.ts'

/** A row is as of no place; a record's origin is given back as it came. */
export type Place = { partition: number; offset: number; appendedAt: number }
export type Entry<Kind> = Place & {
  kind: Kind
  /** What was added: all of the content from `start` to `end`. */
  content: Buffer
  start: number
  end: number
}
export type Buckets<Kind> = {
  add(key: string, kind: Kind, content: { bytes: string | Uint8Array; place?: Place }): void
  /** Puts aside what is in memory, where that is much: to be called after some megabytes. */
  settle(): Promise<void>
  /**
   * Of each its entries (`entriesIn`). All of a key are in one, in the order in which they were
   * added.
   */
  groups(): AsyncGenerator<Buffer<ArrayBuffer>>
}
export type BucketLimits = {
  buckets: number
  /** How much is gathered before it is put aside. */
  gatheredBytesMax: number
  /** How much is read back at once; this and the next: more only where a single bucket has more. */
  readBytesMax: number
  /** How much of that makes a group. */
  groupBytesMax: number
}

/**
 * With what one batch or page may bring, 8 MB are gathered. What is made of a group takes some ten
 * times its bytes, and is gone with the next one.
 */
const usualLimits: BucketLimits = {
  buckets: 8_192,
  gatheredBytesMax: 6 * 1024 * 1024,
  readBytesMax: 4 * 1024 * 1024,
  groupBytesMax: 256 * 1024,
}
const firstArenaBytes = 64 * 1024
const nowhere: Place = { partition: 0, offset: 0, appendedAt: 0 }

/** `scratch`: null, all stays in memory. */
export function createBuckets<Kind extends string>(
  kinds: readonly Kind[],
  scratch: Scratch | null,
  limits: BucketLimits = usualLimits,
): Buckets<Kind> {
  const { buckets, gatheredBytesMax } = limits
  const runs: Run[] = []
  let arena = Buffer.allocUnsafe(firstArenaBytes)
  let used = 0
  let sorted = Buffer.allocUnsafe(0)
  let puttingAside = Promise.resolve()

  /** `to`: null, it stays in memory. */
  async function putAside(to: Scratch | null): Promise<void> {
    if (used === 0) return
    if (to === null || sorted.length < used) {
      sorted = Buffer.allocUnsafe(to === null ? used : arena.length)
    }
    const bytes = sorted.subarray(0, used)
    const starts = sortByBucket(arena.subarray(0, used), bytes, buckets)
    used = 0
    if (to === null) runs.push({ starts, read: async (from, end) => bytes.subarray(from, end) })
    else {
      const position = await to.write(bytes)
      runs.push({ starts, read: (from, end) => to.read(position + from, end - from) })
    }
  }

  return {
    add(key, kind, { bytes, place = nowhere }) {
      const length = typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length
      const end = used + headerBytes + length
      if (end > arena.length) arena = grown(arena, used, end)
      arena.writeUInt32LE(length, used)
      arena.writeUInt16LE(bucketOf(key, buckets), used + 4)
      arena.writeUInt8(kinds.indexOf(kind), used + 6)
      arena.writeUInt32LE(place.partition, used + 7)
      arena.writeDoubleLE(place.offset, used + 11)
      arena.writeDoubleLE(place.appendedAt, used + 19)
      if (typeof bytes === 'string') arena.write(bytes, used + headerBytes)
      else arena.set(bytes, used + headerBytes)
      used = end
    },
    async settle() {
      if (used < gatheredBytesMax) return
      // One after the other: what is sorted stays where it is until it is written.
      puttingAside = puttingAside.then(() => putAside(scratch))
      await puttingAside
    },
    async *groups() {
      await putAside(null)
      arena = sorted = Buffer.allocUnsafe(firstArenaBytes)
      yield* groupsOf(runs, limits)
    },
  }
}

export function textOf({ content, start, end }: Entry<string>): string {
  return content.toString('utf8', start, end)
}

export function bytesOf({ content, start, end }: Entry<string>): Buffer {
  return content.subarray(start, end)
}

/** FNV-1a over the units of the text: a hash of its own, because each row and record is put so. */
export function bucketOf(key: string, buckets: number): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  }
  return ((hash ^ (hash >>> 15)) & 0x7fff_ffff) % buckets
}

async function* groupsOf(
  runs: readonly Run[],
  { buckets, readBytesMax, groupBytesMax }: BucketLimits,
): AsyncGenerator<Buffer<ArrayBuffer>> {
  const sizes = Array.from({ length: buckets }, (_, bucket) => {
    return runs.reduce((sum, { starts }) => sum + between(starts, bucket, bucket + 1), 0)
  })
  for (let first = 0, end = 0; first < buckets; first = end) {
    end = endWithin(sizes, first, readBytesMax)
    const parts = await Promise.all(
      runs.map(({ starts, read }) => read(starts[first] ?? 0, starts[end] ?? 0)),
    )
    for (let from = first, to = 0; from < end; from = to) {
      to = Math.min(end, endWithin(sizes, from, groupBytesMax))
      const pieces = parts.map((bytes, run) => {
        const { starts } = runs[run] as Run
        const start = between(starts, first, from)
        return bytes.subarray(start, start + between(starts, from, to))
      })
      const group = joined(pieces)
      if (group.length > 0) yield group
    }
  }
}

/** With memory of its own, so that it goes to another thread without what lies beside it. */
function joined(pieces: readonly Buffer[]): Buffer<ArrayBuffer> {
  const whole = Buffer.allocUnsafeSlow(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) at += piece.copy(whole, at)
  return whole
}

/** Behind which bucket those from `from` on have as much as that, and one of them at least. */
function endWithin(sizes: readonly number[], from: number, bytesMax: number): number {
  let to = from + 1
  let size = sizes[from] ?? 0
  while (to < sizes.length && size + (sizes[to] ?? 0) <= bytesMax) size += sizes[to++] ?? 0
  return to
}

function between(starts: Uint32Array, from: number, to: number): number {
  return (starts[to] ?? 0) - (starts[from] ?? 0)
}

/** Sorted entries: those of a bucket go from its start to that of the next. */
type Run = { starts: Uint32Array; read(from: number, to: number): Promise<Buffer> }

/** Of an entry: its length, bucket, kind, partition, offset and append time. */
const headerBytes = 27

/** `kinds`: as the buckets were made with. */
export function entriesIn<Kind>(bytes: Buffer, kinds: readonly Kind[]): Entry<Kind>[] {
  const entries: Entry<Kind>[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = endOf(bytes, at)
    entries.push({
      kind: kinds[bytes.readUInt8(at + 6)] as Kind,
      partition: bytes.readUInt32LE(at + 7),
      offset: bytes.readDoubleLE(at + 11),
      appendedAt: bytes.readDoubleLE(at + 19),
      content: bytes,
      start: at + headerBytes,
      end,
    })
    at = end
  }
  return entries
}

/** Into `sorted`; gives back where each bucket starts there, and the last one ends. */
function sortByBucket(arena: Buffer, sorted: Buffer, buckets: number): Uint32Array {
  const starts = new Uint32Array(buckets + 1)
  for (let at = 0; at < arena.length; ) {
    const end = endOf(arena, at)
    const next = arena.readUInt16LE(at + 4) + 1
    starts[next] = (starts[next] ?? 0) + end - at
    at = end
  }
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    starts[bucket + 1] = (starts[bucket + 1] ?? 0) + (starts[bucket] ?? 0)
  }
  const ends = starts.slice()
  for (let at = 0; at < arena.length; ) {
    const end = endOf(arena, at)
    const bucket = arena.readUInt16LE(at + 4)
    const to = ends[bucket] ?? 0
    arena.copy(sorted, to, at, end)
    ends[bucket] = to + end - at
    at = end
  }
  return starts
}

function endOf(bytes: Buffer, at: number): number {
  return at + headerBytes + bytes.readUInt32LE(at)
}

function grown(arena: Buffer, used: number, needed: number): Buffer<ArrayBuffer> {
  let length = arena.length
  while (length < needed) length *= 2
  const larger = Buffer.allocUnsafe(length)
  arena.copy(larger, 0, 0, used)
  return larger
}
