// What src/domain/proof asks of node:crypto, in a browser. Where that code is served, this stands
// in its place. Signatures are checked elsewhere (signatures.ts), because browsers answer about
// them later, and nothing is signed here.

import { Buffer, type Bytes } from './buffer.ts'
import { sha256 } from './sha256.ts'

export function hash(_: 'sha256', data: Uint8Array, encoding: 'buffer'): Bytes
export function hash(_: 'sha256', data: Uint8Array, encoding: 'hex'): string
export function hash(_: 'sha256', data: Uint8Array, encoding: 'buffer' | 'hex') {
  const digest = Buffer.from(sha256(data))
  return encoding === 'buffer' ? digest : digest.toString(encoding)
}

export const createHmac = notHere
export const createPublicKey = notHere
export const sign = notHere
export const verify = notHere

function notHere(): never {
  throw new Error('a page has no keys')
}
