// The records of the dead letters' topic, from bytes. Whatever `burialEntry` writes is read: a
// burial that nobody understands would be buried itself.

import {
  type Decoded,
  decodeWith,
  isIdentifier,
  isLike,
  isObject,
  isWhole,
  type Readers,
  type Wire,
} from '../wire.ts'
import {
  type DeadLetterBuried,
  type DeadLetterCommand,
  type DeadLetterMessage,
  deadLetterId,
} from './dead-letter.ts'
import type { Origin } from './retries.ts'

/** Consumer, topic, partition and offset: see `deadLetterId`. */
export const deadLetterIdPattern = '^[a-z-]{1,32}\\.[A-Za-z0-9._-]{1,249}\\.\\d{1,10}\\.\\d{1,16}$'
export const consumerPattern = '^[a-z-]{1,32}$'

export function decodeDeadLetterMessage(value: Buffer): Decoded<DeadLetterMessage> {
  return decodeWith(value, readers)
}

const idShape = new RegExp(deadLetterIdPattern)
const consumerShape = new RegExp(consumerPattern)
const topicShape = /^[A-Za-z0-9._-]{1,249}$/
const base64Shape = /^[A-Za-z0-9+/]*={0,2}$/

const readers: Readers<DeadLetterMessage> = new Map<
  string,
  (wire: Wire) => DeadLetterMessage | null
>([
  ['dead_letter.buried', readBuried],
  ['dead_letter.redriven', (wire) => readCommand('dead_letter.redriven', wire)],
  ['dead_letter.discarded', (wire) => readCommand('dead_letter.discarded', wire)],
])

function readBuried(wire: Wire): DeadLetterBuried | null {
  const { deadLetterId: id, consumer, key, value, reason } = wire
  const { attempts, redrivable, redrives } = wire
  const origin = readOrigin(wire.origin)
  const headers = readHeaders(wire.headers)
  if (origin === null || headers === null || !isLike(consumer, consumerShape)) return null
  if (!isLike(id, idShape) || id !== deadLetterId(consumer, origin)) return null
  if (!isPlain(key) || !isPlain(reason) || !isLike(value, base64Shape)) return null
  if (!isWhole(attempts, countMax) || !isWhole(redrives, countMax)) return null
  if (typeof redrivable !== 'boolean') return null
  return {
    type: 'dead_letter.buried',
    deadLetterId: id,
    consumer,
    origin,
    key,
    value,
    headers,
    reason,
    attempts,
    redrivable,
    redrives,
  }
}

const countMax = 1_000_000

function readCommand(type: DeadLetterCommand['type'], wire: Wire): DeadLetterCommand | null {
  const { deadLetterId: id, by, commandId } = wire
  if (!isLike(id, idShape) || !isIdentifier(by) || !isIdentifier(commandId)) return null
  return { type, deadLetterId: id, by, commandId }
}

function readOrigin(wire: unknown): Origin | null {
  if (!isObject(wire)) return null
  const { topic, partition, offset, appendedAt } = wire
  if (!isLike(topic, topicShape)) return null
  if (!isWhole(partition, 2_147_483_647) || !isWhole(offset, Number.MAX_SAFE_INTEGER)) return null
  if (!isWhole(appendedAt, Number.MAX_SAFE_INTEGER)) return null
  return { topic, partition, offset, appendedAt }
}

function readHeaders(wire: unknown): Record<string, string> | null {
  if (!isObject(wire)) return null
  const headers = Object.entries(wire)
  if (!headers.every(([name, value]) => isPlain(name) && isPlain(value))) return null
  return Object.fromEntries(headers) as Record<string, string>
}

/** Of any length: empty as well. */
function isPlain(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0')
}
