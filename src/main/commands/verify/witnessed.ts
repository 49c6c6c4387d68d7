// Who else has signed a checkpoint, of the witnesses that the user trusts: said of each, and a
// cosignature that does not hold is a fault.

import { existsSync } from 'node:fs'
import { cosignedAt, parseWitnessKey } from '../../../domain/proof/cosignature.ts'
import { type Note, parseNote, type VerifierKey } from '../../../domain/proof/signed-note.ts'
import { formatInstant } from '../../../domain/time.ts'
import { readGiven, SaleFault } from './sale-source.ts'

/** Each a verifier key, or a file of them, one a line. */
export function givenWitnesses(given: readonly string[]): VerifierKey[] {
  return given.flatMap((text) => {
    const key = parseWitnessKey(text)
    if (key !== null) return [key]
    if (looksLikeKey.test(text) && !existsSync(text)) throw noKey(text)
    const lines = readGiven(text)
      .toString()
      .split('\n')
      .filter((line) => line.trim() !== '')
    if (lines.length === 0) throw noKey(text)
    return lines.map((line) => parseWitnessKey(line.trim()) ?? refuse(text))
  })
}

const looksLikeKey = /\+[0-9a-f]{8}\+/

function refuse(text: string): never {
  throw noKey(text)
}

function noKey(text: string): SaleFault {
  return new SaleFault(
    `${text} is no verifier key of a witness (<name>+<id>+<base64>), nor of them`,
  )
}

export function isCosignedByAll(note: string, witnesses: readonly VerifierKey[]): boolean {
  const parsed = parseNote(note)
  return witnesses.every((key) => parsed !== null && cosignedAt(parsed, key) !== null)
}

/** `what`: of which checkpoint. */
export function cosignatureFaults(
  note: string,
  witnesses: readonly VerifierKey[],
  what: string,
): string[] {
  const parsed = parseNote(note)
  if (parsed === null) return []
  return witnesses
    .filter((key) => cosignedAt(parsed, key) === 'false')
    .map(({ name, id }) => `${what}: the cosignature of ${name} (${id}) does not hold`)
}

/** What is proved of them, and what is not. */
export function witnessedText(
  note: Note,
  witnesses: readonly VerifierKey[],
): { proved: string[]; unproved: string[] } {
  const told = witnesses.map((key) => ({ key, seconds: cosignedAt(note, key) }))
  const proved = told.flatMap(({ key: { name, id }, seconds }) => {
    if (typeof seconds !== 'number') return []
    return [`Cosigned by ${name} (${id}) at ${timeText(seconds)}.`]
  })
  const unproved = told.flatMap(({ key: { name, id }, seconds }) => {
    if (typeof seconds === 'number') return []
    return [`that ${name} (${id}) was shown this tree: it has not cosigned it;`]
  })
  return { proved, unproved }
}

/** A witness may write any number. */
function timeText(seconds: number): string {
  const at = seconds * 1000
  return at <= 8.64e15 ? formatInstant(at) : `${seconds} s of Unix time`
}
