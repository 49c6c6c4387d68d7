// Where a fold is kept between two starts, as blocks of bytes. What is kept follows from the log:
// it may be missing or be thrown away at any time.

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
