// Checkpoints (c2sp.org/tlog-checkpoint): what a tree was at one size, in three lines, signed.
// And under which names the one key of a service signs the trees of its coupons.

import {
  decodeBase64,
  isSignedBy,
  type Note,
  parseNote,
  type SignatureHolds,
  type VerifierKey,
  verifierKey,
} from './signed-note.ts'
import { type Told, told } from './told.ts'
import { hashBytes } from './tree.ts'

export type Checkpoint = { origin: string; size: number; root: Buffer }

/** The text that is signed. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`
}

/** Null: anything but those three lines. */
export function parseCheckpoint(text: string): Checkpoint | null {
  const [origin = '', count = '', encoded = ''] = text.split('\n')
  const size = /^(0|[1-9]\d*)$/.test(count) ? Number(count) : Number.NaN
  const root = decodeBase64(encoded)
  if (origin === '' || !Number.isSafeInteger(size) || root?.length !== hashBytes) return null
  const checkpoint = { origin, size, root }
  return formatCheckpoint(checkpoint) === text ? checkpoint : null
}

export function couponOrigin(prefix: string, couponId: string): string {
  return `${prefix}/coupons/${couponId}`
}

/** `key` is the one that signed it, under the name of the origin. */
export type Opened = { checkpoint: Checkpoint; note: Note; key: VerifierKey } | { fault: Told }

export type Opening = {
  couponId: string
  keys: readonly VerifierKey[]
  holds?: SignatureHolds | undefined
}

/** The checkpoint of a coupon, if one of the keys has signed it; keys may be under the prefix. */
export function openCheckpoint(signed: string, { couponId, keys, holds }: Opening): Opened {
  const note = parseNote(signed)
  const checkpoint = note === null ? null : parseCheckpoint(note.text)
  if (note === null || checkpoint === null) return { fault: told('noCheckpoint') }
  const { origin } = checkpoint
  if (!origin.endsWith(couponOrigin('', couponId))) {
    return { fault: told('otherCoupon', { origin, couponId }) }
  }
  const own = keys.filter(({ name }) => name === origin || couponOrigin(name, couponId) === origin)
  if (own.length === 0) {
    const names = keys.map(({ name }) => name).join(', ')
    return { fault: told('otherKey', { origin, names }) }
  }
  const known = own.map(({ publicKey }) => verifierKey(origin, publicKey))
  const key = known.find((one) => isSignedBy(note, one, holds))
  return key === undefined ? { fault: signerFault(note, origin, known) } : { checkpoint, note, key }
}

/** Who has signed it instead. `known`: keys under the origin, none of which has. */
export function signerFault(
  { signatures }: Note,
  origin: string,
  known: readonly VerifierKey[],
): Told {
  const ids = known.map(({ id }) => id)
  const signers = signatures.filter(({ name }) => name === origin).map(({ id }) => id)
  const id = signers.find((one) => ids.includes(one))
  if (id !== undefined) return told('brokenSignature', { origin, id })
  const by = signers.join(', ') || told('none')
  return told('falseSignature', { origin, ids: ids.join(', '), by })
}
