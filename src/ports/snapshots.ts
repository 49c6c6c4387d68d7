// Where a fold is kept between two starts, as blocks of bytes, and what the blocks of all who keep
// one have in common. What is kept follows from the log: it may be missing or be thrown away.

import { PackedWinners, type Winners } from '../domain/coupons/winners.ts'

export type SnapshotStore = {
  /** All that was added, oldest first. Throws where any of it is damaged or missing. */
  blocks(): AsyncIterable<readonly Buffer[]>
  /** How often it was added to since it was last made anew, as far as this one knows. */
  count(): number
  /**
   * To be asked before `add`: whether it may be behind what there is, or only `anew`. `taken`: not
   * while another node adds. null: another one has lately.
   */
  turn(next: NextSnapshot): Promise<'behind' | 'anew' | 'taken' | null>
  /**
   * Behind all there is; or, `anew`, instead of it: then what was there is gone only once this is
   * there. Kept as a whole or not at all. Takes some blocks at a time, and lets others run between.
   */
  add(blocks: Iterable<Buffer>, options: { anew: boolean }): Promise<void>
}
/**
 * `records`: how many records it stands for, from the start of the log. `lateRecords`: one that
 * another node has added is in time as long as it is behind by fewer.
 */
export type NextSnapshot = { records: number; lateRecords: number }

/** What is kept is not used. The message says why. */
export class SnapshotFault extends Error {}

/** Kinds are known by their place: a new one comes last, or the format is another. */
export function blocksOf<Kind extends string>(kinds: readonly Kind[]) {
  return {
    blockOf(kind: Kind, ...parts: readonly Buffer[]): Buffer {
      return Buffer.concat([Buffer.from([kinds.indexOf(kind)]), ...parts])
    },
    /** Of a block whose checksum was right. */
    openBlock(block: Buffer): { kind: Kind; content: Buffer } {
      const kind = kinds[block[0] ?? kinds.length]
      if (kind === undefined) throw new SnapshotFault('a block is of an unknown kind')
      return { kind, content: block.subarray(1) }
    },
  }
}

/** The contents of some blocks, in parts: those from slot `from` on. */
export function* winnersContents(
  { couponId, winners }: { couponId: string; winners: Winners },
  { from, through }: { from: number; through: number },
): Iterable<Buffer[]> {
  if (!(winners instanceof PackedWinners)) throw new TypeError('winners of a fold are packed')
  const id = Buffer.from(couponId)
  for (let slot = from; slot <= through; ) {
    const { bytes, next } = winners.pack(slot, through)
    yield [Buffer.from([id.length]), id, bytes]
    slot = next
  }
}

export function readWinners(content: Buffer): { couponId: string; packed: Buffer } {
  const end = 1 + (content[0] ?? 0)
  return { couponId: content.toString('utf8', 1, end), packed: content.subarray(end) }
}
