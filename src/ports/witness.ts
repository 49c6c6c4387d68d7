// Witnesses, from both sides: what one remembers, and how one is asked.

import type { Checkpoint } from '../domain/proof/checkpoint.ts'
import type { VerifierKey } from '../domain/proof/signed-note.ts'

export type WitnessStore = {
  /** Null: none. Throws where it cannot tell. */
  read(origin: string): Checkpoint | null
  /** The signed note. It is on the disk once this returns. */
  write(origin: string, note: string): void
}

/** One that is asked for cosignatures. */
export type Witness = {
  /** What it answers must be signed by this key. */
  key: VerifierKey
  /** `body`: an add-checkpoint. Rejects, in words, where there is no answer in time. */
  ask(body: string, signal: AbortSignal): Promise<WitnessAnswer>
}
export type WitnessAnswer = { status: number; text: string }
