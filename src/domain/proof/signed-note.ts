// Signed notes (c2sp.org/signed-note) with Ed25519: a text, an empty line, and a line for each
// signature. Strict: a note has one spelling, so that a changed bit is either a fault of form or of
// a signature.

import { Buffer } from 'node:buffer'
import { createPublicKey, hash, type KeyObject, sign, verify as verifySignature } from 'node:crypto'

/** `id`: 8 hexadecimal digits that follow from name and key. */
export type VerifierKey = { name: string; id: string; publicKey: Buffer }
export type NoteSignature = { name: string; id: string; signature: Buffer }
export type Note = { text: string; signatures: readonly NoteSignature[] }
export type Signer = { name: string; privateKey: KeyObject }

/** The kinds of keys (C2SP): of who signs a text as it is, and of a witness (cosignature.ts). */
const ed25519 = 1
export const cosignatureV1 = 4
const keyBytes = 32
const idBytes = 4
/** As in the reference implementation: more are no note. */
const signaturesMax = 100
const namePattern = /^[^\s+\p{Cc}]+$/u

/** What may stand before the first + of a verifier key. */
export function isKeyName(text: string): boolean {
  return namePattern.test(text)
}

export function verifierKey(name: string, publicKey: Buffer, kind = ed25519): VerifierKey {
  const typed = Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([kind]), publicKey])
  const id = hash('sha256', typed, 'hex').slice(0, idBytes * 2)
  return { name, id, publicKey }
}

/** `<name>+<id>+<base64>`. */
export function formatVerifierKey({ name, id, publicKey }: VerifierKey, kind = ed25519): string {
  const typed = Buffer.concat([Buffer.from([kind]), publicKey])
  return `${name}+${id}+${typed.toString('base64')}`
}

/** Null: no verifier key of this kind, or its id does not follow from name and key. */
export function parseVerifierKey(text: string, kind = ed25519): VerifierKey | null {
  const [, name = '', , encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+([^\s]+)$/.exec(text) ?? []
  const typed = decodeBase64(encoded)
  if (!namePattern.test(name) || typed?.length !== keyBytes + 1 || typed[0] !== kind) return null
  const key = verifierKey(name, typed.subarray(1), kind)
  return formatVerifierKey(key, kind) === text ? key : null
}

/** The note of a text that ends with a line end, signed by each in turn. */
export function signNote(text: string, signers: readonly Signer[]): string {
  const lines = signers.map(({ name, privateKey }) => {
    const { id } = verifierKey(name, rawPublicKey(privateKey))
    return signatureLine({ name, id, signature: sign(null, Buffer.from(text), privateKey) })
  })
  return `${text}\n${lines.join('')}`
}

/** With its line end. */
export function signatureLine({ name, id, signature }: NoteSignature): string {
  return `— ${name} ${Buffer.concat([Buffer.from(id, 'hex'), signature]).toString('base64')}\n`
}

/** The 32 bytes of the public key. */
export function rawPublicKey(key: KeyObject): Buffer {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' })
  return Buffer.from(x, 'base64url')
}

/** Null: not a signed note. */
export function parseNote(note: string): Note | null {
  const at = note.lastIndexOf('\n\n')
  if (at <= 0 || !note.endsWith('\n') || /(?!\n)\p{Cc}/u.test(note)) return null
  const lines = note.slice(at + 2, -1).split('\n')
  if (lines.length > signaturesMax) return null
  const signatures = lines.map(parseSignature)
  if (signatures.includes(null)) return null
  return { text: note.slice(0, at + 1), signatures: signatures.filter((one) => one !== null) }
}

/** Without its line end. */
export function parseSignature(line: string): NoteSignature | null {
  const [, name = '', encoded = ''] = /^— ([^ ]+) ([^ ]+)$/.exec(line) ?? []
  const bytes = decodeBase64(encoded)
  if (!namePattern.test(name) || bytes === null || bytes.length <= idBytes) return null
  return { name, id: bytes.toString('hex', 0, idBytes), signature: bytes.subarray(idBytes) }
}

/** Whether this is the signature of a text by a key of 32 bytes; pages have another way to tell. */
export type SignatureHolds = (signed: {
  text: string
  publicKey: Buffer
  signature: Buffer
}) => boolean

/** Whether this key has signed it, and no signature under its name and id is false. */
export function isSignedBy(
  { text, signatures }: Note,
  { name, id, publicKey }: VerifierKey,
  holds: SignatureHolds = signatureHolds,
): boolean {
  const own = signatures.filter((one) => one.name === name && one.id === id)
  return own.length > 0 && own.every(({ signature }) => holds({ text, publicKey, signature }))
}

function signatureHolds({ text, publicKey, signature }: Parameters<SignatureHolds>[0]): boolean {
  return verifySignature(null, Buffer.from(text), publicKeyOf(publicKey), signature)
}

/** Of its 32 bytes. */
export function publicKeyOf(publicKey: Buffer): KeyObject {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') }
  return createPublicKey({ key: jwk, format: 'jwk' })
}

/** Standard base64 in its one spelling; null: anything else. */
export function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64')
  return text !== '' && bytes.toString('base64') === text ? bytes : null
}
