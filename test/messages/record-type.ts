// What docs/messages.md says of a type of record, in one value: its JSON Schema, the rules that no
// JSON Schema can say, and the domain's own reading and writing. Nothing at runtime uses it: the
// decoders of src/domain are what counts, and messages.test.ts holds the two against each other.

import { Ajv2020 } from 'ajv/dist/2020.js'

export type Wire = Record<string, unknown>
/** The part of JSON Schema that the records need. */
export type Schema = {
  type?: string
  description?: string
  const?: string | number | boolean
  enum?: (string | number)[]
  minimum?: number
  maximum?: number
  pattern?: string
  minLength?: number
  maxLength?: number
  items?: Schema
  minItems?: number
  maxItems?: number
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema
  propertyNames?: Schema
  oneOf?: Schema[]
}
/** `mend`: what keeps it, made from what keeps the schema; tests generate records with it. */
export type Rule = {
  says: string
  holds(wire: Wire): boolean
  mend(wire: Wire): Wire
}
export type Entry = { key: string; value: Buffer; headers?: Readonly<Record<string, string>> }
export type RecordType = {
  /** Its description is the first that the page says of the type. */
  schema: Schema
  rules: readonly Rule[]
  /** Who writes it; `ce_source` is `/firstcome/` and this, where the record has headers. */
  writer: string
  key: string
  /** Templates over the fields: `order.placed/{orderId}`; null: a record without headers. */
  eventId: string | null
  /** By the domain's own encoder. */
  example: Entry
  /**
   * As the domain reads it and writes it again. Null: no reader of ours would take it. Undefined:
   * nobody here reads the type.
   */
  again: ((value: Buffer) => Entry | null) | undefined
}
export type TopicPage = {
  topic: string
  /** Paragraphs of Markdown. */
  about: readonly string[]
  types: readonly RecordType[]
}

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true })

export function isValid({ schema, rules }: Pick<RecordType, 'schema' | 'rules'>, wire: unknown) {
  return ajv.validate(schema, wire) && rules.every(({ holds }) => holds(wire as Wire))
}

export function typeOf({ schema }: RecordType): string {
  return String(schema.properties?.type?.const ?? 'coupon.issued')
}

/** The name `order.placed/{orderId}` with the fields of a record in it. */
export function filled(template: string, wire: Wire): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, field: string) => String(wire[field]))
}
