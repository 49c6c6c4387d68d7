// Holds a checkpoint that somebody saved against what the service shows now, by a proof of a few
// hashes: also of a sale of a million entries that is over in a moment.

import { heldFault, openHeld } from '../../domain/proof/held-checkpoint.ts'
import { formatVerifierKey, parseNote } from '../../domain/proof/signed-note.ts'
import type { Told } from '../../domain/proof/told.ts'
import { keysIn } from './keys.ts'
import { type Asked, CheckFailure, type Done, type Outcome } from './outcome.ts'
import { type SaleCalls, saleCalls, waited } from './sale-calls.ts'
import { withSignatures } from './signatures.ts'

/** Whoever stands between may keep a checkpoint for a second. */
const triesMax = 3
const askAgainMs = 1_000

export async function compareSaved(asked: Asked): Promise<Done> {
  try {
    return { outcome: await compared(asked), file: null }
  } catch (error) {
    if (!(error instanceof CheckFailure)) throw error
    return { outcome: { kind: 'failed', word: error.word, status: error.status }, file: null }
  }
}

async function compared({ couponId, key, saved: given }: Asked): Promise<Outcome> {
  // As it was copied: with line ends of any machine, and maybe without the last.
  const saved = `${given.replaceAll('\r', '').trim()}\n`
  if (parseNote(saved) === null) throw new CheckFailure('noSaved')
  const calls = saleCalls(couponId)
  const isOwnKey = key.trim() === ''
  const keys = keysIn(isOwnKey ? await calls.keys() : key)
  const now = await newest(calls, sizeOf(saved))
  const wrong = (fault: Told): Outcome => {
    return { kind: 'wrong', faults: [fault], leftOut: 0, note: now }
  }
  const { made: held, isChecked } = await withSignatures((holds) => {
    return openHeld({ couponId, keys, saved, now, holds })
  })
  if ('fault' in held) return wrong(held.fault)
  const [from, to] = [held.saved.size, held.now.size]
  const hashes = from < to ? await calls.consistency(from, to) : []
  const fault = heldFault(held, hashes)
  if (fault !== null) return wrong(fault)
  const found = { size: from, now: to, key: formatVerifierKey(held.savedKey), isOwnKey }
  return { kind: 'goesOn', held: { ...found, isSignatureChecked: isChecked }, note: now }
}

/** Asks again where it is smaller than what was seen already. */
async function newest(calls: SaleCalls, size: number): Promise<string> {
  let note = await calls.checkpoint()
  for (let tries = 1; tries < triesMax && sizeOf(note) < size; tries += 1) {
    await waited(askAgainMs)
    note = await calls.checkpoint()
  }
  return note
}

const sizeOf = (note: string) => Number(note.split('\n')[1])
