// Cosignatures of witnesses (c2sp.org/tlog-cosignature, v1): a line under a checkpoint that says
// that this tree, and no other one before it, was shown to somebody else at a time.

import { sign, verify } from 'node:crypto'
import {
  cosignatureV1,
  formatVerifierKey,
  type Note,
  parseNote,
  parseSignature,
  parseVerifierKey,
  publicKeyOf,
  rawPublicKey,
  type Signer,
  signatureLine,
  type VerifierKey,
  verifierKey,
} from './signed-note.ts'

const timeBytes = 8
const signatureBytes = 64

export function witnessKey(name: string, publicKey: Buffer): VerifierKey {
  return verifierKey(name, publicKey, cosignatureV1)
}

export function formatWitnessKey(key: VerifierKey): string {
  return formatVerifierKey(key, cosignatureV1)
}

/** Null: no verifier key of a witness. */
export function parseWitnessKey(text: string): VerifierKey | null {
  return parseVerifierKey(text, cosignatureV1)
}

/** The line that stands under the text of a checkpoint. `seconds`: Unix time. */
export function cosign(text: string, { name, privateKey }: Signer, seconds: number): string {
  const { id } = witnessKey(name, rawPublicKey(privateKey))
  const time = Buffer.alloc(timeBytes)
  time.writeBigUInt64BE(BigInt(seconds))
  const signature = sign(null, cosignedBytes(text, time), privateKey)
  return signatureLine({ name, id, signature: Buffer.concat([time, signature]) })
}

/** Whether this witness has cosigned it, and nothing under its name and id is false. */
export function isCosignedBy(note: Note, key: VerifierKey): boolean {
  return typeof cosignedAt(note, key) === 'number'
}

/** When, Unix time in seconds; null: it has not; 'false': something under its name and id is. */
export function cosignedAt(
  { text, signatures }: Note,
  { name, id, publicKey }: VerifierKey,
): number | null | 'false' {
  const own = signatures.filter((one) => one.name === name && one.id === id)
  const key = publicKeyOf(publicKey)
  let last: number | null = null
  for (const { signature } of own) {
    if (signature.length !== timeBytes + signatureBytes) return 'false'
    const [time, signed] = [signature.subarray(0, timeBytes), signature.subarray(timeBytes)]
    if (!verify(null, cosignedBytes(text, time), key, signed)) return 'false'
    last = Math.max(last ?? 0, Number(time.readBigUInt64BE()))
  }
  return last
}

/** What a witness has answered: its own line, if it holds for this text; null: it does not. */
export function cosignatureIn(answer: string, text: string, key: VerifierKey): string | null {
  for (const line of answer.split('\n')) {
    const signature = parseSignature(line)
    if (signature === null || signature.name !== key.name || signature.id !== key.id) continue
    if (isCosignedBy({ text, signatures: [signature] }, key)) return `${line}\n`
  }
  return null
}

/** A checkpoint with all signatures of both; they are of the same text. */
export function withSignaturesOf(note: string, other: string): string {
  const [known, more] = [parseNote(note), parseNote(other)]
  if (known === null || more === null || known.text !== more.text) return note
  const lines = new Set(known.signatures.map(signatureLine))
  return (
    note +
    more.signatures
      .map(signatureLine)
      .filter((line) => !lines.has(line))
      .join('')
  )
}

function cosignedBytes(text: string, time: Buffer): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${time.readBigUInt64BE()}\n${text}`)
}
