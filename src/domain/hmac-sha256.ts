// HMAC-SHA-256 (RFC 2104) under one key, by two hashes of one call each: an Hmac object for every
// message takes twice as long, and every winning claim waits for two of them.

import { hash } from 'node:crypto'

const blockBytes = 64
const digestBytes = 32
/** Bytes of UTF-8 for one character of a text, at most. */
const bytesPerCharacter = 3
/** A message of a few claims; a longer one gets memory of its own. */
const messageBytes = 4096

/** `binary`: one character for each byte. */
export type HmacSha256 = (message: string, encoding: 'binary' | 'base64url') => string

export function hmacSha256(secret: string): HmacSha256 {
  const key = Buffer.from(secret)
  const block = Buffer.alloc(blockBytes)
  block.set(key.length > blockBytes ? hash('sha256', key, 'buffer') : key)
  const inner = Buffer.concat([block.map((byte) => byte ^ 0x36), Buffer.alloc(messageBytes)])
  const outer = Buffer.concat([block.map((byte) => byte ^ 0x5c), Buffer.alloc(digestBytes)])

  function innerText(message: string): Buffer {
    const fits = message.length * bytesPerCharacter <= messageBytes
    if (!fits) return Buffer.concat([inner.subarray(0, blockBytes), Buffer.from(message)])
    return inner.subarray(0, blockBytes + inner.write(message, blockBytes))
  }
  return (message, encoding) => {
    outer.write(hash('sha256', innerText(message), 'binary'), blockBytes, 'binary')
    return hash('sha256', outer, encoding)
  }
}
