// Keys of acts that a page sends once, by chance.

/** 128 bits in hexadecimal digits; also over plain http, which has no `randomUUID`. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
