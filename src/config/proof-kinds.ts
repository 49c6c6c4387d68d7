// What the texts of settings of the proof may be: the name, and who is asked to cosign.

import { parseWitnessKey } from '../domain/proof/cosignature.ts'

/** `url`: what stands before `/add-checkpoint`. */
export type WitnessSetting = { key: string; url: string }

/** It stands in every checkpoint, and in every key. */
const originCharactersMax = 200
/** A checkpoint carries a signature of each. */
const witnessesMax = 16

export const proofOrigin = {
  must: `a name without spaces, + or a slash at its end, at most ${originCharactersMax} characters`,
  read: (text: string) =>
    /^[^\s+\p{Cc}]*[^\s+\p{Cc}/]$/u.test(text) && text.length <= originCharactersMax ? text : null,
}
/** A mistake repeats nothing of it: addresses may be nobody's business. */
export const witnesses = {
  must: `lines of <verifier key> <URL>, each key once, at most ${witnessesMax}`,
  read: readWitnesses,
  found: () => '',
} as const

/** Null: it is something else. */
function readWitnesses(text: string): WitnessSetting[] | null {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const found = lines.map(witnessOf).filter((one) => one !== null)
  const isWhole = found.length === lines.length && found.length <= witnessesMax
  return isWhole && new Set(found.map(({ key }) => key)).size === found.length ? found : null
}

function witnessOf(line: string): WitnessSetting | null {
  const [key = '', text = '', ...rest] = line.trim().split(/\s+/)
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null
  const isPlain = url !== null && `${url.username}${url.password}${url.search}${url.hash}` === ''
  return isPlain && rest.length === 0 && parseWitnessKey(key) !== null ? { key, url: text } : null
}
