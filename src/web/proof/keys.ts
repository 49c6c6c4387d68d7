// The keys that are trusted, as somebody gives them, or the service itself.

import { parseVerifierKey, type VerifierKey } from '../../domain/proof/signed-note.ts'
import { CheckFailure } from './outcome.ts'

/** Several where a key was changed: one a line. */
export function keysIn(text: string): VerifierKey[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const keys = lines.map((line) => parseVerifierKey(line.trim()))
  const known = keys.filter((key) => key !== null)
  if (known.length > 0 && known.length === keys.length) return known
  throw new CheckFailure('noKey')
}
