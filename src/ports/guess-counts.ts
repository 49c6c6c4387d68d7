// How many codes that nobody has each caller has named, counted by all nodes together.

/** Within a time that begins with the first of them, and of which so much (ms) is left. */
export type GuessCount = { unknown: number; leftMs: number }

/** Never rejects, nor takes longer than its own deadline. Null: it cannot be asked now. */
export type GuessCounts = {
  /** One more, this one included; where it is the first, it is forgotten after `ms`. */
  add(caller: string, ms: number): Promise<GuessCount | null>
  look(caller: string): Promise<GuessCount | null>
  close(): void
}
