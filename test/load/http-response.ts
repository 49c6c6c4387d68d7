// Finds where one HTTP/1.1 response ends, for a load generator that must cost less than the server
// it measures. Knows Content-Length only; anything else is an error, never a guess.

export type ParsedResponse = { status: number; bodyStart: number; bodyEnd: number }
export type ResponseParser = {
  /**
   * Reads the response that begins at `start` into `parsed`; false where more bytes are needed.
   * Throws where the bytes are no response that it can read.
   */
  read(bytes: Buffer, start: number, end: number): boolean
  readonly parsed: ParsedResponse
}

/** Beyond any of a server's own headers: what is longer has no end. */
export const headerBytesMax = 16 * 1024

const name = 'content-length:'
const carriageReturn = 0x0d
const space = 0x20
const zero = 0x30

/** Remembers where the length stood last: the responses of one server look alike. */
export function responseParser(): ResponseParser {
  const parsed: ParsedResponse = { status: 0, bodyStart: 0, bodyEnd: 0 }
  let lengthAt = 0

  function read(bytes: Buffer, start: number, end: number): boolean {
    const headEnd = bytes.indexOf('\r\n\r\n', start, 'latin1')
    if (headEnd < 0 || headEnd + 4 > end) {
      if (end - start > headerBytesMax) throw new Error('a response whose headers do not end')
      return false
    }
    const status = statusOf(bytes, start)
    parsed.status = status
    parsed.bodyStart = headEnd + 4
    const hasBody = status >= 200 && status !== 204 && status !== 304
    if (!hasBody) {
      parsed.bodyEnd = parsed.bodyStart
      return true
    }
    if (lengthAt === 0 || !isLengthAt(bytes, start + lengthAt)) {
      lengthAt = findLength(bytes, start, headEnd) - start
    }
    parsed.bodyEnd = parsed.bodyStart + numberAt(bytes, start + lengthAt + name.length)
    return parsed.bodyEnd <= end
  }
  return { read, parsed }
}

function statusOf(bytes: Buffer, start: number): number {
  const begins = bytes[start] === 0x48 && bytes[start + 7] === 0x31 && bytes[start + 8] === space
  const status = begins ? numberAt(bytes, start + 'HTTP/1.1 '.length) : 0
  if (status >= 100 && status <= 999) return status
  throw new Error(`no HTTP/1.1 response: ${bytes.toString('latin1', start, start + 40)}`)
}

function isLengthAt(bytes: Buffer, at: number): boolean {
  if (bytes[at - 1] !== 0x0a) return false
  for (let index = 0; index < name.length; index += 1) {
    if (((bytes[at + index] ?? 0) | space) !== (name.charCodeAt(index) | space)) return false
  }
  return true
}

function findLength(bytes: Buffer, start: number, headEnd: number): number {
  for (let at = start; at >= start && at < headEnd; at = bytes.indexOf('\n', at) + 1) {
    if (isLengthAt(bytes, at)) return at
  }
  throw new Error('a response without Content-Length')
}

/** Spaces, then digits up to the end of the line or the next space. */
function numberAt(bytes: Buffer, from: number): number {
  let at = from
  while (bytes[at] === space) at += 1
  let value = 0
  let byte = bytes[at]
  if (byte === carriageReturn) throw new Error('a number is missing in a response')
  while (byte !== undefined && byte >= zero && byte <= zero + 9) {
    value = value * 10 + byte - zero
    at += 1
    byte = bytes[at]
  }
  if (byte !== carriageReturn && byte !== space) {
    throw new Error(`not a number in a response: ${bytes.toString('latin1', from, at + 5)}`)
  }
  return value
}
