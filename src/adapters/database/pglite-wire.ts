// The little of PostgreSQL's wire protocol that pglite.ts speaks with the server in its
// process. PGlite's own query() parses each statement again, in five messages, and decodes every
// field for itself: 5 times the time of a small transaction, 9 times that of a large page.

import { protocol } from '@electric-sql/pglite'
import type { SqlFailure, SqlScalar, SqlValue, Statement } from './database.ts'
import { boolType, integerTypes, numberTooLarge, parameterText } from './text.ts'

/** Type ids (pg_type.oid) of the columns that a statement returns. */
export type Columns = readonly number[]
export type Reply = {
  rows: SqlScalar[][]
  columns: Columns
  /** What was done, as in 'INSERT 0 5'; '' where nothing was. */
  tag: string
  failure: SqlFailure | null
  /** Whether the server is ready for the next message. */
  ready: boolean
}

const { serialize } = protocol
const executeAndSync = Buffer.concat([serialize.execute(), serialize.sync()])

export function prepareMessage({ name, text }: Statement): Uint8Array {
  const parse = serialize.parse({ name, text })
  return Buffer.concat([parse, serialize.describe({ type: 'S', name }), serialize.sync()])
}

/**
 * Bind, execute and sync, with all parameters as text. Written at once: the library's messages are
 * put together value by value, which took a seventh of the time of a small transaction.
 */
export function executeMessage(name: string, values: readonly SqlValue[]): Uint8Array {
  const texts = values.map(parameterText)
  const lengths = texts.map((text) => (text === null ? -1 : Buffer.byteLength(text)))
  const textBytes = lengths.reduce((sum, length) => sum + Math.max(length, 0), 0)
  const bindBytes = 12 + Buffer.byteLength(name) + 6 * texts.length + textBytes
  const message = Buffer.alloc(1 + bindBytes + executeAndSync.length)
  let at = message.writeInt32BE(bindBytes, message.write('B'))
  // The portal has no name. Every zero is there already: it stands for text, too.
  at += 1
  at += message.write(name, at) + 1
  at = message.writeInt16BE(texts.length, at) + 2 * texts.length
  at = message.writeInt16BE(texts.length, at)
  for (const [n, text] of texts.entries()) {
    at = message.writeInt32BE(lengths[n] ?? -1, at)
    if (text !== null) at += message.write(text, at)
  }
  message.set(executeAndSync, at + 2)
  return message
}

export function scriptMessage(text: string): Uint8Array {
  return serialize.query(text)
}

/** `columns`: of the rows, where the reply does not say itself. */
export function readReply(bytes: Buffer, columns: Columns): Reply {
  const reply: Reply = { rows: [], columns, tag: '', failure: null, ready: false }
  for (let at = 0; at < bytes.length; ) {
    const kind = String.fromCharCode(bytes.readUInt8(at))
    const end = at + 1 + bytes.readUInt32BE(at + 1)
    const body = at + 5
    switch (kind) {
      case 'D':
        reply.rows.push(readRow(bytes, body, reply.columns))
        break
      case 'T':
        reply.columns = readColumns(bytes, body)
        break
      case 'C':
        reply.tag = bytes.toString('utf8', body, end - 1)
        break
      case 'E':
        reply.failure = readFailure(bytes.toString('utf8', body, end))
        break
      case 'Z':
        reply.ready = true
        break
      default: // notices, and acknowledgements that the next message makes plain
    }
    at = end
  }
  return reply
}

function readRow(bytes: Buffer, body: number, columns: Columns): SqlScalar[] {
  const row: SqlScalar[] = []
  let at = body + 2
  for (const type of columns) {
    const length = bytes.readInt32BE(at)
    const start = at + 4
    at = start + Math.max(length, 0)
    if (length < 0) row.push(null)
    else if (integerTypes.has(type)) row.push(readInteger(bytes, start, at))
    else if (type === boolType) row.push(bytes.readUInt8(start) === codeOf.t)
    else row.push(bytes.toString('utf8', start, at))
  }
  return row
}

const codeOf = { t: 't'.charCodeAt(0), minus: '-'.charCodeAt(0), zero: '0'.charCodeAt(0) }

function readInteger(bytes: Buffer, start: number, end: number): number {
  const negative = bytes.readUInt8(start) === codeOf.minus
  let value = 0
  for (let at = negative ? start + 1 : start; at < end; at++) {
    value = value * 10 + (bytes.readUInt8(at) - codeOf.zero)
  }
  if (Number.isSafeInteger(value)) return negative ? -value : value
  throw numberTooLarge(bytes.toString('utf8', start, end))
}

/** By column: its name ended by NUL, then 18 bytes, the type id among them. */
function readColumns(bytes: Buffer, body: number): Columns {
  const columns: number[] = []
  let at = body + 2
  for (let left = bytes.readInt16BE(body); left > 0; left--) {
    const afterName = bytes.indexOf(0, at) + 1
    columns.push(bytes.readUInt32BE(afterName + 6))
    at = afterName + 18
  }
  return columns
}

/** Each field is a letter and a text ended by NUL. */
function readFailure(body: string): SqlFailure {
  const fields = new Map(body.split('\0').map((field) => [field.slice(0, 1), field.slice(1)]))
  return {
    sqlState: fields.get('C') ?? '',
    message: fields.get('M') ?? '',
    detail: fields.get('D'),
    constraint: fields.get('n'),
  }
}
