// Snapshots as files of a directory: one that was made anew (`000007-base`), and what was added to
// it since (`000008-more`, …). Each appears by a rename once it is synced. Every block has a
// checksum, and every file ends with a digest over it and the file before, so that no part of
// another snapshot fits.

import { createHash, type Hash } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { type FileHandle, open, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { SnapshotFault, type SnapshotStore } from '../ports/snapshots.ts'
import { syncDirectory } from './file-atomic.ts'

const magic = Buffer.from('FCSNAP\0\x01', 'latin1')
/** Length and checksum. */
const blockHeaderBytes = 8
/** Instead of a length: the digest follows. */
const isEnd = 0xffffffff
const digestBytes = 32
/** A block is some 50 KB; more is a length that was damaged. */
const blockBytesMax = 256 * 1024 * 1024
/** Of one write: copied and hashed within a tenth of a millisecond. */
const writeBytes = 64 * 1024
const readBytes = 4 * 1024 * 1024

type SnapshotFile = { number: number; isBase: boolean; path: string }

export function openSnapshotFiles(directory: string): SnapshotStore {
  mkdirSync(dirname(directory), { recursive: true, mode: 0o700 })
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  /** Of the last file that was read or written. */
  let last: Buffer | null = null

  async function* blocks(): AsyncIterable<readonly Buffer[]> {
    const files = filesOf(directory)
    last = null
    for (const [n, { isBase, path, number }] of files.entries()) {
      if (isBase !== (n === 0)) throw new SnapshotFault(`${path} has nothing before it`)
      if (number !== (files[0]?.number ?? 0) + n) throw new SnapshotFault(`before ${path} is a gap`)
      last = yield* blocksOf(path, last)
    }
  }

  return {
    blocks,
    count: () => filesOf(directory).length,
    async add(added, { anew }) {
      const number = (allFiles(directory).at(-1)?.number ?? 0) + 1
      const name = `${String(number).padStart(6, '0')}-${anew ? 'base' : 'more'}`
      if (!anew && last === null) throw new SnapshotFault('there is nothing to add to')
      last = await writeSnapshot(join(directory, name), added, anew ? null : last)
      for (const old of anew ? allFiles(directory) : []) {
        if (old.number < number) rmSync(old.path)
      }
    },
  }
}

/** From the last one that was made anew; those before it are only not removed yet. */
function filesOf(directory: string): SnapshotFile[] {
  const all = allFiles(directory)
  return all.slice(
    Math.max(
      0,
      all.findLastIndex(({ isBase }) => isBase),
    ),
  )
}

function allFiles(directory: string): SnapshotFile[] {
  const found = readdirSync(directory).flatMap((name) => {
    const [, number, kind] = /^(\d{6,12})-(base|more)$/.exec(name) ?? []
    if (number === undefined) return []
    return { number: Number(number), isBase: kind === 'base', path: join(directory, name) }
  })
  return found.toSorted((a, b) => a.number - b.number)
}

/** Resolves to its digest. */
async function writeSnapshot(
  path: string,
  blocks: Iterable<Buffer>,
  before: Buffer | null,
): Promise<Buffer> {
  const fresh = `${path}.new`
  const file = await open(fresh, 'w', 0o600)
  let digest: Buffer
  try {
    digest = await writeBlocks(file, blocks, hashBehind(before))
    await file.sync()
  } catch (error) {
    rmSync(fresh, { force: true })
    throw error
  } finally {
    await file.close()
  }
  await rename(fresh, path)
  syncDirectory(dirname(path))
  return digest
}

async function writeBlocks(
  file: FileHandle,
  blocks: Iterable<Buffer>,
  hash: Hash,
): Promise<Buffer> {
  let waiting: Buffer[] = [magic]
  let bytes = magic.length
  const flush = async () => {
    const data = Buffer.concat(waiting)
    waiting = []
    bytes = 0
    hash.update(data)
    await file.appendFile(data)
  }
  for (const block of blocks) {
    const header = Buffer.alloc(blockHeaderBytes)
    header.writeUInt32LE(block.length, 0)
    header.writeUInt32LE(crc32(block), 4)
    waiting.push(header, block)
    bytes += header.length + block.length
    if (bytes >= writeBytes) await flush()
  }
  const end = Buffer.alloc(4)
  end.writeUInt32LE(isEnd)
  waiting.push(end)
  await flush()
  const digest = hash.digest()
  await file.appendFile(digest)
  return digest
}

/** Gives its blocks as they are read; returns its digest, or throws, once all were given. */
async function* blocksOf(
  path: string,
  before: Buffer | null,
): AsyncGenerator<readonly Buffer[], Buffer> {
  const file = await open(path, 'r')
  try {
    const hash = hashBehind(before)
    let left: Buffer = Buffer.alloc(0)
    let isFirst = true
    for (;;) {
      const read = Buffer.allocUnsafeSlow(readBytes)
      const { bytesRead } = await file.read(read, 0, readBytes)
      const given = read.subarray(0, bytesRead)
      const all = left.length === 0 ? given : Buffer.concat([left, given])
      const start = isFirst ? takeMagic(all, path) : 0
      isFirst = false
      const { blocks, end, isLast } = takeBlocks(all.subarray(start), path)
      hash.update(all.subarray(0, start + end))
      left = all.subarray(start + end)
      if (blocks.length > 0) yield blocks
      if (isLast) return await takeDigest(file, left, { hash, path })
      if (bytesRead === 0) throw new SnapshotFault(`${path} ends too early`)
    }
  } finally {
    await file.close()
  }
}

function takeMagic(bytes: Buffer, path: string): number {
  if (bytes.subarray(0, magic.length).equals(magic)) return magic.length
  throw new SnapshotFault(`${path} does not start like a snapshot of this version`)
}

/** The whole blocks at the start; `end`: of them, and of the word that no more come. */
function takeBlocks(bytes: Buffer, path: string) {
  const blocks: Buffer[] = []
  let at = 0
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt32LE(at)
    if (length === isEnd) return { blocks, end: at + 4, isLast: true }
    if (length > blockBytesMax) throw damaged(path)
    const from = at + blockHeaderBytes
    if (from + length > bytes.length) break
    const block = bytes.subarray(from, from + length)
    if (crc32(block) !== bytes.readUInt32LE(at + 4)) throw damaged(path)
    blocks.push(block)
    at = from + length
  }
  return { blocks, end: at, isLast: false }
}

async function takeDigest(
  file: FileHandle,
  left: Buffer,
  { hash, path }: { hash: Hash; path: string },
): Promise<Buffer> {
  const rest = await file.readFile()
  const stored = Buffer.concat([left, rest])
  const digest = hash.digest()
  if (stored.length !== digestBytes || !stored.equals(digest)) throw damaged(path)
  return digest
}

function hashBehind(before: Buffer | null): Hash {
  return createHash('sha256').update(before ?? Buffer.alloc(0))
}

function damaged(path: string): SnapshotFault {
  return new SnapshotFault(`${path} is damaged`)
}
