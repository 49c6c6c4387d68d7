// Reads a leaf from its line, strictly: its number, its one spelling, the fields of its kind and no
// others. What does not fit is said, because somebody reads it who trusts nobody.

import { quantityMax } from '../coupons/quantity.ts'
import { parseExactInstant } from '../time.ts'
import { parseCanonical } from './canonical-json.ts'
import { type Told, told } from './told.ts'
import { whoPattern } from './who.ts'

export const outcomes = [
  ...(['issued', 'already_issued', 'closed', 'not_open', 'paused'] as const),
  ...(['not_eligible', 'sold_out'] as const),
] as const
export type LeafOutcome = (typeof outcomes)[number]

type Times = { opensAt?: number; closesAt?: number }
/** Times are ms UTC. */
export type Leaf = { n: number; at: number } & (
  | ({ kind: 'created'; name: string; quantity: number; hasAudience: boolean } & Times)
  | { kind: 'claim'; who: string; outcome: LeafOutcome; slot?: number }
  | { kind: 'restocked'; add: number }
  | { kind: 'paused' | 'resumed' | 'closed' }
  | ({ kind: 'edited'; name?: string } & Times)
  | { kind: 'revoked'; who?: string }
  | { kind: 'ignored'; ignored: string }
)
export type LeafFault = { fault: Told }

/** Whether a value is one that this field may have. */
type Check = (value: unknown) => boolean
type Shape = { must: Readonly<Record<string, Check>>; may?: Readonly<Record<string, Check>> }

const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 1
const isWhole: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const isQuantity: Check = (value) => isCount(value) && (value as number) <= quantityMax
const isText: Check = (value) => typeof value === 'string' && value !== ''
const isTime: Check = (value) => parseExactInstant(value) !== null
const isObject: Check = (value) => typeof value === 'object' && value !== null
const isTrue: Check = (value) => value === true
const whoShape = new RegExp(whoPattern)
const isWho: Check = (value) => typeof value === 'string' && whoShape.test(value)
const isOutcome: Check = (value) => outcomes.some((outcome) => outcome === value)
/** The rules of which this program knows what they decide. */
const isRules: Check = (value) => value === 1 || value === 2

const shapes: Readonly<Record<string, Shape>> = {
  created: {
    must: { rules: isRules, name: isText, quantity: isQuantity },
    may: {
      discount: isObject,
      opensAt: isTime,
      closesAt: isTime,
      minimum: isWhole,
      validUntil: isTime,
      validDays: isCount,
      audience: isObject,
    },
  },
  claim: { must: { who: isWho, outcome: isOutcome }, may: { slot: isCount } },
  restocked: { must: { add: isQuantity } },
  paused: { must: {} },
  resumed: { must: {} },
  closed: { must: {} },
  edited: { must: {}, may: { name: isText, opensAt: isTime, closesAt: isTime } },
  revoked: { must: {}, may: { who: isWho, all: isTrue } },
}

/** `line` without its line end; `n` is the number that it must have. */
export function readLeaf(line: string, n: number): Leaf | LeafFault {
  const value = parseCanonical(line)
  if (!isObject(value) || Array.isArray(value)) return { fault: told('notCanonical') }
  const { n: number, at: time, kind, ...own } = value as Readonly<Record<string, unknown>>
  if (number !== n) return { fault: told('otherNumber', { number: String(number) }) }
  const at = parseExactInstant(time)
  if (at === null) return { fault: told('noTime') }
  const shape = typeof kind === 'string' && Object.hasOwn(shapes, kind) ? shapes[kind] : undefined
  if (shape === undefined) return { fault: told('unknownKind') }
  if (kind !== 'claim' && own.ignored === true && Object.keys(own).length === 1) {
    return { n, at, kind: 'ignored', ignored: kind as string }
  }
  const wrong = wrongField(own, shape) ?? wrongTogether(kind as string, own)
  if (wrong !== null) return { fault: wrong }
  return { n, at, kind, ...valuesOf(own) } as Leaf
}

function wrongField(own: Readonly<Record<string, unknown>>, { must, may = {} }: Shape) {
  for (const [name, holds] of Object.entries(must)) {
    if (!holds(own[name])) return told('invalidField', { field: name })
  }
  for (const [name, value] of Object.entries(own)) {
    if (Object.hasOwn(must, name)) continue
    const holds = Object.hasOwn(may, name) ? may[name] : undefined
    if (holds?.(value) !== true) return told('foreignField', { field: name })
  }
  return null
}

/** What fields must be together. */
function wrongTogether(kind: string, own: Readonly<Record<string, unknown>>): Told | null {
  if (kind === 'claim') {
    const hasSlot = own.outcome === 'issued' || own.outcome === 'already_issued'
    if (hasSlot !== (own.slot !== undefined)) return told('slotAmiss')
  }
  if (kind === 'edited' && Object.keys(own).length === 0) return told('editsNothing')
  if (kind === 'revoked' && Object.keys(own).length !== 1) return told('revokesNeither')
  return null
}

/** With times as numbers, and of the terms that decide nothing only whether there are any. */
function valuesOf(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  // By far the most of them.
  if (fields.outcome !== undefined) return fields
  const { opensAt, closesAt, audience, ...own } = fields
  return {
    ...own,
    hasAudience: audience !== undefined,
    ...(opensAt === undefined ? {} : { opensAt: parseExactInstant(opensAt) }),
    ...(closesAt === undefined ? {} : { closesAt: parseExactInstant(closesAt) }),
  }
}
