// The winners of one coupon, in slot order, found by user. Ten million of them have to fit in a
// node beside everything else, and the ten-millionth may not keep anybody waiting: they are packed
// into buffers outside the heap, some 60 bytes each, and the index over them grows step by step. A
// Map of objects takes 200, and a second in which nobody is answered each time it grows.

import { packedBytesMax, packedEnd, packId, unpackId } from './packed-id.ts'

/** Where and when a claim won. `offset` is in the coupon's partition; times are ms UTC. */
export type Issued = { slot: number; claimId: string; offset: number; appendedAt: number }

/** By user, in slot order: the n-th has slot n. A Map of them has all of it, too. */
export type Winners = Pick<
  Map<string, Issued>,
  'get' | 'has' | 'size' | 'keys' | 'values' | 'entries' | typeof Symbol.iterator
> & {
  /** Of a user who has not won yet, with the next slot. */
  set(userId: string, issued: Issued): unknown
  /** Whether this user may be asked for; absent: everyone may. */
  knows?(userId: string): boolean
}

/** A slot and eight bits of a hash are one entry of the index. */
const slotBits = 24
const slotsMax = 2 ** slotBits - 1
const firstIndexSize = 8
/** More than one, so that the old index is empty before the new one is full. */
const movedPerWinner = 4
/** Of smaller ones there would be so many buffers that a collection of garbage takes too long. */
const winnersPerChunk = 8_192
/** As bytes at once: nobody waits for more than 64 KB to be copied. */
const packedAtOnce = 1_024

export class PackedWinners implements Winners {
  size = 0
  private readonly chunks: Chunk[] = []
  /** Open addressing; 0: free. At most half of it is taken. */
  private index = new Uint32Array(firstIndexSize)
  /** While the index grows: what it was, half of it taken, with the slots above `moved`. */
  private older: Uint32Array | null = null
  private moved = 0

  /** Who won last, if anybody did. */
  last(): Issued | undefined {
    return this.size === 0 ? undefined : this.at(this.size)[1]
  }

  get(userId: string): Issued | undefined {
    const slot = this.placeOf(userId)
    return slot === 0 ? undefined : this.at(slot)[1]
  }

  has(userId: string): boolean {
    return this.placeOf(userId) !== 0
  }

  /** Of who has won; nothing else of it is put together. */
  slotOf(userId: string): number | undefined {
    const slot = this.placeOf(userId)
    return slot === 0 ? undefined : slot
  }

  set(userId: string, issued: Issued): void {
    const slot = this.size + 1
    if (issued.slot !== slot || slot > slotsMax) {
      throw new Error(`slot ${issued.slot} cannot be issued after slot ${this.size}`)
    }
    if (this.size % winnersPerChunk === 0) this.chunks.push(new Chunk())
    const hash = hashOf(userId)
    this.chunks.at(-1)?.push(hash, userId, issued)
    this.size = slot
    if (2 * slot > this.index.length) this.grow()
    enter(this.index, hash, slot)
    this.moveSome()
  }

  /**
   * Some of those from `slot` on, and none behind `through`, as bytes; the next call goes on behind
   * them. Who has won is never changed, so it may be asked long after both were issued.
   */
  pack(slot: number, through: number): { bytes: Buffer; next: number } {
    const n = placeInChunk(slot)
    const end = Math.min(winnersPerChunk, n + packedAtOnce, n + through - slot + 1)
    return { bytes: this.chunkOf(slot).pack(n, end), next: slot + end - n }
  }

  /** Those of the next slots, as packed. No user is found again before `findAgain`. */
  addPacked(bytes: Buffer): void {
    if (this.size % winnersPerChunk === 0) this.chunks.push(new Chunk())
    this.size += this.chunks.at(-1)?.addPacked(bytes) ?? 0
  }

  findAgain(): void {
    let length = firstIndexSize
    while (length < 2 * this.size) length *= 2
    this.index = new Uint32Array(length)
    this.older = null
    for (let slot = 1; slot <= this.size; slot++) {
      enter(this.index, this.chunkOf(slot).hash(placeInChunk(slot)), slot)
    }
  }

  *entries(from = 1): MapIterator<[string, Issued]> {
    for (let slot = from; slot <= this.size; slot++) yield this.at(slot)
  }

  *keys(): MapIterator<string> {
    for (const [userId] of this.entries()) yield userId
  }

  *values(): MapIterator<Issued> {
    for (const [, issued] of this.entries()) yield issued
  }

  [Symbol.iterator](): MapIterator<[string, Issued]> {
    return this.entries()
  }

  private at(slot: number): [string, Issued] {
    const chunk = this.chunkOf(slot)
    const n = placeInChunk(slot)
    return [chunk.userId(n), chunk.issued(n, slot)]
  }

  private chunkOf(slot: number): Chunk {
    const chunk = this.chunks[Math.floor((slot - 1) / winnersPerChunk)]
    if (chunk === undefined) throw new Error(`slot ${slot} is not issued`)
    return chunk
  }

  /** 0 where there is none. */
  private placeOf(userId: string): number {
    const hash = hashOf(userId)
    const slot = this.find(this.index, hash, userId)
    return slot === 0 && this.older !== null ? this.find(this.older, hash, userId) : slot
  }

  /** 0 where there is none. */
  private find(index: Uint32Array, hash: number, userId: string): number {
    const mask = index.length - 1
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const entry = index[place] ?? 0
      if (entry === 0) return 0
      const slot = entry & slotsMax
      if ((entry ^ hash) >>> slotBits === 0) {
        if (this.chunkOf(slot).userId(placeInChunk(slot)) === userId) return slot
      }
    }
  }

  private grow(): void {
    this.older = this.index
    this.moved = 0
    this.index = new Uint32Array(2 * this.index.length)
  }

  private moveSome(): void {
    if (this.older === null) return
    const all = this.older.length / 2
    const end = Math.min(this.moved + movedPerWinner, all)
    while (this.moved < end) {
      this.moved += 1
      const slot = this.moved
      enter(this.index, this.chunkOf(slot).hash(placeInChunk(slot)), slot)
    }
    if (this.moved === all) this.older = null
  }
}

/** Those from slot `from` on. */
export function* winnersFrom(winners: Winners, from: number): MapIterator<[string, Issued]> {
  if (winners instanceof PackedWinners) return yield* winners.entries(from)
  for (const winner of winners.entries()) if (winner[1].slot >= from) yield winner
}

/** How many of them records below this offset have won. */
export function wonBelow(winners: Winners, offset: number): number {
  let [low, high] = [0, winners.size]
  while (low < high) {
    const slot = Math.ceil((low + high) / 2)
    const [first] = winnersFrom(winners, slot)
    if (first !== undefined && first[1].offset < offset) low = slot
    else high = slot - 1
  }
  return low
}

function placeInChunk(slot: number): number {
  return (slot - 1) % winnersPerChunk
}

function enter(index: Uint32Array, hash: number, slot: number): void {
  const mask = index.length - 1
  let place = hash & mask
  while (index[place] !== 0) place = (place + 1) & mask
  index[place] = (hash & ~slotsMax) | slot
}

/** FNV-1a, mixed: the index is taken by its low bits and told apart by its high ones. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let n = 0; n < text.length; n++) {
    hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Neighbours by slot; its arrays grow to what it has, so that a small coupon stays small. */
class Chunk {
  private count = 0
  private hashes = new Uint32Array(2)
  /** Where each begins in `bytes`: the id of its claim, then that of its user. */
  private starts = new Uint32Array(2)
  private offsets = new Float64Array(2)
  private times = new Float64Array(2)
  private bytes: Buffer = Buffer.alloc(128)
  private used = 0

  push(hash: number, userId: string, { claimId, offset, appendedAt }: Issued): void {
    const n = this.count
    if (n === this.hashes.length) this.widen()
    this.hashes[n] = hash
    this.starts[n] = this.used
    this.offsets[n] = offset
    this.times[n] = appendedAt
    this.makeRoom(packedBytesMax(claimId) + packedBytesMax(userId))
    this.used = packId(userId, this.bytes, packId(claimId, this.bytes, this.used))
    this.count += 1
    if (this.count === winnersPerChunk) this.bytes = resized(this.bytes, this.used)
  }

  hash(n: number): number {
    return this.hashes[n] ?? 0
  }

  userId(n: number): string {
    return unpackId(this.bytes, packedEnd(this.bytes, this.starts[n] ?? 0))
  }

  issued(n: number, slot: number): Issued {
    const claimId = unpackId(this.bytes, this.starts[n] ?? 0)
    return { slot, claimId, offset: this.offsets[n] ?? 0, appendedAt: this.times[n] ?? 0 }
  }

  /** Those from `n` on, before `end`. */
  pack(n: number, end: number): Buffer {
    const from = this.starts[n] ?? 0
    const to = end < this.count ? (this.starts[end] ?? 0) : this.used
    const head = Buffer.alloc(packedHeadBytes)
    head.writeUInt32LE(end - n, 0)
    head.writeUInt32LE(from, 4)
    const columns = this.columns().map((column) => bytesOf(column.subarray(n, end)))
    return Buffer.concat([head, ...columns, this.bytes.subarray(from, to)])
  }

  /** How many they are. */
  addPacked(packed: Buffer): number {
    const added = packed.readUInt32LE(0)
    const before = packed.readUInt32LE(4)
    const count = this.count + added
    if (count > winnersPerChunk) throw new RangeError('more winners than fit behind those here')
    if (count > this.hashes.length) this.widen(lengthFor(count, this.count))
    let at = packedHeadBytes
    for (const column of this.columns()) {
      const bytes = bytesOf(column.subarray(this.count, count))
      packed.copy(bytes, 0, at, at + bytes.length)
      at += bytes.length
    }
    for (let n = this.count; n < count; n++) {
      this.starts[n] = (this.starts[n] ?? 0) - before + this.used
    }
    const length = packed.length - at
    this.makeRoom(length, this.count === 0 ? length : undefined)
    packed.copy(this.bytes, this.used, at)
    this.used += length
    this.count = count
    if (count === winnersPerChunk) this.bytes = resized(this.bytes, this.used)
    return added
  }

  private columns() {
    return [this.hashes, this.starts, this.offsets, this.times] as const
  }

  private widen(length = 2 * this.count): void {
    this.hashes = copiedTo(new Uint32Array(length), this.hashes)
    this.starts = copiedTo(new Uint32Array(length), this.starts)
    this.offsets = copiedTo(new Float64Array(length), this.offsets)
    this.times = copiedTo(new Float64Array(length), this.times)
  }

  private makeRoom(length: number, roomFor?: number): void {
    const needed = this.used + length
    if (needed > this.bytes.length) this.bytes = resized(this.bytes, roomFor ?? 2 * needed)
  }
}

/** The first are as many as there are of many a coupon; behind them come more. */
function lengthFor(count: number, before: number): number {
  return Math.min(winnersPerChunk, Math.max(count, 2 * before))
}

/** Of a count, and of where the bytes of the first one began. */
const packedHeadBytes = 8

/** As this machine has them. */
function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function copiedTo<Target extends Uint32Array | Float64Array>(target: Target, from: Target): Target {
  target.set(from)
  return target
}

function resized(bytes: Buffer, length: number): Buffer {
  const target = Buffer.alloc(length)
  bytes.copy(target, 0, 0, length)
  return target
}
