// Gives every schema with a title a place of its own in the OpenAPI document. Generators of clients
// make a type of each, under its name; of what stands inline they make up names, and where one of
// several kinds is told by a field, they send the made-up name in it.

import assert from 'node:assert/strict'
import { isObject } from '../../domain/field.ts'

type Schema = Record<string, unknown>
export type Components = { schemas?: Record<string, Schema> }

/** Changes the document: titled schemas become components, and what told them apart names them. */
export function nameSchemas(document: { components?: Components; paths?: object }): void {
  const components = (document.components ??= {})
  const named: Record<string, Schema> = {}
  for (const [name, schema] of Object.entries(components.schemas ?? {})) {
    named[name] = fieldsOf(schema, (field) => hoisted(field, named))
  }
  components.schemas = named
  document.paths = fieldsOf((document.paths ?? {}) as Schema, (field) => hoisted(field, named))
  for (const schema of Object.values(named)) addMapping(schema, named)
}

/** The value itself, or a reference to where it stands now. */
function hoisted(value: unknown, named: Record<string, Schema>): unknown {
  if (Array.isArray(value)) return value.map((item) => hoisted(item, named))
  if (!isObject(value)) return value
  const { title, ...rest } = value
  const inner = fieldsOf(rest, (field) => hoisted(field, named))
  // A property may be called so as well.
  if (typeof title !== 'string') return title === undefined ? inner : { title, ...inner }
  const known = named[title]
  assert(known === undefined || same(known, inner), `two schemas are called ${title}`)
  named[title] = inner
  return { $ref: placeOf(title) }
}

function fieldsOf(value: Schema, change: (field: unknown) => unknown): Schema {
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, change(field)]))
}

/** Which value of the telling field means which of the kinds. */
function addMapping(schema: Schema, named: Record<string, Schema>): void {
  const { discriminator, oneOf } = schema
  if (!isObject(discriminator) || !Array.isArray(oneOf)) return
  const field = String(discriminator.propertyName)
  const refs = (oneOf as { $ref: string }[]).map(({ $ref }) => $ref)
  const mapping = refs.map((ref) => {
    const kind = named[ref.slice(placeOf('').length)] as Kind
    return [kind.properties[field]?.const, ref]
  })
  schema.discriminator = { ...discriminator, mapping: Object.fromEntries(mapping) as object }
}

type Kind = { properties: Record<string, { const?: string }> }

function placeOf(name: string): string {
  return `#/components/schemas/${name}`
}

function same(one: Schema, other: Schema): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
