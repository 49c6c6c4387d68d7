// How records are read from bytes, those of claims and those of orders: as a message, a void (no
// record of this version, for every reader alike) or an unknown type or version. Fields that this
// version does not know are dropped.

import { isUtf8 } from 'node:buffer'

export type Decoded<Message> =
  | { kind: 'message'; message: Message }
  | { kind: 'void'; reason: string }
  | { kind: 'unknown'; reason: string }
export type Wire = Record<string, unknown>
/** By type; a Map, because an object would also answer to types such as 'constructor'. */
export type Readers<Message> = ReadonlyMap<string, (wire: Wire) => Message | null>

export function decodeWith<Message>(value: Buffer, readers: Readers<Message>): Decoded<Message> {
  let wire: unknown
  try {
    // Readers in other languages replace broken UTF-8 differently, so it is no JSON at all.
    wire = isUtf8(value) ? JSON.parse(value.toString()) : undefined
  } catch {
    wire = undefined
  }
  if (wire === undefined) return { kind: 'void', reason: 'not JSON' }
  if (!isObject(wire) || typeof wire.type !== 'string') return { kind: 'void', reason: 'no type' }
  const read = readers.get(wire.type)
  if (read === undefined) {
    return { kind: 'unknown', reason: `unknown type ${JSON.stringify(wire.type.slice(0, 100))}` }
  }
  if (wire.v !== 1) {
    const version = typeof wire.v === 'number' ? wire.v : 'that is no number'
    return { kind: 'unknown', reason: `version ${version} of ${wire.type}` }
  }
  const message = read(wire)
  if (message === null) return { kind: 'void', reason: `malformed ${wire.type}` }
  return { kind: 'message', message }
}

export function isObject(value: unknown): value is Wire {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Command ids and operators: any text of a sane length. */
export function isIdentifier(value: unknown): value is string {
  return isText(value) && value.length <= 300
}

/** What SQL and UTF-8 give back unchanged: no NUL, no half of a surrogate pair. */
export function isText(value: unknown): value is string {
  if (typeof value !== 'string' || value === '') return false
  return value.isWellFormed() && !value.includes('\0')
}

export function isLike(value: unknown, shape: RegExp): value is string {
  return typeof value === 'string' && shape.test(value)
}

/** A whole number of at least 1. */
export function isCount(value: unknown, max: number): value is number {
  return isWhole(value, max) && value >= 1
}

/** A whole number of at least 0; not -0, which is written as 0. */
export function isWhole(value: unknown, max: number): value is number {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return false
  return (value as number) >= 0 && (value as number) <= max
}

export function isOneOf<Value>(value: unknown, values: readonly Value[]): value is Value {
  return (values as readonly unknown[]).includes(value)
}
