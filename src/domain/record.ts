// Each topic declares its records once, by type; from that come their types, their reading from
// bytes, their writing and the page docs/messages.md. A value is JSON with `type` and `v`. It is
// read as a message, as void (no record of this version, for every reader alike) or as of an
// unknown type or version, at which a reader must halt. Unknown fields are dropped.

import { isUtf8 } from 'node:buffer'
import {
  count,
  type Field,
  type Fields,
  isObject,
  literal,
  objectSchema,
  type Part,
  partsOf,
  readInto,
  type Schema,
  type Values,
  type Wire,
  writeInto,
} from './field.ts'

export type Decoded<Message> =
  | { kind: 'message'; message: Message }
  | { kind: 'void'; reason: string }
  | { kind: 'unknown'; reason: string }

/** What no field can say by itself. */
export type Rule<Content> = { says: string; holds(content: Content): boolean }
export type Declaration<F extends Fields = Fields> = {
  /** Who writes it, for `ce_source`; or the field that names the writer. */
  writer: string | { field: keyof F & string }
  says: string
  fields: F
  rule?: Rule<Values<F>>
  /** See `idFieldOf`; absent: `commandId` where there is one. */
  idField?: keyof F & string
}
type AnyDeclaration = Omit<Declaration, 'rule'> & {
  rule?: { says: string; holds(content: unknown): boolean }
}
type Declarations = Readonly<Record<string, AnyDeclaration>>
export type Reader = (wire: Wire) => unknown

export type Topic<D extends Declarations = Declarations> = {
  topic: string
  /** The field that is the key of its records. */
  key: string
  records: D
}
type Readers = ReadonlyMap<string, { read: Reader; newest: number }>
type Flat<T> = { [Name in keyof T]: T[Name] }
/** A message of a topic: any, or one of these types. */
export type MessageOf<T extends Topic, Type extends keyof T['records'] = keyof T['records']> = {
  [Name in Type & string]: Flat<{ type: Name } & Values<T['records'][Name]['fields']>>
}[Type & string]

/** Of what every reader knows. A type that can say more is of a later version where it does. */
const firstVersion = 1

/** Gives back what it is given; for the sake of its type. */
export function record<F extends Fields>(declaration: Declaration<F>): Declaration<F> {
  return declaration
}

/** `byHand`: readers by type in place of those that are made from the fields, for speed. */
export function decoderOf<T extends Topic>(
  { records }: T,
  byHand: Readonly<Record<string, Reader>> = {},
): (value: Buffer) => Decoded<MessageOf<T>> {
  // A Map, because an object would also answer to types such as 'constructor'.
  const readers = new Map(
    Object.entries(records).map(([type, it]) => {
      const read = byHand[type] ?? readerOf(type, it)
      return [type, { read, newest: newestVersionOf(it) }]
    }),
  )
  return (value) => decodeWith(value, readers) as Decoded<MessageOf<T>>
}

function decodeWith(value: Buffer, readers: Readers): Decoded<unknown> {
  const wire = jsonOf(value)
  if (wire === undefined) return { kind: 'void', reason: 'not JSON' }
  if (wire === null || typeof wire.type !== 'string') return { kind: 'void', reason: 'no type' }
  const reader = readers.get(wire.type)
  if (reader === undefined) {
    return { kind: 'unknown', reason: `unknown type ${JSON.stringify(wire.type.slice(0, 100))}` }
  }
  const { read, newest } = reader
  const isKnown = typeof wire.v === 'number' && wire.v >= firstVersion && wire.v <= newest
  const message = isKnown ? read(wire) : null
  if (message !== null) return { kind: 'message', message }
  // Of later versions as well: what it does not say now, a later writer may mean by it.
  if (wire.v === firstVersion) return { kind: 'void', reason: `malformed ${wire.type}` }
  const given = typeof wire.v === 'number' ? wire.v : 'that is no number'
  return { kind: 'unknown', reason: `version ${given} of ${wire.type}` }
}

/** Null: JSON that is no object; undefined: no JSON. */
export function jsonOf(value: Buffer): Wire | null | undefined {
  try {
    // Readers in other languages replace broken UTF-8 differently, so it is no JSON at all.
    if (!isUtf8(value)) return undefined
    const found: unknown = JSON.parse(value.toString())
    return isObject(found) ? found : null
  } catch {
    return undefined
  }
}

/** What a declaration says of the fields of one type. */
export function readerOf<F extends Fields>(type: string, declared: Declaration<F>): Reader {
  const { fields, rule }: AnyDeclaration = declared as unknown as AnyDeclaration
  const parts = partsOf(fields)
  return (wire) => {
    const message = readInto({ type }, parts, wire)
    if (message === null || wire.v !== versionOf(message, parts)) return null
    return rule?.holds(message) === false ? null : message
  }
}

/** Writes a record's bytes, with the fields in the order in which they are declared. */
export function encoderOf<T extends Topic>({ records }: T): (message: MessageOf<T>) => Buffer {
  const partsByType = new Map(
    Object.entries(records).map(([type, { fields }]) => {
      const parts = partsOf(fields)
      const own = parts.filter(({ isFlat }) => !isFlat)
      return [type, { parts, own, flat: parts.filter(({ isFlat }) => isFlat) }]
    }),
  )
  return (message) => {
    const { type } = message as { type: string }
    const { parts = [], own = [], flat = [] } = partsByType.get(type) ?? {}
    const wire = writeInto({ type }, own, message)
    wire.v = versionOf(message, parts)
    for (const { name, write } of flat) Object.assign(wire, write?.((message as Wire)[name]))
    return Buffer.from(JSON.stringify(wire))
  }
}

function newestVersionOf({ fields }: AnyDeclaration): number {
  return Math.max(firstVersion, ...partsOf(fields).map(({ versions }) => versions?.newest ?? 1))
}

/** The only one in which a message is written, and read. */
function versionOf(message: Wire, parts: readonly Part[]): number {
  let version = firstVersion
  for (const { name, versions } of parts) {
    if (versions !== null) version = Math.max(version, versions.of(message[name]))
  }
  return version
}

function versionField(declared: AnyDeclaration): Field<unknown> {
  const says = 'The version of the type.'
  const newest = newestVersionOf(declared)
  if (newest === firstVersion) return literal(firstVersion, says)
  const all = partsOf(declared.fields).flatMap(({ versions }) => versions?.newest ?? [])
  const later = all.toSorted((a, b) => a - b).map((version) => laterVersions[version] ?? '')
  return count(newest, [says, ...later].join(' '))
}

const laterVersions: Readonly<Record<number, string>> = {
  2: '2 where the user is more than 1–128 visible ASCII characters.',
  3: '3 where it has `expected`.',
  4: '4 where it has `rehearsal`.',
}

/** The field that tells records of one type and key apart; null: there is one of each at most. */
export function idFieldOf({ fields, idField }: AnyDeclaration): string | null {
  return idField ?? ('commandId' in fields ? 'commandId' : null)
}

/** The attributes of CloudEvents as headers (binary mode). */
export function eventHeaders(event: {
  type: string
  writer: string
  id: string
  time?: string
}): Record<string, string> {
  const { type, writer, id, time } = event
  return {
    ce_specversion: '1.0',
    ce_type: type,
    ce_source: `/firstcome/${writer}`,
    ce_id: id,
    ...(time === undefined ? {} : { ce_time: time }),
    'content-type': 'application/json',
  }
}

/** The JSON Schema of a record's value. */
export function schemaOf(type: string, declared: AnyDeclaration): Schema {
  const { fields, says } = declared
  const envelope: Fields = {
    type: literal(type, 'The type of the record.'),
    v: versionField(declared),
  }
  return objectSchema({ ...envelope, ...fields }, says)
}
