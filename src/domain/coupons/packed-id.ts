// Ids of users and claims as few bytes: what looks like a UUID takes 16 of them, anything else is
// UTF-8. Two bytes before it say which.

const uuidCharacters = 36
const uuidBytes = 16
const dashesAt = [8, 13, 18, 23]
const headBytes = 2
/** Instead of a length, which is far below. */
const isUuid = 0xffff

/** Room that any id of so many UTF-16 units fits in. */
export function packedBytesMax(id: string): number {
  return headBytes + 3 * id.length
}

/** Well-formed text. Resolves to where it ends. */
export function packId(id: string, bytes: Buffer, at: number): number {
  const isPacked = id.length === uuidCharacters && packUuid(id, bytes, at + headBytes)
  const length = isPacked ? uuidBytes : bytes.write(id, at + headBytes)
  writeHead(bytes, at, isPacked ? isUuid : length)
  return at + headBytes + length
}

export function unpackId(bytes: Buffer, at: number): string {
  const from = at + headBytes
  if (readHead(bytes, at) !== isUuid) return bytes.toString('utf8', from, packedEnd(bytes, at))
  const hex = bytes.toString('hex', from, from + uuidBytes)
  const [first, second] = [hex.slice(0, 8), hex.slice(8, 12)]
  return `${first}-${second}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export function packedEnd(bytes: Buffer, at: number): number {
  const head = readHead(bytes, at)
  return at + headBytes + (head === isUuid ? uuidBytes : head)
}

/** False where it is no UUID in lower case: another spelling would come back changed. */
function packUuid(id: string, bytes: Buffer, at: number): boolean {
  if (dashesAt.some((n) => id[n] !== '-')) return false
  let to = at
  for (let n = 0; n < uuidCharacters; n += 2) {
    if (dashesAt.includes(n)) n += 1
    const byte = (digitOf(id.charCodeAt(n)) << 4) | digitOf(id.charCodeAt(n + 1))
    if (byte < 0) return false
    bytes[to++] = byte
  }
  return true
}

/** −1 where it is no hexadecimal digit in lower case. */
function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1
}

function readHead(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

function writeHead(bytes: Buffer, at: number, head: number): void {
  bytes[at] = head >> 8
  bytes[at + 1] = head & 0xff
}
