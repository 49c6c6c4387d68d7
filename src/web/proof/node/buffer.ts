// What src/domain/proof asks of node:buffer, in a browser. Where that code is served, this stands
// in its place; a test holds the two against each other.

type Encoding = 'utf8' | 'hex' | 'base64' | 'base64url'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export class Bytes extends Uint8Array {
  override toString(encoding: Encoding = 'utf8', begin = 0, end = this.length): string {
    const bytes = this.subarray(begin, end)
    if (encoding === 'utf8') return decoder.decode(bytes)
    if (encoding === 'hex') return [...bytes].map(hexDigits).join('')
    const text = btoa(String.fromCharCode(...bytes))
    if (encoding === 'base64') return text
    return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  }

  equals(other: Uint8Array): boolean {
    return this.length === other.length && this.every((byte, at) => byte === other[at])
  }
}

export const Buffer = {
  from(source: string | ArrayLike<number>, encoding: Encoding = 'utf8'): Bytes {
    if (typeof source !== 'string') return new Bytes(source)
    if (encoding === 'hex') return ofHex(source)
    return new Bytes(encoding === 'utf8' ? encoder.encode(source) : base64Bytes(source))
  },

  alloc(size: number): Bytes {
    return new Bytes(size)
  },

  concat(parts: readonly ArrayLike<number>[]): Bytes {
    const whole = new Bytes(parts.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const part of parts) {
      whole.set(part, at)
      at += part.length
    }
    return whole
  },
}

function hexDigits(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}

/** Up to the first that is no pair of digits. */
function ofHex(text: string): Bytes {
  const [pairs = ''] = /^(?:[0-9a-f]{2})*/i.exec(text) ?? []
  return new Bytes((pairs.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)))
}

/** Of either alphabet; what is neither is left out. */
function base64Bytes(text: string): number[] {
  const [digits = ''] = text.replaceAll('-', '+').replaceAll('_', '/').split('=')
  const known = digits.replaceAll(/[^A-Za-z0-9+/]/g, '')
  const whole = known.length % 4 === 1 ? known.slice(0, -1) : known
  return Array.from(atob(whole), (sign) => sign.charCodeAt(0))
}
