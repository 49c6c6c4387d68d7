// A checkpoint that somebody saved, held against the one that the service shows now: both signed,
// and the saved one a beginning of the other. It needs a few hashes, and no entry.

import { type Checkpoint, type Opening, openCheckpoint } from './checkpoint.ts'
import { decodeBase64, type VerifierKey } from './signed-note.ts'
import { type Told, told } from './told.ts'
import { isConsistent } from './tree-proofs.ts'

/** Signed notes. */
export type Holding = Opening & { saved: string; now: string }
export type HeldCheckpoints = {
  saved: Checkpoint
  now: Checkpoint
  /** That has signed the saved one: maybe the one before. */
  savedKey: VerifierKey
}

/** `hashes`: base64, from the saved size to the present one; none where they are the same. */
export function heldFault({ saved, now }: HeldCheckpoints, hashes: readonly string[]): Told | null {
  const [from, to] = [saved.size, now.size]
  if (from > to) return ofSaved(told('rolledBack', { size: from, now: to }))
  const decoded = hashes.map(decodeBase64)
  const proof = decoded.filter((hash) => hash !== null)
  const isWhole = proof.length === decoded.length
  if (isWhole && isConsistent({ from, to, fromRoot: saved.root, toRoot: now.root, proof }))
    return null
  const says = from === to ? 'sameSize' : 'notBegun'
  return ofSaved(told(says, { size: from, now: to }))
}

/** Both, if keys that are trusted have signed them. */
export function openHeld({ saved, now, ...opening }: Holding): HeldCheckpoints | { fault: Told } {
  const before = openCheckpoint(saved, opening)
  if ('fault' in before) return { fault: ofSaved(before.fault) }
  const present = openCheckpoint(now, opening)
  if ('fault' in present) return { fault: told('ofCheckpoint', present) }
  return { saved: before.checkpoint, now: present.checkpoint, savedKey: before.key }
}

function ofSaved(fault: Told): Told {
  return told('ofSaved', { fault })
}
