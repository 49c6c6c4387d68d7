// The bytes of one part of a snapshot, wherever they are kept: blocks, each with a checksum, and
// behind them a digest over all of it and over the digest of the part before, so that nothing of
// another snapshot fits in between. Written and read some at a time.

import { createHash, type Hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { SnapshotFault } from '../../ports/snapshots.ts'

const magic = Buffer.from('FCSNAP\0\x01', 'latin1')
/** Length and checksum. */
const blockHeaderBytes = 8
/** Instead of a length: the digest follows. */
const isEnd = 0xffffffff
const digestBytes = 32
/** A block is some 50 KB; more is a length that was damaged. */
const blockBytesMax = 256 * 1024 * 1024
/** Of one piece, but for the rest of its last block: hashed within a tenth of a millisecond. */
const pieceBytes = 64 * 1024

export type WritingPart = {
  /** The digest of the part before; null: there is none. */
  before: Buffer | null
  /** Awaited before the next piece is made. */
  write(piece: Buffer): Promise<unknown>
}

/** Resolves to its digest. */
export async function writePart(
  blocks: Iterable<Buffer>,
  { before, write }: WritingPart,
): Promise<Buffer> {
  const hash = hashBehind(before)
  let waiting: Buffer[] = [magic]
  let bytes = magic.length
  for (const block of blocks) {
    const header = Buffer.alloc(blockHeaderBytes)
    header.writeUInt32LE(block.length, 0)
    header.writeUInt32LE(crc32(block), 4)
    waiting.push(header, block)
    bytes += header.length + block.length
    if (bytes < pieceBytes) continue
    const piece = Buffer.concat(waiting)
    waiting = []
    bytes = 0
    hash.update(piece)
    await write(piece)
  }
  const end = Buffer.alloc(4)
  end.writeUInt32LE(isEnd)
  const last = Buffer.concat([...waiting, end])
  const digest = hash.update(last).digest()
  await write(Buffer.concat([last, digest]))
  return digest
}

export type ReadingPart = {
  before: Buffer | null
  /** For messages. */
  name: string
}

/** Gives its blocks as they are read; returns its digest, or throws, once all were given. */
export async function* readPart(
  pieces: AsyncIterable<Buffer>,
  { before, name }: ReadingPart,
): AsyncGenerator<readonly Buffer[], Buffer> {
  const hash = hashBehind(before)
  let left: Buffer = Buffer.alloc(0)
  let isFirst = true
  let isLast = false
  for await (const piece of pieces) {
    const all = left.length === 0 ? piece : Buffer.concat([left, piece])
    // Nothing stands behind the digest.
    if (isLast && all.length > digestBytes) throw damaged(name)
    const start = isFirst ? takeMagic(all, name) : 0
    isFirst = false
    const taken: Taken = isLast ? nothing : takeBlocks(all.subarray(start), name)
    const end = start + taken.end
    hash.update(all.subarray(0, end))
    left = all.subarray(end)
    isLast ||= taken.isLast
    if (taken.blocks.length > 0) yield taken.blocks
  }
  if (!isLast) throw new SnapshotFault(`${name} ends too early`)
  const digest = hash.digest()
  if (!left.equals(digest)) throw damaged(name)
  return digest
}

type Taken = { blocks: Buffer[]; end: number; isLast: boolean }
const nothing: Taken = { blocks: [], end: 0, isLast: false }

function takeMagic(bytes: Buffer, name: string): number {
  if (bytes.subarray(0, magic.length).equals(magic)) return magic.length
  throw new SnapshotFault(`${name} does not start like a snapshot of this version`)
}

/** The whole blocks at the start; `end`: of them, and of the word that no more come. */
function takeBlocks(bytes: Buffer, name: string): Taken {
  const blocks: Buffer[] = []
  let at = 0
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt32LE(at)
    if (length === isEnd) return { blocks, end: at + 4, isLast: true }
    if (length > blockBytesMax) throw damaged(name)
    const from = at + blockHeaderBytes
    if (from + length > bytes.length) break
    const block = bytes.subarray(from, from + length)
    if (crc32(block) !== bytes.readUInt32LE(at + 4)) throw damaged(name)
    blocks.push(block)
    at = from + length
  }
  return { blocks, end: at, isLast: false }
}

function hashBehind(before: Buffer | null): Hash {
  return createHash('sha256').update(before ?? Buffer.alloc(0))
}

function damaged(name: string): SnapshotFault {
  return new SnapshotFault(`${name} is damaged`)
}
