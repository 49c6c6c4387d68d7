// A type of record as docs/messages.md shows it and as the tests check it: what the domain
// declares of it, the JSON Schema and the rules that follow, and the domain's reading and writing.

import { Ajv2020 } from 'ajv/dist/2020.js'
import { couponEventsTopic } from '../../src/domain/coupons/messages.ts'
import { objectSchema, type Schema, type Wire } from '../../src/domain/field.ts'
import { idFieldOf, schemaOf, type Topic } from '../../src/domain/record.ts'
import { type Entry, exampleOf, rewritten } from './examples.ts'
import { type Rule, rulesOf } from './rules.ts'

export type RecordType = {
  type: string
  topic: Topic
  declared: Topic['records'][string]
  schema: Schema
  rules: readonly Rule[]
  /** Template over the fields: `order.placed/{orderId}`. */
  eventId: string
  /** By the domain's own encoder. */
  example: Entry
  /**
   * As the domain reads it and writes it again. Null: no reader of ours would take it. Undefined:
   * nobody here reads the type.
   */
  again: ((value: Buffer) => Entry | null) | undefined
}

export function recordTypes(topic: Topic): RecordType[] {
  return Object.entries(topic.records).map(([type, declared]) => {
    // Only of coupon events type and version stand in the headers alone.
    const isBare = topic.topic === couponEventsTopic
    const schema = isBare ? objectSchema(declared.fields, declared.says) : schemaOf(type, declared)
    const idField = idFieldOf(declared)
    return {
      type,
      topic,
      declared,
      schema,
      rules: isBare ? [] : rulesOf(type, declared, schema),
      eventId: `${type}/{${topic.key}}${idField === null ? '' : `/{${idField}}`}`,
      example: exampleOf(topic.topic, type),
      again: isBare ? undefined : (value) => rewritten(topic.topic, value),
    }
  })
}

const ajv = new Ajv2020({ strict: true })
ajv.addVocabulary(['utf16Max', 'normalForm', 'distinctBy'])

export function isValid({ schema, rules }: Pick<RecordType, 'schema' | 'rules'>, wire: unknown) {
  return ajv.validate(schema, wire) && rules.every(({ holds }) => holds(wire as Wire))
}

/** The name `order.placed/{orderId}` with the fields of a record in it. */
export function filled(template: string, wire: Wire): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, field: string) => String(wire[field]))
}
