// Records by their schemas: any that keeps one, and those that break it in one place, by one.

import * as fc from 'fast-check'
import { instantPattern, type Schema, textPattern, type Wire } from '../../src/domain/field.ts'
import type { RecordType } from './record-type.ts'

/** The field, what is done to it, and whether no reader may take the record then. */
export type Change = { what: string; wire: Wire; isWrong: boolean }
type Put = { what: string; value: unknown; isWrong: boolean }

export function anyRecord({ schema, rules }: RecordType): fc.Arbitrary<Wire> {
  return anyOf(schema).map((wire) => rules.reduce((it, rule) => rule.mend(it), wire as Wire))
}

/** Of a record that keeps the schema, one change for each way in which each field can be wrong. */
export function changesOf(schema: Schema, wire: Wire): Change[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const { [name]: value, ...without } = wire
    const isRequired = (schema.required ?? []).includes(name)
    const missing = { what: `${name} is missing`, wire: without, isWrong: isRequired }
    const puts = value === undefined ? strangers(field) : putsOf(field, value)
    const changed = puts.map(({ what, value: put, isWrong }) => {
      return { what: `${name} ${what}`, wire: { ...wire, [name]: put }, isWrong }
    })
    return [missing, ...changed]
  })
}

function anyOf(schema: Schema): fc.Arbitrary<unknown> {
  const { oneOf, items, minItems = 0, maxItems = 0 } = schema
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (oneOf !== undefined) return fc.oneof(...oneOf.map(anyOf))
  switch (schema.type) {
    case 'integer':
      return anyInteger(schema.minimum ?? 0, schema.maximum ?? 0)
    case 'boolean':
      return fc.boolean()
    case 'array':
      return fc.array(anyOf(items ?? {}), { minLength: minItems, maxLength: maxItems })
    case 'object':
      return anyObject(schema)
    case 'string':
      return anyString(schema)
    default:
      throw new Error(`no values for ${JSON.stringify(schema)}`)
  }
}

function anyInteger(min: number, max: number): fc.Arbitrary<number> {
  return fc.oneof(
    fc.constantFrom(min, max),
    fc.maxSafeNat().map((n) => min + (n % (max - min + 1))),
  )
}

function anyObject({ properties, required, additionalProperties }: Schema): fc.Arbitrary<object> {
  if (properties === undefined) {
    const any = anyOf(additionalProperties ?? {})
    return fc.dictionary(anyText(0, 8), any as fc.Arbitrary<string>, {
      maxKeys: 4,
      noNullPrototype: true,
    })
  }
  const fields = Object.entries(properties).map(([name, field]) => [name, anyOf(field)] as const)
  return fc.record(Object.fromEntries(fields), {
    requiredKeys: [...(required ?? [])],
    noNullPrototype: true,
  })
}

function anyString({ pattern, minLength = 0, maxLength = 300 }: Schema): fc.Arbitrary<string> {
  if (pattern === instantPattern) return anyInstant()
  if (pattern === undefined || pattern === textPattern) return anyText(minLength, maxLength)
  return fc.stringMatching(new RegExp(pattern))
}

function anyInstant(): fc.Arbitrary<string> {
  const wide = fc.date({ noInvalidDate: true })
  const near = fc.date({
    noInvalidDate: true,
    min: new Date('2026-01-01T00:00:00.000Z'),
    max: new Date('2026-01-01T00:00:00.009Z'),
  })
  return fc.oneof(wide, near).map((date) => date.toISOString())
}

function anyText(minLength: number, maxLength: number): fc.Arbitrary<string> {
  const any = fc.string({ unit: 'binary', minLength, maxLength })
  const longest = fc.constantFrom('🎟', 'x').map((it) => it.repeat(maxLength))
  return fc.oneof({ weight: 5, arbitrary: any }, longest).map((it) => it.replaceAll('\0', '0'))
}

function putsOf(field: Schema, value: unknown): Put[] {
  return [...strangers(field), ...beyond(field, value), ...within(field, value)]
}

/** Values of other types; some may be right by chance. */
function strangers(field: Schema): Put[] {
  return [null, true, 0, -1, 1.5, 'x', '7', '', [], {}].map((value) => {
    const isWrong = typeof value !== typesOf[field.type ?? '']
    return {
      what: `is ${JSON.stringify(value)}`,
      value,
      isWrong: isWrong && field.const === undefined,
    }
  })
}

const typesOf: Readonly<Record<string, string>> = {
  integer: 'number',
  string: 'string',
  boolean: 'boolean',
  array: 'object',
  object: 'object',
}

/** One beyond each limit, which is wrong, and at each limit, which may break only a rule. */
function beyond(field: Schema, value: unknown): Put[] {
  if (field.const !== undefined) {
    const other = typeof field.const === 'number' ? field.const + 1 : `${field.const}x`
    return [wrong('is another', other)]
  }
  if (field.enum !== undefined) return [wrong('is none of them', `${field.enum[0]}x`)]
  if (field.type === 'integer') return integersBeyond(field)
  if (field.type === 'string') return stringsBeyond(field, String(value))
  if (field.type === 'array') return listsBeyond(field, value as Wire[])
  return []
}

function integersBeyond({ minimum = 0, maximum = 0 }: Schema): Put[] {
  return [
    wrong('is below its minimum', minimum - 1),
    wrong('is above its maximum', maximum + 1),
    wrong('is no whole number', minimum + 0.5),
    { what: 'is its minimum', value: minimum, isWrong: false },
    { what: 'is its maximum', value: maximum, isWrong: false },
  ]
}

/** Far above every limit of a pattern; what is longer has none. */
const patternCharactersMax = 400

function stringsBeyond({ pattern, minLength = 0, maxLength }: Schema, value: string): Put[] {
  const puts = [wrong('ends in NUL', `${value}\0`), wrong('ends in half a pair', `${value}\ud800`)]
  if (minLength > 0) puts.push(wrong('is empty', ''))
  if (maxLength !== undefined) {
    puts.push({ what: 'is as long as may be', value: 'x'.repeat(maxLength), isWrong: false })
    puts.push(wrong('is too long', 'x'.repeat(maxLength + 1)))
  }
  if (pattern === undefined || pattern === textPattern) return puts
  puts.push(wrong('has a line break', `${value}\n`))
  const shape = new RegExp(pattern, 'u')
  const one = value === '' ? 'x' : value.slice(0, 1)
  let longer = value
  while (shape.test(longer) && longer.length <= patternCharactersMax) longer = one + longer
  if (!shape.test(longer)) puts.push(wrong('is one too long', longer))
  return puts
}

function listsBeyond({ minItems = 0, maxItems = 0 }: Schema, list: readonly Wire[]): Put[] {
  const of = (length: number) =>
    Array.from({ length }, (_, n) => ({ ...list[0], productId: `product-${n}` }))
  return [
    wrong('has too few', of(minItems - 1)),
    wrong('has too many', of(maxItems + 1)),
    { what: 'has as many as may be', value: of(maxItems), isWrong: false },
    { what: 'has one twice', value: [...list, list[0]], isWrong: false },
  ]
}

/** Changes within an object, an item of a list, or one of several kinds of object. */
function within(field: Schema, value: unknown): Put[] {
  if (field.items !== undefined) {
    const [first, ...others] = value as Wire[]
    return first === undefined ? [] : changesWithin(field.items, first, (it) => [it, ...others])
  }
  const { kind } = value as { kind?: unknown }
  const variant = field.oneOf?.find(({ properties }) => properties?.kind?.const === kind)
  if (variant !== undefined) return changesWithin(variant, value as Wire, (it) => it)
  return changesWithin(field, value as Wire, (it) => it)
}

function changesWithin(schema: Schema, inner: Wire, put: (it: Wire) => unknown): Put[] {
  return changesOf(schema, inner).map(({ what, wire, isWrong }) => {
    return { what: `with ${what}`, value: put(wire), isWrong }
  })
}

function wrong(what: string, value: unknown): Put {
  return { what, value, isWrong: true }
}
