// A sale in one file, so that it can be verified again without the service: heading, verifier key,
// signed checkpoint, an empty line, the entries, and a hash of all that stands above it. By
// that a file that was cut or has a changed bit is found, wherever the bit is.

import { hash } from 'node:crypto'

export type SavedSale = { couponId: string; key: string; checkpoint: string; entries: Buffer }

const heading = 'firstcome sale 1 '
const digestLine = /^sha256 [0-9a-f]{64}\n$/
const digestLineBytes = 'sha256 \n'.length + 64

/** All that stands above the entries. */
export function savedHead({ couponId, key, checkpoint }: Omit<SavedSale, 'entries'>): string {
  return `${heading}${couponId}\n${key}\n${checkpoint}\n`
}

/** What follows the entries; `digest` is the SHA-256 of all before it, in hexadecimal digits. */
export function savedEnd(digest: string): string {
  return `sha256 ${digest}\n`
}

/** Null: it is not a whole file of this kind. */
export function readSavedSale(file: Buffer): SavedSale | null {
  const end = file.length - digestLineBytes
  if (end < 0) return null
  const last = file.toString('latin1', end)
  if (!digestLine.test(last) || last !== savedEnd(hash('sha256', file.subarray(0, end))))
    return null
  // The checkpoint has one empty line in itself, and another one ends it.
  const inside = file.indexOf('\n\n')
  const headEnd = file.indexOf('\n\n', inside + 2)
  if (inside < 0 || headEnd < 0) return null
  const [first = '', key = '', ...note] = file.toString('utf8', 0, headEnd + 1).split('\n')
  if (!first.startsWith(heading)) return null
  return {
    couponId: first.slice(heading.length),
    key,
    checkpoint: note.join('\n'),
    entries: file.subarray(headEnd + 2, end),
  }
}
