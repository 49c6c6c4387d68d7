// Where frames begin in a topic file, about one in a megabyte, so that a reader who wants a late
// offset need not skip what is before it. Found by who reads the file anyway (the check at the
// start passes every frame), so it is never stored and can never be that of another file.

import { fileHeaderBytes } from './format.ts'

/** A frame begins at `position`; before it stand the offsets below `ends`, by partition. */
export type IndexedFrame = { position: number; ends: readonly number[] }

/** Of so many bytes one frame is remembered. */
const rememberedEveryBytes = 1024 * 1024

export class FrameIndex {
  private readonly all: IndexedFrame[]

  /** `known`: in the order of the file. */
  constructor(partitions: number, known: readonly IndexedFrame[] = []) {
    const first = { position: fileHeaderBytes, ends: Array<number>(partitions).fill(0) }
    this.all = known.length > 0 ? [...known] : [first]
  }

  frames(): readonly IndexedFrame[] {
    return this.all
  }

  /** The last one with none of these records before it. `from`: by partition the first offset. */
  before(from: ReadonlyMap<number, number>): IndexedFrame {
    const wanted = [...from]
    const isBefore = ({ ends }: IndexedFrame) => {
      return wanted.every(([partition, offset]) => (ends[partition] ?? 0) <= offset)
    }
    return this.all.findLast(isBefore) ?? { position: fileHeaderBytes, ends: [] }
  }

  /** To be called at the begin of a frame; those before the last one known are left alone. */
  remember(position: number, ends: readonly number[]): void {
    const last = this.all.at(-1)?.position ?? 0
    if (position >= last + rememberedEveryBytes) this.all.push({ position, ends: [...ends] })
  }
}
