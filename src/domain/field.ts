// The words in which the fields of a record are declared. A field is its reading, its writing and
// its JSON Schema in one, and its TypeScript type is inferred, so the four cannot differ.

import { formatInstant, parseExactInstant } from './time.ts'

/**
 * The part of JSON Schema that fields need, and what it has no word for: `utf16Max`, a length in
 * UTF-16 units, `normalForm`, one of Unicode's, and `distinctBy`, a field in which no two items of
 * a list may be the same.
 */
export type Schema = {
  type?: string
  description?: string
  const?: string | number | true
  enum?: readonly string[]
  minimum?: number
  maximum?: number
  pattern?: string
  minLength?: number
  maxLength?: number
  utf16Max?: number
  normalForm?: 'NFC'
  items?: Schema
  minItems?: number
  maxItems?: number
  distinctBy?: string
  properties?: Readonly<Record<string, Schema>>
  required?: readonly string[]
  additionalProperties?: Schema
  propertyNames?: Schema
  oneOf?: readonly Schema[]
}
export type Field<Value> = {
  schema: Schema
  /** Null: no such value. */
  read(value: unknown): Value | null
  /** What stands in the JSON; absent: the value itself. */
  write?(value: Value): unknown
  isOptional?: true
  /** `of`: the first version of the record whose readers know such a value; absent: 1. */
  versions?: { newest: number; of(value: unknown): number }
  /** Its fields stand beside those of the record, after `v`. */
  isFlat?: true
}
export type Fields = Readonly<Record<string, Field<unknown>>>
export type Wire = Readonly<Record<string, unknown>>

type ValueOf<One> = One extends Field<infer Value> ? Value : never
type Optional<F extends Fields> = {
  [Name in keyof F]: F[Name] extends { isOptional: true } ? Name : never
}[keyof F]
type Flat<T> = { [Name in keyof T]: T[Name] }
/** The type of an object with these fields. */
export type Values<F extends Fields> = Flat<
  { [Name in Exclude<keyof F, Optional<F>>]: ValueOf<F[Name]> } & {
    [Name in Optional<F>]?: ValueOf<F[Name]>
  }
>

/** What SQL and UTF-8 give back unchanged: no NUL, no half of a surrogate pair. */
export const textPattern = '^[^\\u0000\\ud800-\\udfff]*$'
/** As `formatInstant` writes times. */
export const instantPattern = '^(\\d{4}|[+-]\\d{6})-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$'
export const identifierUnitsMax = 300

export function like(pattern: string, description: string): Field<string> {
  const shape = new RegExp(pattern)
  return {
    schema: { type: 'string', pattern, description },
    read: (value) => (typeof value === 'string' && shape.test(value) ? value : null),
  }
}

/** 1 to `max` Unicode code points, as JSON Schema counts. */
export function text(max: number, description: string): Field<string> {
  return {
    schema: { type: 'string', minLength: 1, maxLength: max, pattern: textPattern, description },
    read: (value) => {
      if (!isText(value) || value === '') return null
      return value.length <= max || Array.from(value).length <= max ? value : null
    },
  }
}

/** Of any length, empty as well. */
export function anyText(description: string): Field<string> {
  return {
    schema: { type: 'string', pattern: textPattern, description },
    read: (value) => (isText(value) ? value : null),
  }
}

/** Command ids and operators: any text of a sane length. */
export function identifier(description: string): Field<string> {
  const { schema } = text(identifierUnitsMax, description)
  return {
    schema: { ...schema, utf16Max: identifierUnitsMax },
    read: (value) => (isIdentifier(value) ? value : null),
  }
}

export function isIdentifier(value: unknown): value is string {
  return isText(value) && value !== '' && value.length <= identifierUnitsMax
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0')
}

/** Milliseconds UTC; a text in the JSON. */
export function instant(description: string): Field<number> {
  return {
    schema: { type: 'string', pattern: instantPattern, description },
    read: parseExactInstant,
    write: formatInstant,
  }
}

/** A whole number of at least 0; not -0, which is written as 0. */
export function whole(max: number, description: string): Field<number> {
  return integer(0, max, description)
}

/** A whole number of at least 1. */
export function count(max: number, description: string): Field<number> {
  return integer(1, max, description)
}

function integer(min: number, max: number, description: string): Field<number> {
  return {
    schema: { type: 'integer', minimum: min, maximum: max, description },
    read: (value) => {
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) return null
      return value >= min && value <= max && !Object.is(value, -0) ? value : null
    },
  }
}

export function flag(description: string): Field<boolean> {
  return {
    schema: { type: 'boolean', description },
    read: (value) => (typeof value === 'boolean' ? value : null),
  }
}

export function oneOf<const Value extends string>(
  values: readonly Value[],
  description: string,
): Field<Value> {
  return {
    schema: { type: 'string', enum: values, description },
    read: (value) => values.find((one) => one === value) ?? null,
  }
}

export function literal<const Value extends string | number>(
  value: Value,
  description: string,
): Field<Value> {
  return {
    schema: { type: typeof value === 'number' ? 'integer' : 'string', const: value, description },
    read: (given) => (given === value ? value : null),
  }
}

/** True; where it is not, the field is absent. */
export function always(description: string): Field<true> {
  return {
    schema: { type: 'boolean', const: true, description },
    read: (given) => (given === true ? given : null),
  }
}

export function optional<Value>(field: Field<Value>): Field<Value> & { isOptional: true } {
  return { ...field, isOptional: true }
}

/** What it has beside these fields is dropped. */
export function object<F extends Fields>(fields: F, description?: string): Field<Values<F>> {
  const parts = partsOf(fields)
  return {
    schema: objectSchema(fields, description),
    read: (value) => (isObject(value) ? (readInto({}, parts, value) as Values<F> | null) : null),
    write: (value) => writeInto({}, parts, value),
  }
}

/** An object whose fields stand in the record itself. */
export function flat<F extends Fields>(fields: F): Field<Values<F>> & { isFlat: true } {
  return { ...object(fields), isFlat: true }
}

export function isObject(value: unknown): value is Wire {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A field with its name; all of one shape, because every record passes through the loops below. */
export type Part = {
  name: string
  read(value: unknown): unknown
  write: ((value: unknown) => unknown) | null
  versions: { newest: number; of(value: unknown): number } | null
  isOptional: boolean
  isFlat: boolean
}

export function partsOf(fields: Fields): Part[] {
  return Object.entries(fields).map(([name, field]) => ({
    name,
    read: field.read,
    write: field.write ?? null,
    versions: field.versions ?? null,
    isOptional: field.isOptional === true,
    isFlat: field.isFlat === true,
  }))
}

/** Null: a field is missing, or is not what it must be. */
export function readInto(
  into: Record<string, unknown>,
  parts: readonly Part[],
  wire: Wire,
): Record<string, unknown> | null {
  for (const { name, read, isOptional, isFlat } of parts) {
    const given = isFlat ? wire : wire[name]
    if (given === undefined && isOptional) continue
    const value = read(given)
    if (value === null) return null
    into[name] = value
  }
  return into
}

/** In the order of the declaration, whatever order the values are in. */
export function writeInto(
  into: Record<string, unknown>,
  parts: readonly Part[],
  values: Wire,
): Record<string, unknown> {
  for (const { name, write } of parts) {
    const value = values[name]
    if (value !== undefined) into[name] = write === null ? value : write(value)
  }
  return into
}

export function objectSchema(fields: Fields, description: string | undefined): Schema {
  const properties: Record<string, Schema> = {}
  const required: string[] = []
  for (const [name, { schema, isOptional, isFlat }] of Object.entries(fields)) {
    Object.assign(properties, isFlat === true ? schema.properties : { [name]: schema })
    if (isFlat === true) required.push(...(schema.required ?? []))
    else if (isOptional !== true) required.push(name)
  }
  const says = description === undefined ? {} : { description }
  return { type: 'object', properties, required, ...says }
}

/** An object of the first of these kinds that fits. */
export function either<F extends Fields>(
  kinds: readonly F[],
  description: string,
): Field<F extends Fields ? Values<F> : never> {
  const objects = kinds.map((fields) => object(fields))
  const parts = partsOf(Object.assign({}, ...kinds))
  return {
    schema: { type: 'object', description, oneOf: objects.map(({ schema }) => schema) },
    read: (value) => {
      for (const { read } of objects) {
        const found = read(value)
        if (found !== null) return found as F extends Fields ? Values<F> : never
      }
      return null
    },
    write: (value) => writeInto({}, parts, value),
  }
}

/** 1 to `max` objects, no two of them the same in the field `distinctBy`. */
export function list<F extends Fields>(
  fields: F,
  limits: { max: number; distinctBy: keyof F & string; description: string },
): Field<readonly Values<F>[]> {
  const { max, distinctBy, description } = limits
  const item = object(fields)
  return {
    schema: {
      type: 'array',
      items: item.schema,
      minItems: 1,
      maxItems: max,
      distinctBy,
      description,
    },
    read: (value) => {
      if (!Array.isArray(value) || value.length === 0 || value.length > max) return null
      const items: Values<F>[] = []
      const seen = new Set<unknown>()
      for (const one of value as unknown[]) {
        const read = item.read(one)
        if (read === null) return null
        items.push(read)
        seen.add((read as Wire)[distinctBy])
      }
      return seen.size === items.length ? items : null
    },
    write: (items) => items.map((one) => item.write?.(one)),
  }
}

/** 1 to `max` texts. */
export function textList(
  one: Field<string>,
  limits: { max: number; description: string },
): Field<readonly string[]> {
  const { max, description } = limits
  return {
    schema: { type: 'array', items: one.schema, minItems: 1, maxItems: max, description },
    read: (value) => {
      if (!Array.isArray(value) || value.length === 0 || value.length > max) return null
      const items = (value as unknown[]).map((item) => one.read(item))
      return items.every((item) => item !== null) ? items : null
    },
  }
}

/** An object of any names, each with a text. */
export function texts(description: string): Field<Readonly<Record<string, string>>> {
  const { read, schema: one } = anyText('')
  const { description: _, ...schema } = one
  return {
    schema: { type: 'object', additionalProperties: schema, propertyNames: schema, description },
    read: (value) => {
      if (!isObject(value)) return null
      const all = Object.entries(value)
      if (all.some((pair) => pair.some((part) => read(part) === null))) return null
      return Object.fromEntries(all) as Record<string, string>
    },
  }
}
