// What a witness remembers: the checkpoint that it has cosigned last, of each origin.

import type { Checkpoint } from '../domain/proof/checkpoint.ts'

export type WitnessStore = {
  /** Null: none. Throws where it cannot tell. */
  read(origin: string): Checkpoint | null
  /** The signed note. It is on the disk once this returns. */
  write(origin: string, note: string): void
}
